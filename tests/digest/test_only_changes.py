"""Digests of changes alone: silence is a message that is renewed, and what is new is posted."""

from datetime import timedelta

import pytest

from bot.digest.ports import DigestOutcome
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import Verdict
from tests.builders import a_kustomization, a_pod
from tests.digest.world import World, a_schedule
from tests.fakes import FakeCluster


async def test_with_only_changes_nothing_new_posts_nothing_and_renews_the_last_message() -> None:
    world = World(cluster=FakeCluster([a_pod(waiting="CrashLoopBackOff")]))
    digests = world.process("one", a_schedule(only_changes=True))
    await digests.turn()
    for _ in range(5):
        world.now += timedelta(days=1)
        await digests.turn()
    assert [each.brief for each in world.channel.letters] == [False]
    assert world.channel.renewed == [1, 1, 1, 1]
    assert world.outcomes[1:] == [DigestOutcome.UNCHANGED] * 4
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
