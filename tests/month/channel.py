"""A channel and a store that fail when they are told to, in every way that matters."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from bot.alerting.delivery import NoThread
from bot.alerting.domain.actions import (
    BlindBoard,
    Board,
    Edit,
    End,
    OpenIncident,
    Post,
    Summary,
    Tell,
)
from bot.alerting.domain.incident import Incident, Moment
from bot.alerting.domain.outage import FoundOutage
from bot.chat.channel import ChannelUnavailable, Unsent
from bot.domain.record import RecordType
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
    blind: bool = False


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

    async def post(self, act: Post) -> int:
        match act:
            case OpenIncident(incident, channel, role):
                said = Said(act.mark, "start", channel, (incident,), role=role)
            case Tell(incident, channel):
                self._reached(channel, act)
                lines = act.lines
                said = Said(act.mark, "line", channel, (incident,), lines=lines, role=act.role)
            case End(incident, channel):
                said = Said(act.mark, "end", channel, (incident,))
            case Summary(incidents, channel):
                said = Said(act.mark, "summary", channel, incidents)
            case Board():
                said = Said(act.mark, "board", act.channel, ())
        return self._sent(said)

    async def edit(self, act: Edit | Board | BlindBoard) -> bool:
        self._reached(act.channel)
        said = self.messages[act.message]
        said.blind = isinstance(act, BlindBoard)
        said.edits += 1
        if isinstance(act, Edit):
            said.incidents = (act.incident,)
        return True

    async def find(self, act: Post, since: datetime) -> int | None:
        self._reached(act.channel, act)
        return next((n for n, each in self.messages.items() if each.mark == act.mark), None)

    async def find_outages(
        self, channel: int, stems: tuple[str, ...], since: datetime
    ) -> tuple[FoundOutage, ...]:
        self._reached(channel)
        return tuple(
            FoundOutage(each.mark, number, each.incidents[0].opened, bool(each.incidents[0].ended))
            for number, each in self.messages.items()
            if each.kind == "start" and each.mark.endswith(stems)
        )

    async def complain(self, channel: int, lost: int, why: str) -> None:
        self._reached(channel)
        self.complaints.append(lost)

    def _reached(self, channel: int, act: Post | None = None) -> None:
        if self.away:
            raise Unsent("Discord is away.")
        if channel in self.closed:
            raise ChannelUnavailable("There is no such channel.")
        if isinstance(act, Tell) and channel in self.threadless:
            raise NoThread("There are none here.")

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

    async def read(self, record_type: RecordType[T]) -> T | None:
        if self.away:
            raise ClusterError("The API server is away.")
        return await super().read(record_type)

    async def change(
        self, record_type: RecordType[T], change: Callable[[T | None], T]
    ) -> tuple[T | None, T]:
        if self.away:
            raise ClusterError("The API server is away.")
        return await super().change(record_type, change)
