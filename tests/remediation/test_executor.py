"""Nothing is unserved in between: whatever somebody else does, or refuses, during a hand-over."""

from typing import Any

from bot.domain.resources.reference import Target
from bot.errors import ClusterError
from bot.remediation.change.change import Change
from bot.remediation.change.plan import Way
from bot.remediation.change.proof import Proof, Sample
from bot.remediation.change.states import State
from bot.remediation.change.step import Step
from bot.remediation.change.verification_requests import Request
from bot.remediation.service import Proposal, Remedy
from tests.remediation.changes import ANNA, ASKED, BELA, INGRESS, Manifest, World, outage


async def converted(world: World, remedy: Remedy) -> Change:
    made = await remedy.propose(ASKED, Way.CONVERSION, str(ANNA))
    assert isinstance(made, Proposal), made
    await remedy.decide(made.change.name, world.click(BELA), approve=True)
    await remedy.underway.wait()
    return await remedy.show(made.change.name)


def routes(world: World) -> list[Target]:
    return [each for each in world.writer.world if each.kind == "IngressRoute"]


async def test_an_ingress_stays_where_its_new_route_was_taken_away_during_the_proof() -> None:
    world = World()
    remedy = world.process()

    async def helped(request: Request, before: Sample) -> Proof:
        for each in routes(world):
            world.writer.put(each, None)
        return Proof(helped=True, because="Requests were made.")

    world.proving.helped = helped  # type: ignore[method-assign]
    end = await converted(world, remedy)
    assert end.state is State.ROLLED_BACK
    assert INGRESS in world.writer.world
    assert INGRESS not in {each.object for _, each in world.writer.effects}


async def test_the_new_routes_stay_where_the_ingress_cannot_be_put_back() -> None:
    """Else nothing at all would serve the route."""
    world = World()
    remedy = world.process()
    end = await converted(world, remedy)
    assert end.state is State.DONE
    served = routes(world)
    assert served
    writer: Any = remedy.carrier.writer
    write = writer.write

    async def refusing(
        step: Step, live: Manifest | None, change: str, by: str, *, dry_run: bool
    ) -> None:
        if step.object == INGRESS:
            raise ClusterError("A webhook refuses it.")
        await write(step, live, change, by, dry_run=dry_run)

    writer.write = refusing
    await remedy.roll_back(end.name, world.click(BELA))
    await remedy.underway.wait()
    end = await remedy.show(end.name)
    assert end.state is State.FAILED
    assert "A webhook refuses it." in end.history.entries[-1].note
    assert routes(world) == served


async def test_an_approval_is_looked_at_again_after_an_outage() -> None:
    """A look that could not see says nothing about the evidence."""
    world = World()
    first = world.process()
    made = await first.propose(ASKED, Way.ANNOTATION, str(ANNA))
    assert isinstance(made, Proposal)
    first.underway.begin = lambda _change, _work: None  # type: ignore[method-assign]
    await first.decide(made.change.name, world.click(BELA), approve=True)
    second = world.process()

    def survey_fails(what: str) -> None:
        if what.endswith("survey"):
            outage(what)

    world.wire.next = survey_fails
    await second.underway.go_on()
    await second.underway.wait()
    assert world.annotation() is None
    world.wire.next = lambda _: None
    await second.underway.go_on()
    await second.underway.wait()
    assert (await second.show(made.change.name)).state is State.DONE
