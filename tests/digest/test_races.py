"""Two processes that both believe they may act: whatever comes in between, a slot is sent once.

The election makes this rare and short; the claim in the store, the channel and the nonce must hold
where it does not.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.lost_channels import LostChannels
from bot.digest.composer import Composer
from bot.digest.delivery import DigestDelivery
from bot.digest.domain.records import DIGESTS, DigestSchedule, DigestState, RunStage
from bot.digest.domain.schedule import Timetable
from bot.digest.ports import DigestMessage
from bot.digest.service import Digests
from bot.domain import record
from bot.domain.posting import PATIENCE
from bot.domain.record import RecordType
from bot.errors import Conflict
from bot.health.service import Health
from tests.builders import a_pod
from tests.examples import examples
from tests.fakes import FakeCluster
from tests.interleaving import Interleaving
from tests.led import Led

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
TURNS = 5


@dataclass
class SharedStore:
    """Records with versions, as the API server keeps them: a write at an old one conflicts."""

    among: Interleaving
    kept: dict[str, tuple[int, str]] = field(default_factory=dict)

    async def read(self, record_type: RecordType[Any]) -> Any:
        return (await self._kept(record_type))[1]

    async def _kept(self, record_type: RecordType[Any]) -> tuple[int, Any]:
        await self.among.gate()
        version, text = self.kept.get(record_type.name, (0, ""))
        return version, record.read(record_type, text) if text else None

    async def change(
        self, record_type: RecordType[Any], change: Callable[[Any], Any]
    ) -> tuple[Any, Any]:
        for _ in range(TURNS):
            version, old = await self._kept(record_type)
            value = change(old)
            text = record.written(record_type, value)
            assert isinstance(text, str)
            await self.among.gate()
            if self.kept.get(record_type.name, (0, ""))[0] == version:
                self.kept[record_type.name] = version + 1, text
                return old, value
        raise Conflict("Changed by somebody else each time.")


@dataclass
class SharedChannel:
    """One channel; `knows` is whether Discord still knows the nonces of what was sent."""

    among: Interleaving
    knows: bool
    messages: list[DigestMessage] = field(default_factory=list)

    async def send(self, channel: int, letter: DigestMessage) -> int:
        await self.among.gate()
        known = [id_ for id_, sent in enumerate(self.messages, 1) if sent.mark == letter.mark]
        if not (self.knows and known):
            self.messages.append(letter)
            known = [len(self.messages)]
        await self.among.gate()
        return known[0]

    async def edit(self, channel: int, message: int, letter: DigestMessage) -> bool:
        await self.among.gate()
        return True

    async def renew(self, channel: int, message: int, at: datetime) -> bool:
        await self.among.gate()
        return True

    async def find(self, channel: int, mark: str, since: datetime) -> int | None:
        await self.among.gate()
        found = [id_ for id_, sent in enumerate(self.messages, 1) if sent.mark == mark]
        return found[0] if found else None

    async def complain(self, channel: int, lost: int, why: str) -> None:
        raise AssertionError(why)


class SlowCluster(FakeCluster):
    """Each look may be interrupted, too."""

    among: Interleaving

    async def snapshot(self, *asked: Any) -> Any:
        await self.among.gate()
        return await super().snapshot(*asked)


class Two:
    """Two processes with one store, one channel and one clock."""

    def __init__(self, *, knows: bool) -> None:
        self.now = START
        self.among = Interleaving()
        self.store = SharedStore(self.among)
        self.channel = SharedChannel(self.among, knows)
        cluster = SlowCluster([a_pod(waiting="CrashLoopBackOff")])
        cluster.among = self.among
        when = Timetable(8, 0)
        both = tuple(
            DigestSchedule(name=name, channel=7, when=when, began=START)
            for name in ("daily", "other")
        )
        self.processes = [self._process(me, cluster, both) for me in ("one", "two")]

    def _process(
        self, me: str, cluster: FakeCluster, defaults: tuple[DigestSchedule, ...]
    ) -> Digests:
        composer = Composer(Health(cluster), self.store, cluster.draw, clock=lambda: self.now)
        lost = LostChannels(self.store, self.channel, clock=lambda: self.now)
        return Digests(DigestDelivery(composer, self.channel, Led(), me, lost), defaults)

    async def turns(self, count: int, choices: list[int], between: Callable[[int], None]) -> None:
        async def work(each: Digests) -> None:
            for _ in range(count):
                await each.turn()

        await self.among.run([work(each) for each in self.processes], iter(choices), between)

    async def begin(self) -> None:
        """A day before, so that the next morning is owed."""
        await self.turns(1, [], lambda _: None)
        assert not self.channel.messages
        self.now += timedelta(days=1)

    async def ends(self) -> DigestState:
        """Minutes later nothing is on its way any more."""
        self.now += 2 * PATIENCE
        await self.turns(1, [], lambda _: None)
        return await self._book()

    async def _book(self) -> DigestState:
        _, text = self.store.kept[DIGESTS.name]
        book = record.read(DIGESTS, text)
        assert isinstance(book, DigestState)
        return book


CHOICES = st.lists(st.integers(0, 7), max_size=150)


async def _raced(choices: list[int], two: Two, between: Callable[[int], None]) -> None:
    await two.begin()
    day = two.now.date()
    await two.turns(3, choices, between)
    book = await two.ends()
    sent = Counter(letter.mark for letter in two.channel.messages)
    assert sent == {f"meshmedic:digest:{name}:{day}": 1 for name in ("daily", "other")}
    for name in ("daily", "other"):
        turn = book.run(name, day)
        assert turn is not None
        assert turn.stage is RunStage.SENT
        assert two.channel.messages[turn.message - 1].digest.name == name


@settings(max_examples=examples(60))
@given(CHOICES)
def test_within_a_minute_the_claim_alone_keeps_two_processes_from_sending_one_slot_twice(
    choices: list[int],
) -> None:
    """Discord knows no nonce here: whoever comes second sends nothing at all."""

    async def race() -> None:
        await _raced(choices, Two(knows=False), lambda _: None)

    asyncio.run(race())


@settings(max_examples=examples(60))
@given(CHOICES)
def test_where_one_is_slower_than_the_patience_of_the_other_the_message_is_one(
    choices: list[int],
) -> None:
    """The clock goes on in the middle of it: the second takes the slot, and Discord the nonce."""

    async def race() -> None:
        two = Two(knows=True)

        def passes(choice: int) -> None:
            two.now += timedelta(seconds=25) if choice > 3 else timedelta()

        await _raced(choices, two, passes)

    asyncio.run(race())
