"""Digests whose channel is lost, or whose records are full."""

from collections import Counter
from datetime import timedelta

import pytest

from bot.chat.channel import Unsent
from bot.digest.domain.records import DIGESTS, DigestState, RunRecord, RunStage
from bot.digest.ports import DigestOutcome
from bot.digest.views import text as told
from tests.builders import a_pod
from tests.digest.world import START, World, a_schedule
from tests.fakes import FakeCluster


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
    assert world.outcomes == [DigestOutcome.LOST] * 3
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
    assert world.outcomes.count(DigestOutcome.LOST) == 3


async def test_where_the_fallback_is_lost_too_the_slot_is_over_and_nobody_asks_each_minute() -> (
    None
):
    """The metrics and the log have it; the next digest of another name goes out."""
    world = World()
    digests = world.process("one", a_schedule("a"), a_schedule("b"))

    async def fails(channel: int, lost: int, why: str) -> None:
        raise Unsent("The fallback channel does not take it either.")

    await digests.turn()
    world.channel.complain = fails  # type: ignore[method-assign]
    world.channel.lost = "It was deleted."
    world.now += timedelta(days=1)
    for _ in range(15):
        await digests.turn()
        world.now += timedelta(minutes=1)
    assert Counter(world.outcomes) == {DigestOutcome.LOST: 2}


async def test_a_full_book_drops_its_oldest_slots_and_still_sends_each_once() -> None:
    """Those of removed digests are in it, too."""
    world = World()
    await world.store.change(DIGESTS, lambda _: a_full_book(days=0))
    digests = world.process()
    await digests.turn()
    await world.store.change(DIGESTS, lambda kept: a_full_book(days=60, book=kept))
    kept = await digests.state()
    assert 0 < len(kept.runs_of(f"{'n' * 28}-0")) < 60
    for _ in range(3):
        world.now += timedelta(days=1)
        for _ in range(2):
            await digests.turn()
    marks = Counter(letter.mark for letter in world.channel.letters)
    assert len(marks) == 3
    assert set(marks.values()) == {1}


def a_full_book(days: int, book: DigestState | None = None) -> DigestState:
    """Others that are paused or removed, and what they did for so many days."""
    made = book or DigestState()
    for number in range(26):
        name = f"{'n' * 28}-{number}"
        if number < 19:
            made = made.with_schedule(a_schedule(name, paused=True))
        for day in range(days):
            due = START - timedelta(days=days - day)
            turn = RunRecord(
                day=due.date(), due=due, stage=RunStage.SENT, at=due, by="x" * 8, message=2**62,
                findings=999, new=99, late=True,
            )  # fmt: skip
            made = made.with_run(name, turn)
    return made


@pytest.mark.slow
async def test_a_base_that_does_not_fit_is_cut_and_the_next_digest_says_so() -> None:
    """Of four thousand causes, the digest goes out, and what was not kept is new again."""
    pods = [
        a_pod(f"{'x' * 180}-{number}", namespace=f"team-{number % 40}", waiting="Boom")
        for number in range(4000)
    ]
    world = World(cluster=FakeCluster(pods))
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
