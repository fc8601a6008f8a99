"""Digests: each slot goes out once, whatever crashes, whoever else is alive; and what they say."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.composing import Composer
from bot.core.digest.schedule import BOOK, Book, Schedule, Stage, Turn
from bot.core.report import Report
from bot.core.snapshot import Gap, Why
from bot.core.timetable import Timetable
from bot.core.verdict import Verdict
from bot.digest import Digests
from bot.errors import ClusterError, InputError, MeshmedicError
from bot.health import Health
from bot.postbox import Letter, Lost, Outcome
from bot.render import digest as told
from bot.sending import Sending
from bot.unkept import Unkept
from tests.builders import a_kustomization, a_pod
from tests.fakes import FakeCluster
from tests.led import Led

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 27, 12, tzinfo=UTC)


@dataclass
class Channel:
    """Discord's side: what stands there. `trouble` is what becomes of the next request."""

    messages: dict[int, str] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)
    edits: list[int] = field(default_factory=list)
    renewed: list[int] = field(default_factory=list)
    said: list[tuple[int, str]] = field(default_factory=list)
    trouble: str = ""
    lost: str = ""

    async def send(self, channel: int, letter: Letter) -> int | Lost:
        if self.lost:
            return Lost(self.lost)
        trouble, self.trouble = self.trouble, ""
        if trouble == "before":
            raise MeshmedicError("The request was lost.")
        number = len(self.messages) + 1
        self.messages[number] = letter.carried
        self.letters.append(letter)
        if trouble == "after":
            raise MeshmedicError("The reply was lost.")
        return number

    async def edit(self, channel: int, message: int, letter: Letter) -> bool | Lost:
        if message not in self.messages:
            return False
        self.edits.append(message)
        return True

    async def renew(self, channel: int, message: int, at: datetime) -> bool | Lost:
        if self.lost:
            return Lost(self.lost)
        if message not in self.messages:
            return False
        self.renewed.append(message)
        return True

    async def find(self, channel: int, carried: str) -> int | Lost | None:
        if self.lost:
            return Lost(self.lost)
        return next((key for key, each in self.messages.items() if each == carried), None)

    async def tell(self, channel: int, text: str) -> None:
        self.said.append((channel, text))


class Store(Unkept):
    """Fails at the write after so many."""

    writes_left: float = float("inf")

    async def change(self, shelf: Any, change: Any) -> Any:
        if self.writes_left <= 0:
            raise ClusterError("The API server is away.")
        self.writes_left -= 1
        return await super().change(shelf, change)


def a_schedule(name: str = "daily", **told: Any) -> Schedule:
    given = {"channel": 7, "when": Timetable(2, 30), "began": START, **told}
    return Schedule(name=name, **given)


@dataclass
class World:
    """One channel and one store; processes that share them, and a clock."""

    channel: Channel = field(default_factory=Channel)
    store: Store = field(default_factory=Store)
    cluster: FakeCluster = field(default_factory=lambda: FakeCluster([a_pod()]))
    now: datetime = START
    outcomes: list[Outcome] = field(default_factory=list)

    def process(self, me: str = "one", *defaults: Schedule, led: Led | None = None) -> Digests:
        composer = Composer(
            Health(self.cluster), self.store, self.cluster.draw, BERLIN, clock=lambda: self.now
        )
        sending = Sending(
            composer,
            self.store,
            self.channel,
            led or Led(),
            me,
            fallback=9,
            told=self.outcomes.append,
        )
        return Digests(self.store, composer, sending, defaults or (a_schedule(),))

    async def until(self, digests: Digests, end: datetime, step: timedelta) -> None:
        while self.now < end:
            await digests.turn()
            self.now += step


@pytest.mark.parametrize(
    ("begin", "days"),
    [
        (datetime(2026, 3, 27, 12, tzinfo=UTC), 5),  # 02:30 of the 29th does not exist
        (datetime(2026, 10, 23, 12, tzinfo=UTC), 5),  # 02:30 of the 25th comes twice
        (datetime(2028, 2, 27, 12, tzinfo=UTC), 4),  # a leap day
    ],
)
async def test_each_date_has_one_digest_also_where_the_clocks_change(
    begin: datetime, days: int
) -> None:
    world = World(now=begin)
    digests = world.process("one", a_schedule(began=begin))
    await world.until(digests, begin + timedelta(days=days), timedelta(minutes=10))
    carried = [each.carried for each in world.channel.letters]
    wanted = [begin.date() + timedelta(days=day + 1) for day in range(days)]
    assert carried == [f"meshmedic:digest:daily:{day}" for day in wanted]


async def test_what_was_missed_while_the_bot_was_down_is_sent_once_late_and_says_so() -> None:
    world = World()
    await world.process().turn()
    world.now += timedelta(days=4)
    digests = world.process("two")
    for _ in range(3):
        await digests.turn()
    (letter,) = world.channel.letters
    assert "Late: it was due at" in told.text(letter.digest)
    assert world.outcomes == [Outcome.LATE]


async def test_a_new_digest_whose_time_is_over_waits_for_the_next_day() -> None:
    world = World()
    digests = world.process("one", a_schedule(when=Timetable(8, 0)))
    await digests.turn()
    assert not world.channel.letters


async def test_a_clock_that_jumps_ahead_and_back_sends_no_date_twice() -> None:
    world = World()
    digests = world.process()
    await digests.turn()
    for now in (2, 400, 3, 2, 4):
        world.now = START + timedelta(days=now)
        await digests.turn()
    carried = [each.carried for each in world.channel.letters]
    assert len(carried) == len(set(carried)) == 4


async def test_two_digests_of_the_same_minute_are_both_sent() -> None:
    world = World()
    digests = world.process("one", a_schedule("a"), a_schedule("b"))
    await digests.turn()
    world.now += timedelta(days=1)
    await digests.turn()
    assert {each.digest.name for each in world.channel.letters} == {"a", "b"}


async def test_who_does_not_lead_sends_nothing_also_where_it_loses_the_lease_on_the_way() -> None:
    world = World()
    led = Led()
    digests = world.process("one", led=led)
    await digests.turn()
    world.now += timedelta(days=1)
    led.leads = False
    await digests.turn()
    led.leads = True

    check = digests.composer.health.check

    async def slow(*asked: Any) -> Any:
        led.leads = False
        return await check(*asked)

    digests.composer.health.check = slow  # type: ignore[method-assign]
    await digests.turn()
    assert not world.channel.letters


async def test_a_lost_channel_is_said_once_to_the_owner_until_it_works_again() -> None:
    world = World()
    digests = world.process()
    await digests.turn()
    world.channel.lost = "It was deleted."
    for _ in range(3):
        world.now += timedelta(days=1)
        await digests.turn()
    assert len(world.channel.said) == 1
    assert world.channel.said[0][0] == 9
    assert world.outcomes == [Outcome.LOST] * 3
    world.channel.lost = ""
    world.now += timedelta(days=1)
    await digests.turn()
    world.channel.lost = "It was deleted."
    world.now += timedelta(days=1)
    await digests.turn()
    assert len(world.channel.said) == 2


@pytest.mark.parametrize("way", ["renew", "find"])
async def test_a_channel_that_is_lost_in_the_middle_is_said_once_too(way: str) -> None:
    """Also where it is the edit of an earlier message, or the look for one, that finds it gone."""
    world = World(cluster=FakeCluster([a_pod(waiting="CrashLoopBackOff")]))
    digests = world.process("one", a_schedule(only_changes=True))
    await digests.turn()
    world.now += timedelta(days=1)
    await digests.turn()
    for day in range(3):
        world.now += timedelta(days=1)
        if way == "find":
            # Claimed, and its sender is gone: whoever comes next looks for it first.
            world.cluster.set([a_pod(f"other-{day}", waiting="CrashLoopBackOff")])
            world.channel.lost, world.channel.trouble = "", "before"
            await digests.turn()
            world.now += timedelta(minutes=2)
        world.channel.lost = "It was deleted."
        await digests.turn()
    assert [channel for channel, _ in world.channel.said] == [9]
    assert world.outcomes.count(Outcome.LOST) == 3


async def test_where_the_fallback_is_lost_too_the_slot_is_over_and_nobody_asks_each_minute() -> (
    None
):
    """The metrics and the log have it; the next digest of another name goes out."""
    world = World()
    digests = world.process("one", a_schedule("a"), a_schedule("b"))

    async def fails(channel: int, text: str) -> None:
        raise MeshmedicError("The fallback channel does not take it either.")

    await digests.turn()
    world.channel.tell = fails  # type: ignore[method-assign]
    world.channel.lost = "It was deleted."
    world.now += timedelta(days=1)
    for _ in range(5):
        await digests.turn()
        world.now += timedelta(minutes=1)
    assert Counter(world.outcomes) == {Outcome.LOST: 2, Outcome.FAILED: 2}


async def test_a_full_book_drops_its_oldest_slots_and_still_sends_each_once() -> None:
    """Those of removed digests are in it, too."""
    world = World()
    await world.store.change(BOOK, lambda _: a_full_book(days=0))
    digests = world.process()
    await digests.turn()
    await world.store.change(BOOK, lambda kept: a_full_book(days=60, book=kept))
    kept = await digests.book()
    assert 0 < len(kept.turns_of(f"{'n' * 28}-0")) < 60
    for _ in range(3):
        world.now += timedelta(days=1)
        for _ in range(2):
            await digests.turn()
    carried = Counter(each.carried for each in world.channel.letters)
    assert len(carried) == 3
    assert set(carried.values()) == {1}


def a_full_book(days: int, book: Book | None = None) -> Book:
    """Others that are paused or removed, and what they did for so many days."""
    made = book or Book()
    for number in range(26):
        name = f"{'n' * 28}-{number}"
        if number < 19:
            made = made.with_schedule(a_schedule(name, paused=True))
        for day in range(days):
            due = START - timedelta(days=days - day)
            turn = Turn(
                day=due.date(), due=due, stage=Stage.SENT, at=due, by="x" * 8, message=2**62,
                findings=999, new=99, late=True,
            )  # fmt: skip
            made = made.with_turn(name, turn)
    return made


async def test_a_base_that_does_not_fit_is_cut_and_the_next_digest_says_so() -> None:
    """Four thousand causes: the digest goes out, and what was not kept is new again."""
    names = [f"{'x' * 180}-{number}" for number in range(4000)]
    world = World(cluster=FakeCluster([a_pod(name, waiting="Boom") for name in names]))
    digests = world.process()
    await digests.turn()
    for _ in range(2):
        world.now += timedelta(days=1)
        await digests.turn()
    first, second = (each.digest for each in world.channel.letters)
    assert len(first.difference.new) == 4000
    assert second.difference.forgotten > 0
    assert len(second.difference.new) + len(second.difference.same) == 4000
    assert "findings were not kept for room" in told.text(second)


async def test_with_only_changes_nothing_new_posts_nothing_and_renews_the_last_message() -> None:
    world = World(cluster=FakeCluster([a_pod(waiting="CrashLoopBackOff")]))
    digests = world.process("one", a_schedule(only_changes=True))
    await digests.turn()
    for _ in range(5):
        world.now += timedelta(days=1)
        await digests.turn()
    assert [each.brief for each in world.channel.letters] == [False]
    assert world.channel.renewed == [1, 1, 1, 1]
    assert world.outcomes[1:] == [Outcome.UNCHANGED] * 4
    world.cluster.set([a_pod(waiting="CrashLoopBackOff"), a_pod("other", waiting="ErrImagePull")])
    world.now += timedelta(days=1)
    await digests.turn()
    last = world.channel.letters[-1]
    assert not last.brief
    assert [each.finding.subject.name for each in last.digest.difference.new] == ["other"]


async def test_with_only_changes_healthy_days_are_one_line_that_is_edited() -> None:
    world = World()
    digests = world.process("one", a_schedule(only_changes=True))
    await digests.turn()
    for _ in range(4):
        world.now += timedelta(days=1)
        await digests.turn()
    assert [each.brief for each in world.channel.letters] == [True]
    assert world.channel.edits == [1, 1, 1]
    assert not world.channel.renewed


async def test_where_the_last_message_was_deleted_a_silent_line_takes_its_place() -> None:
    world = World(cluster=FakeCluster([a_pod(waiting="CrashLoopBackOff")]))
    digests = world.process("one", a_schedule(only_changes=True))
    await digests.turn()
    world.now += timedelta(days=1)
    await digests.turn()
    world.channel.messages.clear()
    for _ in range(3):
        world.now += timedelta(days=1)
        await digests.turn()
    assert [each.brief for each in world.channel.letters] == [False, True]
    assert world.channel.edits == [1, 1]


@pytest.mark.parametrize("news", ["suspended", "unseen", "waiting"])
async def test_with_only_changes_what_is_new_beside_the_findings_is_news_too(news: str) -> None:
    """Once: from then on it is as before."""
    world = World()
    lines: tuple[str, ...] = ()

    async def waits() -> tuple[str, ...]:
        return lines

    digests = world.process("one", a_schedule(only_changes=True, threshold=Verdict.FAILED))
    digests.composer.approvals = waits
    await digests.turn()
    for day in range(5):
        world.now += timedelta(days=1)
        if day == 2:
            match news:
                case "suspended":
                    world.cluster.set([a_pod(), a_kustomization(suspend=True)])
                case "unseen":
                    world.cluster.gaps = (Gap("Pod", Why.FORBIDDEN),)
                case _:
                    lines = ("IngressRoute apps/web: pull request 7 waits for its merge",)
        await digests.turn()
    assert [each.brief for each in world.channel.letters] == [True, False]


async def test_an_all_healthy_day_is_one_line() -> None:
    world = World()
    letter = await world.process().now("daily")
    assert letter.brief
    assert told.headline(letter.digest).startswith("all healthy: 1 object judged")


async def test_what_was_not_seen_is_lost_and_not_fixed() -> None:
    world = World(cluster=FakeCluster([a_pod(waiting="CrashLoopBackOff"), a_kustomization()]))
    digests = world.process()
    await digests.turn()
    world.now += timedelta(days=1)
    await digests.turn()
    world.cluster.set([a_kustomization()])
    world.cluster.gaps = (Gap("Pod", Why.FORBIDDEN),)
    world.now += timedelta(days=1)
    await digests.turn()
    parts = world.channel.letters[-1].digest.difference
    assert [each.subject for each in parts.lost] == ["Pod apps/web"]
    assert not parts.fixed
    world.cluster.gaps = ()
    world.cluster.set([a_pod()])
    world.now += timedelta(days=1)
    await digests.turn()
    parts = world.channel.letters[-1].digest.difference
    assert [each.subject for each in parts.fixed] == ["Pod apps/web"]


async def test_what_is_muted_is_one_line_with_who_and_until_when() -> None:
    world = World(cluster=FakeCluster([a_pod(waiting="CrashLoopBackOff")]))
    digests = world.process()
    report = await digests.composer.health.check()

    async def muted(_: Report) -> dict[str, str]:
        return {report.findings[0].key: "muted by olga until 18:00"}

    digests.composer.muted = muted
    letter = await digests.now()
    assert not letter.digest.difference.new
    assert "muted by olga until 18:00" in told.text(letter.digest)


async def test_by_hand_nothing_is_kept_and_an_unknown_name_is_refused() -> None:
    world = World(cluster=FakeCluster([a_pod(waiting="CrashLoopBackOff")]))
    digests = world.process()
    first, again = await digests.now("daily"), await digests.now("daily")
    assert len(first.digest.difference.new) == len(again.digest.difference.new) == 1
    with pytest.raises(InputError, match="There are: daily"):
        await digests.now("weekly")


async def test_the_settings_change_the_time_unless_somebody_set_it_in_discord() -> None:
    world = World()
    await world.process().turn()
    changed = world.process("two", a_schedule(when=Timetable(9, 0)))
    assert str((await changed.every())["daily"].when) == "09:00"
    await changed.pause("daily", paused=True)
    again = world.process("three", a_schedule(when=Timetable(10, 0)))
    assert str((await again.every())["daily"].when) == "09:00"
    await again.remove("daily")
    assert await again.every() == {}


async def test_what_a_paused_digest_missed_is_not_owed() -> None:
    world = World()
    digests = world.process()
    await digests.turn()
    await digests.pause("daily", paused=True)
    world.now += timedelta(days=3)
    await digests.turn()
    await digests.pause("daily", paused=False)
    await digests.turn()
    assert not world.channel.letters
    world.now += timedelta(days=1)
    await digests.turn()
    assert len(world.channel.letters) == 1


class Crashes(RuleBasedStateMachine):
    """Days pass, processes die between any two steps, requests and replies are lost."""

    @initialize()
    def begin(self) -> None:
        self.world = World()
        self.loop = asyncio.new_event_loop()
        self.digests = self.world.process("0")
        self.number = 0
        self.loop.run_until_complete(self.digests.turn())

    @rule(
        hours=st.integers(1, 30),
        trouble=st.sampled_from(["", "", "before", "after"]),
        writes=st.sampled_from([0, 1, 2, 3, float("inf"), float("inf")]),
        restarts=st.booleans(),
    )
    def time_passes(self, hours: int, trouble: str, writes: float, restarts: bool) -> None:
        self.world.now += timedelta(hours=hours)
        self.world.channel.trouble, self.world.store.writes_left = trouble, writes
        self._turn()
        if restarts:
            self.number += 1
            self.digests = self.world.process(str(self.number))

    @rule()
    def all_is_well_again(self) -> None:
        """Two turns later the latest date is out, once, and the book says so."""
        self.world.channel.trouble, self.world.store.writes_left = "", float("inf")
        for _ in range(2):
            self.world.now += timedelta(minutes=2)
            self._turn()
        book: Book = self.loop.run_until_complete(self.world.store.read(BOOK)) or Book()
        latest = _latest(self.world.now)
        if latest:
            turn = book.turn("daily", latest)
            assert turn is not None
            assert turn.stage is Stage.SENT
            assert self.world.channel.messages[turn.message] == f"meshmedic:digest:daily:{latest}"

    @invariant()
    def no_date_is_out_twice(self) -> None:
        counted = Counter(self.world.channel.messages.values())
        assert all(count == 1 for count in counted.values()), counted

    def teardown(self) -> None:
        self.loop.close()

    def _turn(self) -> None:
        # The fixed part of a turn may fail too: the schedule says so in the log, and goes on.
        try:
            self.loop.run_until_complete(self.digests.turn())
        except MeshmedicError:
            return


def _latest(now: datetime) -> date | None:
    local = now.astimezone(BERLIN)
    day = local.date() if (local.hour, local.minute) >= (2, 30) else local.date() - timedelta(1)
    if day == date(2026, 3, 29) and local.hour < 4 and local.date() == day:
        day -= timedelta(1)
    return day if day > START.date() else None


TestCrashes = Crashes.TestCase
TestCrashes.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
