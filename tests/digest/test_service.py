"""Digests: each slot goes out once, at its time; and what they say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.digest.domain.schedule import Timetable
from bot.digest.ports import DigestOutcome
from bot.digest.views import text as told
from bot.domain.report import Report
from bot.domain.snapshot import Gap, Why
from bot.errors import InputError
from tests.builders import a_kustomization, a_pod
from tests.digest.world import BERLIN, START, World, a_schedule
from tests.fakes import FakeCluster
from tests.led import Led


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
    marks = [letter.mark for letter in world.channel.letters]
    wanted = [begin.date() + timedelta(days=day + 1) for day in range(days)]
    assert marks == [f"meshmedic:digest:daily:{day}" for day in wanted]


async def test_what_was_missed_while_the_bot_was_down_is_sent_once_late_and_says_so() -> None:
    world = World()
    await world.process().turn()
    world.now += timedelta(days=4)
    digests = world.process("two")
    for _ in range(3):
        await digests.turn()
    (letter,) = world.channel.letters
    assert "Late: it was due at" in told.text(letter.digest)
    assert world.outcomes == [DigestOutcome.LATE]


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
    marks = [letter.mark for letter in world.channel.letters]
    assert len(marks) == len(set(marks)) == 4


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


async def test_an_all_healthy_day_is_one_line() -> None:
    world = World()
    letter = await world.process().now("daily")
    assert letter.brief
    assert told.headline(letter.digest).startswith("all healthy: 1 object checked")


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
    assert [str(each.subject) for each in parts.lost] == ["Pod apps/web"]
    assert not parts.fixed
    world.cluster.gaps = ()
    world.cluster.set([a_pod()])
    world.now += timedelta(days=1)
    await digests.turn()
    parts = world.channel.letters[-1].digest.difference
    assert [str(each.subject) for each in parts.fixed] == ["Pod apps/web"]


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
    with pytest.raises(InputError, match="Known: `daily`"):
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


async def test_whoever_draws_is_told_a_little_before_a_digest_is_due() -> None:
    """Loading what draws takes longer than all the rest; a paused digest needs no picture."""
    world, told = World(), list[datetime]()

    async def prepare() -> None:
        told.append(world.now)

    digests = world.process()
    digests.prepare = prepare
    await world.until(digests, START + timedelta(days=1), timedelta(minutes=1))
    (at,) = told
    assert at.astimezone(BERLIN).strftime("%H:%M") == "02:29"
    await digests.set_up(a_schedule(paused=True))
    await world.until(digests, world.now + timedelta(days=1), timedelta(minutes=1))
    assert told == [at]
