"""Nothing is unserved in between: whatever somebody else does, or refuses, during a hand-over."""

import dataclasses
from typing import Any

import msgspec

from bot.domain.finding import Target
from bot.errors import ClusterError
from bot.remediation.change.change import Change
from bot.remediation.change.fields import HAND_OVER, Action, labels_of
from bot.remediation.change.plan import Method, VerificationRequest
from bot.remediation.change.proof import Sample, VerificationResult
from bot.remediation.change.states import ChangeState
from bot.remediation.change.step import Step
from bot.remediation.service import ChangeRefusal, Proposal, RemediationService
from tests.remediation.changes import ANNA, ASKED, BELA, INGRESS, Manifest, World, outage


async def converted(world: World, remediation: RemediationService) -> Change:
    made = await remediation.propose(ASKED, Method.CONVERSION, str(ANNA))
    assert isinstance(made, Proposal), made
    await remediation.decide(made.change.name, world.click(BELA), approve=True)
    await remediation.reconciler.wait()
    return await remediation.show(made.change.name)


def routes(world: World) -> list[Target]:
    return [each for each in world.writer.world if each.kind == "IngressRoute"]


def labelled(world: World) -> list[Target]:
    """What has the label of a hand-over."""
    there = world.writer.world.items()
    return [at for at, manifest in there if HAND_OVER in labels_of(manifest or {})]


def labelled_only(world: World) -> bool:
    """Whether nothing of the Ingress was written but the label, which is off again."""
    did = [each.action for _, each in world.writer.effects if each.object == INGRESS]
    labels = world.writer.world[INGRESS]["metadata"].get("labels", {})
    return did == [Action.LABEL_HAND_OVER] * 2 and HAND_OVER not in labels


async def test_an_ingress_stays_where_its_new_route_was_taken_away_during_the_proof() -> None:
    world = World()
    remediation = world.process()

    async def helped(request: VerificationRequest, before: Sample) -> VerificationResult:
        for each in routes(world):
            world.writer.put(each, None)
        return VerificationResult(helped=True, because="Requests were made.")

    world.verifier.helped = helped  # type: ignore[method-assign]
    end = await converted(world, remediation)
    assert end.state is ChangeState.ROLLED_BACK
    assert INGRESS in world.writer.world
    assert labelled_only(world)


async def test_the_new_routes_stay_where_the_ingress_cannot_be_put_back() -> None:
    """Else nothing at all would serve the route. They are no hand-over any more."""
    world = World()
    remediation = world.process()
    end = await converted(world, remediation)
    assert end.state is ChangeState.DONE
    served = routes(world)
    assert served
    writer: Any = remediation.executor.writer
    write = writer.write

    async def refusing(
        step: Step, live: Manifest | None, change: str, by: str, *, dry_run: bool
    ) -> None:
        if step.object == INGRESS:
            raise ClusterError("A webhook refuses it.")
        await write(step, live, change, by, dry_run=dry_run)

    writer.write = refusing
    await remediation.roll_back(end.name, world.click(BELA))
    await remediation.reconciler.wait()
    end = await remediation.show(end.name)
    assert end.state is ChangeState.FAILED
    assert "A webhook refuses it." in end.history.entries[-1].note
    assert routes(world) == served
    assert labelled(world) == []


async def test_where_both_stay_nothing_has_the_label_any_more() -> None:
    """So another hand-over may begin in the namespace."""
    world = World()
    remediation = world.process()
    end = await converted(world, remediation)
    executor: Any = remediation.executor

    async def unseen(*_: Any) -> str:
        return "Traefik was not seen to serve it."

    async def clear(_: Change) -> tuple[str, ...]:
        return ()

    loading = type("Blind", (), {"unseen": staticmethod(unseen), "clear": staticmethod(clear)})()
    back = await dataclasses.replace(executor, loading=loading).take_back(end, str(BELA), "Back.")
    assert back.state is ChangeState.FAILED
    assert routes(world)
    assert world.writer.world[INGRESS]
    assert labelled(world) == []


async def test_a_hand_over_without_the_label_is_not_taken_back_by_a_button() -> None:
    """A version before made it: no policy could allow the Ingress, so nothing is touched."""
    world = World()
    remediation = world.process()
    end = await converted(world, remediation)
    steps = tuple(step for step in end.plan.steps if step.action is not Action.LABEL_HAND_OVER)
    kept = world.store.kept[end.name]
    world.store.kept[end.name] = msgspec.structs.replace(
        kept, plan=msgspec.structs.replace(end.plan, steps=steps)
    )
    did = list(world.writer.effects)
    answer = await remediation.roll_back(end.name, world.click(BELA))
    assert isinstance(answer, ChangeRefusal)
    assert "An older meshmedic made it" in answer.detail
    assert world.writer.effects == did


async def test_an_approval_is_looked_at_again_after_an_outage() -> None:
    """A look that could not see says nothing about the evidence."""
    world = World()
    first = world.process()
    made = await first.propose(ASKED, Method.ANNOTATION, str(ANNA))
    assert isinstance(made, Proposal)
    first.reconciler.begin = lambda _change, _work: None  # type: ignore[method-assign]
    await first.decide(made.change.name, world.click(BELA), approve=True)
    second = world.process()

    def survey_fails(what: str) -> None:
        if what.endswith("context_reader"):
            outage(what)

    world.wire.next = survey_fails
    await second.reconciler.go_on()
    await second.reconciler.wait()
    assert world.annotation() is None
    world.wire.next = lambda _: None
    await second.reconciler.go_on()
    await second.reconciler.wait()
    assert (await second.show(made.change.name)).state is ChangeState.DONE
