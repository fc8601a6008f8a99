"""One channel and one store, processes that share them, and a clock: the world of a digest."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.chat.channel import ChannelUnavailable, Unsent
from bot.chat.lost_channels import LostChannels
from bot.digest.composer import Composer
from bot.digest.delivery import DigestDelivery
from bot.digest.domain.records import DigestSchedule
from bot.digest.domain.schedule import Timetable
from bot.digest.ports import DigestMessage, DigestOutcome
from bot.digest.service import Digests
from bot.errors import ClusterError
from bot.health.service import Health
from bot.runtime.memory_store import Unkept
from tests.builders import a_pod
from tests.fakes import FakeCluster
from tests.led import Led

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 27, 12, tzinfo=UTC)


@dataclass
class Channel:
    """Discord's side: what stands there. `trouble` is what becomes of the next request."""

    messages: dict[int, str] = field(default_factory=dict)
    letters: list[DigestMessage] = field(default_factory=list)
    edits: list[int] = field(default_factory=list)
    renewed: list[int] = field(default_factory=list)
    said: list[tuple[int, str]] = field(default_factory=list)
    trouble: str = ""
    lost: str = ""

    async def send(self, channel: int, letter: DigestMessage) -> int:
        if self.lost:
            raise ChannelUnavailable(self.lost)
        trouble, self.trouble = self.trouble, ""
        if trouble == "before":
            raise Unsent("The request was lost.")
        number = len(self.messages) + 1
        self.messages[number] = letter.mark
        self.letters.append(letter)
        if trouble == "after":
            raise Unsent("The reply was lost.")
        return number

    async def edit(self, channel: int, message: int, letter: DigestMessage) -> bool:
        if message not in self.messages:
            return False
        self.edits.append(message)
        return True

    async def renew(self, channel: int, message: int, at: datetime) -> bool:
        if self.lost:
            raise ChannelUnavailable(self.lost)
        if message not in self.messages:
            return False
        self.renewed.append(message)
        return True

    async def find(self, channel: int, mark: str, since: datetime) -> int | None:
        if self.lost:
            raise ChannelUnavailable(self.lost)
        return next((id_ for id_, sent in self.messages.items() if sent == mark), None)

    async def complain(self, channel: int, lost: int, why: str) -> None:
        self.said.append((channel, why))


class Store(Unkept):
    """Fails at the write after so many."""

    writes_left: float = float("inf")

    async def change(self, record_type: Any, change: Any) -> Any:
        if self.writes_left <= 0:
            raise ClusterError("The API server is away.")
        self.writes_left -= 1
        return await super().change(record_type, change)


def a_schedule(name: str = "daily", **told: Any) -> DigestSchedule:
    given = {"channel": 7, "when": Timetable(2, 30), "began": START, **told}
    return DigestSchedule(name=name, **given)


@dataclass
class World:
    """One channel and one store; processes that share them, and a clock."""

    channel: Channel = field(default_factory=Channel)
    store: Store = field(default_factory=Store)
    cluster: FakeCluster = field(default_factory=lambda: FakeCluster([a_pod()]))
    now: datetime = START
    outcomes: list[DigestOutcome] = field(default_factory=list)

    def process(
        self, me: str = "one", *defaults: DigestSchedule, led: Led | None = None
    ) -> Digests:
        composer = Composer(
            Health(self.cluster), self.store, self.cluster.draw, BERLIN, clock=lambda: self.now
        )
        lost = LostChannels(self.store, self.channel, 9, lambda: self.now)
        delivery = DigestDelivery(
            composer, self.channel, led or Led(), me, lost, self.outcomes.append
        )
        return Digests(delivery, defaults or (a_schedule(),))

    async def until(self, digests: Digests, end: datetime, step: timedelta) -> None:
        while self.now < end:
            await digests.turn()
            self.now += step
