"""Nothing that serves is taken away before Traefik was seen to serve what takes its place."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from bot.domain.finding import Target
from bot.remediation.change.change import Change
from bot.remediation.change.marker import SUFFIX
from bot.remediation.change.plan import Method
from bot.remediation.change.states import ChangeState
from bot.remediation.service import Proposal, RemediationService
from bot.routing.native_lb import ANNOTATION
from tests.remediation.changes import ANNA, ASKED, BELA, INGRESS, SERVICE, Crash, World
from tests.remediation.simulated_traefik import NEVER

A, B = "10.42.0.2", "10.42.0.3"
DELAYS = (0, 1, 7, 40)


def a_world(*replicas: str) -> World:
    world = World()
    world.traefik.replicas = replicas or (A,)
    return world


async def converted(world: World, remediation: RemediationService) -> Change:
    made = await remediation.propose(ASKED, Method.CONVERSION, str(ANNA))
    assert isinstance(made, Proposal), made
    await remediation.decide(made.change.name, world.click(BELA), approve=True)
    return await ended(world, remediation, made.change.name)


async def taken_back(world: World, remediation: RemediationService, change: Change) -> Change:
    await remediation.roll_back(change.name, world.click(BELA))
    return await ended(world, remediation, change.name)


async def ended(world: World, remediation: RemediationService, name: str) -> Change:
    """Its end; and Traefik has loaded everything by then."""
    await remediation.reconciler.wait()
    world.traefik.settle()
    return await remediation.show(name)


def kinds(world: World) -> list[str]:
    """What routes there are: no marker among them."""
    found = [at for at in world.writer.world if at != SERVICE]
    assert not [at for at in found if at.name.endswith(SUFFIX)], found
    return sorted(at.kind for at in found)


@pytest.mark.parametrize(("ingresses", "routes"), list(itertools.product(DELAYS, DELAYS)))
async def test_a_route_is_served_at_every_moment_however_late_traefik_loads(
    ingresses: int, routes: int
) -> None:
    """There and back; each kind is loaded by a provider of its own, each at its own time."""
    world = a_world(A, B)
    world.traefik.slow(B, Ingress=ingresses, IngressRoute=routes)
    remediation = world.process()
    done = await converted(world, remediation)
    assert (done.state, kinds(world)) == (ChangeState.DONE, ["IngressRoute"])
    back = await taken_back(world, remediation, done)
    assert (back.state, kinds(world)) == (ChangeState.ROLLED_BACK, ["Ingress"])
    assert world.traefik.unserved == []


async def test_a_traefik_that_loads_no_new_ingress_route_keeps_its_ingress() -> None:
    """Even where requests went well: the Ingress alone may have answered them by chance."""
    world = a_world(A, B)
    world.traefik.slow(B, IngressRoute=NEVER)
    end = await converted(world, world.process())
    assert (end.state, kinds(world)) == (ChangeState.ROLLED_BACK, ["Ingress"])
    assert f"{B}:8000 on " in end.history.entries[-1].note
    assert world.traefik.unserved == []


def _blind(world: World) -> None:
    world.traefik.blind = True


def _late(world: World) -> None:
    world.traefik.slow(B, Ingress=NEVER)


def _disabled(world: World) -> None:
    """Say, its Middleware is gone: Traefik has no router of it."""
    world.traefik.disabled = lambda route: route["kind"] == "Ingress"


def _too_many(world: World) -> None:
    world.traefik.replicas = tuple(f"10.42.1.{number}" for number in range(1, 62))


UNSEEN: dict[str, tuple[Callable[[World], None], str]] = {
    "no request can be made": (_blind, "serve it"),
    "one replica never loads it": (_late, f"{B}:8000 on node-1"),
    "Traefik drops it": (_disabled, f"{A}:8000 on node-0, {B}:8000 on node-1"),
    "there are too many to ask": (_too_many, "more than 60 ports"),
}


@pytest.mark.parametrize("why", UNSEEN)
async def test_the_new_routes_stay_where_the_ingress_was_not_seen_to_be_served(why: str) -> None:
    """And what to do by hand is said."""
    world = a_world(A, B)
    remediation = world.process()
    done = await converted(world, remediation)
    breaks, expected = UNSEEN[why]
    breaks(world)
    back = await taken_back(world, remediation, done)
    assert (back.state, kinds(world)) == (ChangeState.FAILED, ["Ingress", "IngressRoute"])
    note = back.history.entries[-1].note
    assert "Traefik didn't serve Ingress apps/web in time." in note
    assert expected in note
    assert "So IngressRoute apps/web stays and takes the requests. Delete it once" in note
    assert world.traefik.unserved == []


EVERYWHERE: dict[str, Callable[[int], tuple[int, str]]] = {
    "with a page of its own": lambda _: (404, "error-pages"),
    "as if it were there": lambda _: (200, "parked"),
    "with another page each time": lambda now: (404, f"page {now}"),
}


@pytest.mark.parametrize("how", EVERYWHERE)
async def test_a_route_for_every_host_is_not_taken_for_the_marker(how: str) -> None:
    """It answers for hosts that nothing else serves, long before anything is loaded."""
    world = a_world()
    world.traefik.everywhere = EVERYWHERE[how]
    world.traefik.slow(A, Ingress=0, IngressRoute=40)
    remediation = world.process()
    done = await converted(world, remediation)
    world.traefik.slow(A, Ingress=40, IngressRoute=0)
    back = await taken_back(world, remediation, done)
    assert (back.state, kinds(world)) == (ChangeState.ROLLED_BACK, ["Ingress"])
    assert world.traefik.unserved == []


async def test_routes_beside_an_ingress_that_was_never_away_go_though_nothing_can_be_seen() -> None:
    """Requests saw it served before they were made; in front of it they may do harm."""
    world = a_world()
    world.verifier.helps = False
    remediation = world.process()

    async def blinded(*_: Any) -> Any:
        _blind(world)
        return await helped(*_)

    helped = world.verifier.helped
    world.verifier.helped = blinded  # type: ignore[method-assign]
    end = await converted(world, remediation)
    assert (end.state, kinds(world)) == (ChangeState.ROLLED_BACK, ["Ingress"])
    assert "don't help" in end.history.entries[-1].note
    assert world.traefik.unserved == []


async def test_an_ingress_that_somebody_else_made_anew_is_looked_at() -> None:
    """It looks like the one that was never away, and Traefik may not have loaded it."""
    world = a_world()
    was = world.writer.world[INGRESS]
    remediation = world.process()
    done = await converted(world, remediation)
    world.passes(minutes=5)
    world.traefik.slow(A, Ingress=NEVER)
    world.writer.put(INGRESS, was)
    back = await taken_back(world, remediation, done)
    assert (back.state, kinds(world)) == (ChangeState.FAILED, ["Ingress", "IngressRoute"])
    assert world.traefik.unserved == []


@pytest.mark.parametrize("after", range(60))
async def test_a_process_that_dies_while_it_takes_back_leaves_no_gap_and_no_marker(
    after: int,
) -> None:
    """The next one looks again, for a time may have passed in which anything was done."""
    world = a_world()
    first = world.process()
    done = await converted(world, first)
    world.traefik.slow(A, Ingress=30)
    left = [after]

    def strike(_: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Crash

    world.wire.next = strike
    try:
        await first.roll_back(done.name, world.click(BELA))
        await first.reconciler.wait()
    except Crash:
        pass
    world.wire.next = lambda _: None
    second = world.process()
    if not (await second.show(done.name)).notes.undoing:
        await second.roll_back(done.name, world.click(BELA))
    await second.reconciler.go_on()
    back = await ended(world, second, done.name)
    assert (back.state, kinds(world)) == (ChangeState.ROLLED_BACK, ["Ingress"])
    assert world.traefik.unserved == []


async def test_an_object_of_somebody_else_with_a_markers_name_is_left_alone() -> None:
    world = a_world()
    name = Target("IngressRoute", "apps", f"web{SUFFIX}", "traefik.io")
    own = {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"namespace": "apps", "name": name.name},
        "spec": {"routes": []},
    }
    world.writer.put(name, own)
    end = await converted(world, world.process())
    assert end.state is ChangeState.ROLLED_BACK
    assert "Another object is in the way" in end.history.entries[-1].note
    assert world.writer.world[name]["spec"] == own["spec"]


async def test_other_ways_make_no_marker() -> None:
    """A field of one object is there or not: nothing is taken away."""
    world = a_world()
    remediation = world.process()
    made = await remediation.propose(ASKED, Method.ANNOTATION, str(ANNA))
    assert isinstance(made, Proposal)
    await remediation.decide(made.change.name, world.click(BELA), approve=True)
    await taken_back(world, remediation, await ended(world, remediation, made.change.name))
    assert {step.object for _, step in world.writer.effects} == {SERVICE}
    assert ANNOTATION not in (world.writer.world[SERVICE]["metadata"].get("annotations") or {})


async def test_what_is_left_is_said_however_long_the_reason_is() -> None:
    """A note is cut where it is too long, and a person must know what to do by hand."""
    world = a_world()
    remediation = world.process()
    done = await converted(world, remediation)
    _blind(world)
    back = await remediation.executor.take_back(done, str(BELA), "It was rolled back. " * 60)
    assert back.state is ChangeState.FAILED
    assert "So IngressRoute apps/web stays and takes the requests." in (
        back.history.entries[-1].note
    )


async def test_a_step_that_somebody_tampered_with_has_no_marker() -> None:
    """It is refused at its turn; looking for what was left behind must not stop at it."""
    world = a_world()
    remediation = world.process()
    made = await remediation.propose(ASKED, Method.CONVERSION, str(ANNA))
    assert isinstance(made, Proposal)
    steps = tuple(msgspec.structs.replace(step, was="", to="{}") for step in made.change.plan.steps)
    plan = msgspec.structs.replace(made.change.plan, steps=steps)
    change = msgspec.structs.replace(made.change, plan=plan)
    assert await remediation.executor.loading.clear(change) == ()
