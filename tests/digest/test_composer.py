"""What a digest says beside the findings: what is open, what expires, nodes, what was not seen."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from bot.digest.composer import Composer
from bot.digest.domain.records import DigestSchedule
from bot.digest.domain.schedule import Timetable
from bot.digest.views import discord as discord_digest
from bot.digest.views import json as json_digest
from bot.digest.views import text as told
from bot.domain.snapshot import Gap, Why
from bot.errors import ClusterError
from bot.health.service import Health
from bot.history.domain.record import HISTORY, History, Point
from bot.history.domain.uptime import UPTIME, RequestBatch, RequestCount, noted
from bot.remediation.change.change import Change, waiting
from bot.remediation.change.plan import Method
from bot.remediation.change.states import ChangeState
from bot.runtime.memory_store import Unkept
from tests.builders import a_certificate, a_kustomization, a_pod, an_object
from tests.commands.conftest import texts
from tests.digest.domain.test_open_items import a_node
from tests.fakes import FakeCluster
from tests.json_schema import validate
from tests.remediation.changes import ANNA, ASKED, BELA, SERVICE, World
from tests.remediation.planning.situations import a_service
from tests.remediation.test_pull_request_flow import FLUX, LABELS, FakePulls

DAILY = DigestSchedule(
    name="daily", channel=7, when=Timetable(8, 0), began=datetime(2026, 1, 1, tzinfo=UTC)
)


def composer(cluster: FakeCluster, **more: Any) -> Composer:
    return Composer(Health(cluster), Unkept(), cluster.draw, **more)


async def says(made: Composer, each: DigestSchedule = DAILY) -> str:
    """The file; what it says stands in the message too."""
    letter = await made.compose(each)
    whole = told.text(letter.digest)
    view = discord_digest.digest(letter.digest, letter.picture, letter.alt).view
    shown = texts(view.to_components())
    for line in (*told.opened(letter.digest), *told.unseen(letter.digest)):
        assert line.partition(" until ")[0][:60] in shown
    return whole


def of_a_test(kind: str, name: str) -> dict[str, Any]:
    """An object that a test made, and that nobody has removed yet."""
    made = (
        a_pod(name, waiting="ContainerCreating")
        if kind == "Pod"
        else an_object("Service", name, spec={"ports": []})
    )
    labels = {"app.kubernetes.io/managed-by": "meshmedic"}
    made["metadata"] |= {
        "namespace": "meshmedic-probe",
        "labels": labels,
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    return made


def ending(name: str, ends: datetime, **status: str) -> dict[str, Any]:
    made = a_certificate(name)
    made["status"] |= {"notAfter": ends.isoformat(), **status}
    return made


async def test_suspended_objects_and_what_a_test_left_behind_are_named_as_open() -> None:
    cluster = FakeCluster(
        [a_kustomization(suspend=True), of_a_test("Pod", "job-1"), of_a_test("Service", "vip-1")]
    )
    said = await says(composer(cluster))
    assert "Still open (3)" in said
    assert "Kustomization flux-system/apps: suspended" in said
    assert "Pod meshmedic-probe/job-1: left behind by a test" in said
    assert said.count("job-1") == 1
    assert "Service meshmedic-probe/vip-1: left behind by a test" in said


async def test_certificates_are_named_with_the_day_that_they_end_and_when_they_are_renewed() -> (
    None
):
    now = datetime.now(UTC)
    soon = ending("soon", now + timedelta(days=9, hours=1), renewalTime="2026-01-02T03:04:00Z")
    said = await says(composer(FakeCluster([soon, ending("far", now + timedelta(days=80))])))
    assert "Certificates that end soon (1)" in said
    day = (now + timedelta(days=9, hours=1)).strftime("%Y-%m-%d %H:%M")
    assert f"soon: expires in 9 days ({day} UTC, renewal due 2026-01-02 03:04 UTC)" in said


async def test_nodes_are_counted_in_the_first_line() -> None:
    nodes = [a_node("a"), a_node("b", ready="False"), a_node("c", unschedulable=True)]
    said = await says(composer(FakeCluster(nodes)))
    assert "nodes 2/3 ready, 1 cordoned" in said.splitlines()[1]


async def test_a_digest_with_trends_tells_the_uptime_of_sites() -> None:
    """And one without them does not."""
    made = composer(FakeCluster([a_pod()]))
    batch = RequestBatch("a", datetime.now(UTC), {"shop.example.com": RequestCount(400, 1)})
    await made.store.change(UPTIME, lambda before: noted(before, batch))
    weekly = msgspec.structs.replace(DAILY, name="weekly", trends=True)
    line = "7 days 99.75 % of 400 requests (1 day seen)"
    assert f"  shop.example.com: {line}\n" in await says(made, weekly)
    assert "shop.example.com" not in await says(made)
    assert [site.host for site in (await made.trends()).sites] == ["shop.example.com"]
    letter = await made.compose(weekly)
    view = discord_digest.digest(letter.digest, letter.picture, letter.alt).view
    assert f"• `shop.example.com`: {line}" in texts(view.to_components())
    validate(json.loads(json_digest.digest(letter.digest)), json_digest.schema())


@pytest.mark.parametrize("kind", ["Certificate", "Node", "HelmRelease", "Service"])
async def test_what_is_open_and_was_not_seen_is_said_also_by_a_digest_of_other_things(
    kind: str,
) -> None:
    """A digest of pods is no healthy line while nobody knows what ends or is suspended."""
    cluster = FakeCluster([a_pod()], gaps=(Gap(kind, Why.FORBIDDEN),))
    pods = msgspec.structs.replace(DAILY, scopes=("pods",))
    made = composer(cluster)
    assert f"forbidden: {kind}" in await says(made, pods)
    assert not (await made.compose(pods)).brief


async def test_what_is_not_installed_is_no_trouble() -> None:
    cluster = FakeCluster([a_pod()], gaps=(Gap("Certificate", Why.NOT_INSTALLED),))
    pods = msgspec.structs.replace(DAILY, scopes=("pods",))
    assert (await composer(cluster).compose(pods)).brief


async def proposed(world: World) -> tuple[Any, Change]:
    remediation = world.process()
    made: Any = await remediation.propose(ASKED, None, str(ANNA))
    return remediation, made.change


def of_changes(world: World, remediation: Any) -> Composer:
    async def waits() -> tuple[str, ...]:
        return waiting(await remediation.every(), world.now)

    return composer(FakeCluster([a_pod()]), approvals=waits)


async def test_an_approval_that_expires_is_named_until_it_has() -> None:
    world = World()
    remediation, change = await proposed(world)
    made = of_changes(world, remediation)
    assert "a fix waits for approval until 2026-11-23 12:15 UTC" in await says(made)
    assert not (await made.compose(DAILY)).brief
    world.now = change.expires
    assert (await made.compose(DAILY)).brief


async def test_what_flux_is_kept_off_for_a_time_is_named_until_it_is_put_back() -> None:
    """Each day anew, and also where its time is over and it could not be put back."""
    world = World()
    remediation, change = await proposed(world)
    await remediation.decide(change.name, world.click(BELA), approve=True)
    await remediation.reconciler.wait()
    done = world.store.kept[change.name]
    assert done.state is ChangeState.DONE
    plan = msgspec.structs.replace(done.plan, returns_after=3 * 24 * 60)
    world.store.kept[change.name] = msgspec.structs.replace(done, plan=plan)
    made = of_changes(world, remediation)
    for _ in range(3):
        assert "Flux is paused for it, and the bot rolls the fix back at 2026-11-26" in await says(
            made
        )
        world.passes(days=1)
    world.passes(hours=1)
    assert "the bot was due to roll the fix back at 2026-11-26" in await says(made)
    await remediation.reconciler.go_on()
    await remediation.reconciler.wait()
    assert world.store.kept[change.name].state is ChangeState.ROLLED_BACK
    assert (await made.compose(DAILY)).brief


async def test_a_pull_request_that_waits_for_its_merge_is_named() -> None:
    world = World(pulls=FakePulls())
    world.writer.put(SERVICE, a_service(metadata={"labels": LABELS}))
    world.context_reader.more = {"service_owner": FLUX}
    remediation, change = await proposed(world)
    assert change.plan.way is Method.PULL_REQUEST
    await remediation.decide(change.name, world.click(BELA), approve=True)
    await remediation.reconciler.wait()
    assert world.store.kept[change.name].state is ChangeState.AWAITING_MERGE
    said = await says(of_changes(world, remediation))
    assert "pull request 7 waits to be merged and applied by Flux" in said


async def test_changes_that_cannot_be_listed_are_not_taken_for_none() -> None:
    async def fails() -> tuple[str, ...]:
        raise ClusterError("changes is forbidden")

    made = composer(FakeCluster([a_pod()]), approvals=fails)
    assert "changes that wait were not seen: changes is forbidden" in await says(made)
    assert not (await made.compose(DAILY)).brief


async def test_where_the_history_is_older_than_the_picture_nothing_is_drawn() -> None:
    """A bot that was away for weeks has no lane to draw, and its digest says what is there."""
    made = composer(FakeCluster([a_pod(waiting="Boom")]))
    await made.store.change(HISTORY, lambda _: History((Point(400_000, "hhhhhhh"),)))
    letter = await made.compose(DAILY)
    assert letter.picture is None
    assert "Boom" in told.text(letter.digest)


async def test_a_healthy_weekly_digest_still_tells_its_trends_and_shows_the_picture() -> None:
    """One line is for a day; whoever asked for trends wants them where all is well, too."""
    made = composer(FakeCluster([a_pod()]))
    hour = int(datetime.now(UTC).timestamp()) // 3600
    points = tuple(Point(hour - ago, "h------") for ago in range(1, 100))
    await made.store.change(HISTORY, lambda _: History(points))
    weekly = await made.compose(msgspec.structs.replace(DAILY, name="weekly", trends=True))
    assert weekly.digest.healthy
    assert not weekly.brief
    assert weekly.picture == b"a picture"
    assert "hours without any fault: pods 100 %" in told.text(weekly.digest)
    assert (await made.compose(DAILY)).brief
