"""A channel and a store that fail when they are told to, in every way that matters."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from bot.alerting.delivery import ChannelUnavailable, NoThread
from bot.alerting.domain.actions import Tell
from bot.alerting.domain.incident import Alerts, Incident, Moment
from bot.chat.channel import Unsent
from bot.domain.record import Shelf
from bot.domain.report import Report
from bot.errors import ClusterError
from bot.runtime.memory_store import Unkept

T = TypeVar("T")


class Killed(BaseException):
    """The process is gone between two steps: nothing of ours catches it."""


@dataclass
class Said:
    """One message: what it carries, its kind, where, what it says, how often it was edited."""

    mark: str
    kind: str
    channel: int
    incidents: tuple[Incident, ...]
    edits: int = 0
    lines: tuple[Moment, ...] = ()
    role: int | None = None


@dataclass
class FakeChannel:
    """The Channel protocol. `away`: nothing arrives. `lost`: it arrives, and nobody hears so.

    `kill` ends the process before or after the message is there. `closed` channels take nothing,
    `threadless` ones have no threads.
    """

    messages: dict[int, Said] = field(default_factory=dict)
    away: bool = False
    lost: bool = False
    kill: str = ""
    closed: set[int] = field(default_factory=set)
    threadless: set[int] = field(default_factory=set)
    complaints: list[int] = field(default_factory=list)

    async def open(self, channel: int, incident: Incident, role: int | None) -> int:
        return self._sent(Said(incident.id, "start", channel, (incident,), role=role))

    async def tell(self, message: int, act: Tell, since: datetime | None) -> int:
        self._reached(act.channel)
        if act.channel in self.threadless:
            raise NoThread("There are none here.")
        if since and (found := await self.find(act.channel, act.mark, since)):
            return found
        return self._sent(
            Said(act.mark, "line", act.channel, (act.incident,), lines=act.lines, role=act.role)
        )

    async def end(self, channel: int, message: int, incident: Incident, mark: str) -> int:
        return self._sent(Said(mark, "end", channel, (incident,)))

    async def sum_up(self, channel: int, incidents: tuple[Incident, ...], mark: str) -> int:
        return self._sent(Said(mark, "summary", channel, incidents))

    async def edit(self, channel: int, message: int, incident: Incident) -> None:
        self._reached(channel)
        said = self.messages[message]
        said.edits, said.incidents = said.edits + 1, (incident,)

    async def find(self, channel: int, mark: str, since: datetime) -> int | None:
        self._reached(channel)
        return next((n for n, each in self.messages.items() if each.mark == mark), None)

    async def board(
        self, channel: int, message: int | None, report: Report, state: Alerts, mark: str
    ) -> int:
        if message is None:
            return self._sent(Said(mark, "board", channel, ()))
        self._reached(channel)
        self.messages[message].edits += 1
        return message

    async def complain(self, channel: int, lost: int, why: str) -> None:
        self._reached(channel)
        self.complaints.append(lost)

    def _reached(self, channel: int) -> None:
        if self.away:
            raise Unsent("Discord is away.")
        if channel in self.closed:
            raise ChannelUnavailable("There is no such channel.")

    def _sent(self, said: Said) -> int:
        self._reached(said.channel)
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

    async def change(self, shelf: Shelf[T], change: Callable[[T | None], T]) -> tuple[T | None, T]:
        if self.away:
            raise ClusterError("The API server is away.")
        return await super().change(shelf, change)
