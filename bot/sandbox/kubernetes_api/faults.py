"""Ways in which an API server fails its readers, switched on and off while it runs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields

from bot.sandbox.kubernetes_api.status import ApiError


@dataclass(slots=True)
class Faults:
    """The faults that are switched on; by default none.

    plurals: Only requests for these resources suffer; None means every request, discovery too.
    verbs: Only these verbs suffer (`get`, `list`, `watch`); None means all.
    delay: Seconds before every answer.
    hang: Never answer; the connection stays open until the client or the server closes it.
    status: Answer with this code and a `Status` body.
    retry_after: Seconds in the Retry-After header that goes with `status`.
    silent_watches: A half-open connection: a new watch gets no byte, not even headers, and an open
        one gets nothing more. Such a watch stays silent when the fault is cleared.
    truncate: Close the connection in the middle of a body, or of an event of a watch.
    """

    plurals: frozenset[str] | None = None
    verbs: frozenset[str] | None = None
    delay: float = 0.0
    hang: bool = False
    status: int | None = None
    retry_after: int | None = None
    silent_watches: bool = False
    truncate: bool = False

    def clear(self) -> None:
        """Switch all faults off."""
        for field in fields(self):
            setattr(self, field.name, field.default)

    def concern(self, verb: str, plural: str) -> bool:
        """Whether a request suffers at all; `plural` is empty for discovery."""
        return (self.plurals is None or plural in self.plurals) and (
            self.verbs is None or verb in self.verbs
        )

    async def before_answer(self, verb: str, plural: str) -> None:
        """Delay, hang or fail, as far as that concerns a request.

        Raises:
            ApiError: The code in `status`.
        """
        if not self.concern(verb, plural):
            return
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.hang or (self.silent_watches and verb == "watch"):
            await never()
        if self.status is not None:
            raise ApiError(self.status, retry_after=self.retry_after)


async def never() -> None:
    """Wait until cancelled, which happens when the client leaves or the server shuts down."""
    await asyncio.Event().wait()
