"""Electors on a real wire to a simulated API server, through everything that it does wrong."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.domain.election import Standing, Timing
from bot.domain.outage import OutageReason
from bot.kube.connect import connect
from bot.kube.lease import NAME, Elector, taking_part
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from tests.refusals import a_lease

HASTY = Timing(duration=1, renew=0.6, retry=0.15, request=0.2, hesitation=1.0)
PATIENCE = HASTY.duration + HASTY.retry + 1.0
"""Seconds within which a killed leader is replaced, on a busy machine."""


@dataclass(slots=True)
class Running:
    """An elector with a connection of its own, and how to end it."""

    elector: Elector
    stack: AsyncExitStack
    task: asyncio.Task[None]

    async def killed(self) -> None:
        """It stops where it is; nothing is released."""
        self.task.cancel()
        await asyncio.wait([self.task])
        await self.stack.aclose()


@dataclass(slots=True)
class World:
    """A simulated API server, and whoever runs for leader."""

    cluster: SimulatedCluster
    folder: Path
    port: int = 0

    async def joined(self, name: str) -> Running:
        """A new candidate."""
        stack = AsyncExitStack()
        api = await stack.enter_async_context(connect(kubeconfig=self.folder / "kubeconfig"))
        elector = Elector(api, namespace="meshmedic", me=name, timing=HASTY)
        return Running(elector, stack, asyncio.create_task(elector.run()))

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """The API server, on the same port each time."""
        async with serve(self.cluster, port=self.port) as url:
            self.port = int(url.rpartition(":")[2])
            write_kubeconfig(self.folder / "kubeconfig", url, None)
            yield

    def lease(self) -> dict[str, Any]:
        """What stands in the lease."""
        found = self.cluster.get("Lease", "meshmedic", NAME)
        assert found is not None
        return found["spec"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(SimulatedCluster(), tmp_path)


async def until(holds: Callable[[], bool], seconds: float = 3.0) -> float:
    """Wait until it holds; the seconds that it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, f"waited {seconds} s in vain"
        await asyncio.sleep(0.005)
    return time.monotonic() - began


def leads(*those: Running) -> Callable[[], bool]:
    return lambda: all(each.elector.standing is Standing.LEADING for each in those)


@asynccontextmanager
async def two(world: World) -> AsyncIterator[tuple[Running, Running]]:
    """One leads, the other stands by, knows who leads, and never do both lead."""
    async with world.served():
        one = await world.joined("one")
        await until(leads(one))
        other = await world.joined("other")
        await until(lambda: other.elector.holder == "one")
        assert other.elector.led_by_another()
        assert not one.elector.led_by_another()
        async with never_two([one, other]):
            yield one, other
        await one.killed()
        await other.killed()


@asynccontextmanager
async def never_two(running: list[Running]) -> AsyncIterator[None]:
    """Look all the time; fails at the end where two led at one moment."""
    seen: set[tuple[str, ...]] = set()

    async def look() -> None:
        while True:
            seen.add(tuple(each.elector.me for each in running if each.elector.may_act()))
            await asyncio.sleep(0.001)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()
    assert [each for each in seen if len(each) > 1] == []


async def test_the_first_one_makes_the_lease_and_keeps_it(world: World) -> None:
    """Names, times and duration stand there for people, as other leases have them."""
    async with two(world) as (_, other):
        first = world.lease()
        await until(lambda: world.lease()["renewTime"] > first["renewTime"])
        assert first["holderIdentity"] == "one"
        assert first["leaseDurationSeconds"] == HASTY.duration
        assert world.lease()["acquireTime"] == first["acquireTime"]
        assert other.elector.standing is Standing.STANDBY


async def test_a_killed_leader_is_replaced_when_its_lease_expires(world: World) -> None:
    """Not before, and by one retry after at the latest."""
    async with two(world) as (one, other):
        await one.killed()
        took = await until(leads(other), PATIENCE)
        assert took > HASTY.duration - HASTY.retry - 0.1
        assert world.lease()["leaseTransitions"] == 2


async def test_a_clean_stop_lets_the_standby_begin_at_once(world: World) -> None:
    """The lease is given back, and whoever watches it takes it within a moment."""
    async with two(world) as (one, other):
        one.task.cancel()
        await one.elector.release()
        assert not one.elector.may_act()
        assert await until(leads(other)) < 0.5


async def test_taking_part_ends_with_a_release(world: World) -> None:
    """The composition root's way: whatever ends the block, the lease is free after it."""

    async def fail(elector: Elector) -> None:
        async with taking_part(elector):
            await asyncio.wait_for(elector.until(Standing.LEADING), 3)
            raise ZeroDivisionError

    async with world.served(), connect(kubeconfig=world.folder / "kubeconfig") as api:
        with pytest.raises(ZeroDivisionError):
            await fail(Elector(api, namespace="meshmedic", timing=HASTY))
        assert world.lease()["holderIdentity"] == ""


async def test_the_ballast_of_a_lease_is_kept(world: World) -> None:
    """Labels and unknown fields are somebody else's: a claim changes nothing but itself."""
    made = a_lease(NAME, namespace="meshmedic")
    made["metadata"]["labels"] = {"app": "x"}
    made["spec"] = {"holderIdentity": "", "strategy": "OldestEmulationVersion"}
    world.cluster.put(made)
    async with world.served():
        one = await world.joined("one")
        await until(leads(one))
        lease = world.cluster.get("Lease", "meshmedic", NAME)
        assert lease is not None
        assert lease["metadata"]["labels"] == {"app": "x"}
        assert lease["spec"]["strategy"] == "OldestEmulationVersion"
        await one.killed()


async def test_a_leader_that_cannot_renew_stops_acting_before_others_may(world: World) -> None:
    """Hanging requests: it is cut off in time, hesitates, and leads again when they pass."""
    async with two(world) as (one, other):
        world.cluster.faults.hang = True
        assert one.elector.hesitation() == 0
        await until(lambda: one.elector.standing is Standing.CUT_OFF)
        assert not one.elector.may_act()
        assert one.elector.hesitation() == HASTY.hesitation + HASTY.deference
        assert other.elector.standing is Standing.STANDBY
        assert other.elector.hesitation() == HASTY.hesitation
        await asyncio.sleep(HASTY.duration)
        world.cluster.faults.clear()
        await until(lambda: one.elector.may_act() or other.elector.may_act(), PATIENCE)


async def test_an_api_server_that_is_away_ends_nothing(world: World) -> None:
    """Refused connections: both wait, nobody acts, and the election goes on by itself."""
    async with world.served():
        one = await world.joined("one")
        await until(leads(one))
    await until(lambda: one.elector.standing is Standing.CUT_OFF)
    await asyncio.sleep(HASTY.duration)
    assert not one.task.done()
    async with world.served():
        await until(leads(one))
        await one.killed()


async def test_who_sees_another_holder_is_a_standby_at_once(world: World) -> None:
    """The watch tells, without waiting for the next renewal."""
    async with two(world) as (one, _other):
        waiting = asyncio.create_task(one.elector.until(Standing.STANDBY))
        stolen = a_lease(NAME, namespace="meshmedic")
        stolen["spec"] |= {"holderIdentity": "a third"}
        world.cluster.put(stolen)
        await until(lambda: one.elector.standing is Standing.STANDBY, 1)
        await asyncio.wait_for(waiting, 1)
        assert one.elector.holder == "a third"


async def test_a_deleted_lease_does_not_make_two_leaders(world: World) -> None:
    """The leader makes it anew; the standby waits as before."""
    async with two(world) as (one, other):
        for _ in range(5):
            world.cluster.delete("Lease", "meshmedic", NAME)
            await until(lambda: world.cluster.get("Lease", "meshmedic", NAME) is not None)
            await asyncio.sleep(0.05)
        assert one.elector.may_act()
        assert other.elector.standing is Standing.STANDBY


async def test_a_missing_permission_is_said_once(world: World, caplog) -> None:
    """What RBAC lacks stands in the log, not every few seconds; later it works by itself."""
    caplog.set_level("INFO")
    world.cluster.forbid("create", "leases", "coordination.k8s.io")
    async with world.served():
        one = await world.joined("one")
        await asyncio.sleep(4 * HASTY.retry)
        assert caplog.text.count('cannot create resource "leases"') == 1
        world.cluster.allow("create", "leases", "coordination.k8s.io")
        await until(leads(one))
        await one.killed()


async def test_who_may_not_take_a_lease_that_is_free_could_never_act(world: World) -> None:
    """The lease of another was read well; that says nothing of this one's right to write it."""
    held = a_lease(NAME, namespace="meshmedic")
    held["spec"] |= {"leaseDurationSeconds": 1}
    world.cluster.put(held)
    world.cluster.forbid("update", "leases", "coordination.k8s.io")
    async with world.served():
        one = await world.joined("one")
        await until(lambda: one.elector.holder == "me")
        assert one.elector.never_kept() is None
        await until(lambda: one.elector.never_kept() is OutageReason.NOT_ALLOWED, 4)
        world.cluster.allow("update", "leases", "coordination.k8s.io")
        await until(leads(one))
        assert one.elector.never_kept() is None
        await one.killed()


async def test_nonsense_in_place_of_a_lease_ends_nothing(world: World) -> None:
    """A broken half of a body, as from a proxy: no leader, no crash."""
    async with world.served():
        one = await world.joined("one")
        await until(leads(one))
        world.cluster.faults.truncate = True
        await until(lambda: one.elector.standing is Standing.CUT_OFF)
        world.cluster.faults.clear()
        await until(leads(one))
        await one.killed()


def noticed(each: Running) -> bool:
    """Whether it has seen the API server fail for as long as a leader would notice."""
    outage = each.elector.outage()
    return bool(outage and outage.lasted >= HASTY.renew)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"hang": True}, OutageReason.UNREACHABLE),
        ({"status": 500}, OutageReason.ERRORS),
        ({"status": 429, "retry_after": 1}, OutageReason.ERRORS),
        ({"status": 403}, OutageReason.NOT_ALLOWED),
        ({"status": 401}, OutageReason.NOT_ALLOWED),
    ],
    ids=str,
)
async def test_an_outage_is_noted_with_its_kind_and_ends_with_the_first_answer(
    world: World, fault: dict[str, Any], reason: OutageReason
) -> None:
    """Both note it; the one that led may tell it, and the one that saw it lead may not."""
    async with two(world) as (one, other):
        assert one.elector.outage() is None
        transitions = one.elector.transitions
        assert transitions == other.elector.transitions
        for name, value in fault.items():
            setattr(world.cluster.faults, name, value)
        world.cluster.drop_connections()
        await until(lambda: noticed(one) and noticed(other))
        assert one.elector.standing is Standing.CUT_OFF
        outage = one.elector.outage()
        assert outage is not None
        assert outage.reason is reason
        assert 0 < outage.lasted <= outage.ago
        assert one.elector.tells_outage_after() == 0
        assert other.elector.tells_outage_after() is None
        world.cluster.faults.clear()
        await until(lambda: not (one.elector.outage() or other.elector.outage()), PATIENCE)
        assert min(one.elector.answering_for(), other.elector.answering_for()) < PATIENCE


FAULTS: tuple[dict[str, Any], ...] = (
    {"hang": True},
    {"status": 500},
    {"status": 409},
    {"status": 429, "retry_after": 1},
    {"status": 403},
    {"delay": 0.15},
    {"delay": 0.25},
    {"silent_watches": True},
    {"truncate": True},
)


@pytest.mark.parametrize("seed", range(4))
async def test_two_never_lead_whatever_goes_wrong(world: World, seed: int) -> None:
    """Faults, outages, kills, stops and thefts in any order; in the end one leads."""
    chance = random.Random(seed)  # noqa: S311  # a test's choice
    running = []
    async with AsyncExitStack() as serving:
        await serving.enter_async_context(world.served())
        running += [await world.joined(f"{seed}-{number}") for number in range(3)]
        async with never_two(running):
            for number in range(3, 12):
                await _mischief(world, chance, running, f"{seed}-{number}", serving)
                await asyncio.sleep(chance.choice((0.05, 0.3, 0.9)))
            world.cluster.faults.clear()
            await until(lambda: any(each.elector.may_act() for each in running), PATIENCE)
        for each in running:
            await each.killed()


async def _mischief(
    world: World, chance: random.Random, running: list[Running], fresh: str, server: AsyncExitStack
) -> None:
    """One thing that goes wrong, or right again."""
    match chance.choice(("fault", "fault", "well", "kill", "stop", "away")):
        case "fault":
            world.cluster.faults.clear()
            for name, value in chance.choice(FAULTS).items():
                setattr(world.cluster.faults, name, value)
        case "well":
            world.cluster.faults.clear()
        case "kill" | "stop" as how:
            # A leader if there is one: a standby's end is of no interest.
            chosen = max(running, key=lambda each: each.elector.may_act())
            if how == "stop":
                chosen.task.cancel()
                await chosen.elector.release()
            running.remove(chosen)
            await chosen.killed()
            running.append(await world.joined(fresh))
        case "away":
            await server.aclose()
            await asyncio.sleep(chance.choice((0.1, 0.8)))
            await server.enter_async_context(world.served())
