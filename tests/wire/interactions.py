"""One interaction as a test follows it: when it was acknowledged, and what the answer was."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from tests.wire.messages import COMPONENTS_V2, EPHEMERAL, walk
from tests.wire.recording import Request, Upload
from tests.wire.world import Json


class Asked(IntEnum):
    """Discord's interaction types."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4


class Callback(IntEnum):
    """Discord's kinds of acknowledgement."""

    MESSAGE = 4
    THINKING = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


PROMISES = frozenset({Callback.THINKING, Callback.DEFERRED_UPDATE})
"""Acknowledgements that only promise an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person is told: the body that the bot sent, and the message that it made.

    `message` is as Discord keeps it (None for autocomplete and modals), fit for `server.click`.
    """

    request: Request
    payload: Json
    message: Json | None

    @property
    def text(self) -> str:
        """Content and every text of the components, in order."""
        shown = [self.payload.get("content") or ""]
        shown += [each.get("content", "") for each in self.components]
        return "\n".join(filter(None, shown))

    @property
    def components(self) -> list[Json]:
        """Every component, nested ones too."""
        return list(walk(self.payload.get("components")))

    @property
    def custom_ids(self) -> list[str]:
        """What can be clicked."""
        return [each["custom_id"] for each in self.components if each.get("custom_id")]

    @property
    def files(self) -> Mapping[str, bytes]:
        """Contents by file name."""
        uploads: list[Upload] = list(self.request.files.values())
        return {each.name: each.content for each in uploads}

    @property
    def choices(self) -> list[Json]:
        """Of autocomplete."""
        return self.payload.get("choices") or []

    @property
    def ephemeral(self) -> bool:
        """Whether only the asker sees it: as Discord keeps it, whatever the bot sent later."""
        return bool((self.message or self.payload).get("flags", 0) & EPHEMERAL)

    @property
    def is_components_v2(self) -> bool:
        """Whether the bot sent it as Components V2."""
        return bool((self.payload.get("flags") or 0) & COMPONENTS_V2)


@dataclass(slots=True)
class Interaction:
    """The handle of one injected interaction.

    `original` is the id of the message that acknowledgement made, or that was clicked.
    `responses` are all requests about it that Discord took, in order.
    """

    id: str
    token: str
    asked: Asked
    event: Json
    original: str | None = None
    sent_at: float = 0.0
    responses: list[Request] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    @property
    def acknowledgement(self) -> Request | None:
        """The callback; None before it."""
        return self.responses[0] if self.responses else None

    @property
    def callback(self) -> Callback | None:
        """How it was acknowledged; None before."""
        return Callback(self.responses[0].body["type"]) if self.responses else None

    @property
    def ack_latency(self) -> float:
        """Seconds from sending the event to the last byte of the callback."""
        assert self.acknowledgement, f"{self} was never acknowledged"
        return self.acknowledgement.at - self.sent_at

    async def acknowledged(self, seconds: float = 3.0) -> Request:
        """Wait for the callback."""
        await until(lambda: bool(self.responses), f"an acknowledgement of {self}", seconds)
        return self.responses[0]

    async def answer(self, seconds: float = 5.0, *, number: int = 1) -> Answer:
        """Wait for the answer: an immediate one, else the edited original or the followup.

        `number` is 2 for the second answer, and so on: an edit after a first answer counts.
        """
        what = f"answer {number} to {self}"
        await until(lambda: len(self.answers) >= number, what, seconds)
        return self.answers[number - 1]

    def __str__(self) -> str:
        data = self.event["data"]
        kind = f"{self.asked.name.lower()} {data.get('name') or data.get('custom_id')}"
        seen = ", ".join(f"{each} {each.body}" for each in self.responses) or "nothing"
        return f"{kind} (the bot sent {seen})"


async def until(holds: Callable[[], Any], what: str, seconds: float) -> None:
    """Wait until it holds; fails with what was waited for."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        await asyncio.sleep(0.005)
