"""A channel and a store that fail when they are told to, in every way that matters."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from bot.alerts import Unsent
from bot.core.alerts.incident import Alerts, Incident
from bot.core.record import Shelf
from bot.core.report import Report
from bot.errors import ClusterError
from bot.unkept import Unkept

T = TypeVar("T")


class Killed(BaseException):
    """The process is gone between two steps: nothing of ours catches it."""


@dataclass
class Said:
    """One message: what it carries, its kind, what it says, how often it was edited."""

    mark: str
    kind: str
    incidents: tuple[Incident, ...]
    edits: int = 0


@dataclass
class FakeChannel:
    """The Channel protocol. `away`: nothing arrives. `lost`: it arrives, and nobody hears so.

    `kill` ends the process before or after the message is there.
    """

    messages: dict[int, Said] = field(default_factory=dict)
    away: bool = False
    lost: bool = False
    kill: str = ""

    async def open(self, channel: int, incident: Incident, role: int | None) -> int:
        return self._sent(Said(incident.id, "start", (incident,)))

    async def end(self, channel: int, message: int, incident: Incident, mark: str) -> int:
        return self._sent(Said(mark, "end", (incident,)))

    async def sum_up(self, channel: int, incidents: tuple[Incident, ...], mark: str) -> int:
        return self._sent(Said(mark, "summary", incidents))

    async def edit(self, channel: int, message: int, incident: Incident) -> None:
        self._reached()
        said = self.messages[message]
        said.edits, said.incidents = said.edits + 1, (incident,)

    async def find(self, channel: int, mark: str, since: datetime) -> int | None:
        self._reached()
        return next((n for n, each in self.messages.items() if each.mark == mark), None)

    async def board(
        self, channel: int, message: int | None, report: Report, state: Alerts, mark: str
    ) -> int:
        if message is None:
            return self._sent(Said(mark, "board", ()))
        self._reached()
        self.messages[message].edits += 1
        return message

    def _reached(self) -> None:
        if self.away:
            raise Unsent("Discord is away.")

    def _sent(self, said: Said) -> int:
        self._reached()
        if self.kill == "before":
            self.kill = ""
            raise Killed
        number = len(self.messages) + 1
        self.messages[number] = said
        if self.kill == "after":
            self.kill = ""
            raise Killed
        if self.lost:
            self.lost = False
            raise Unsent("The answer was lost.")
        return number


class FakeStore(Unkept):
    """A store that can be away."""

    away = False

    async def read(self, shelf: Shelf[T]) -> T | None:
        if self.away:
            raise ClusterError("The API server is away.")
        return await super().read(shelf)

    async def change(self, shelf: Shelf[T], change: Callable[[T | None], T]) -> T:
        if self.away:
            raise ClusterError("The API server is away.")
        return await super().change(shelf, change)
