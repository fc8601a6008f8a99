"""Going on from any point of a plan reaches its end, and undoing reaches the beginning."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.finding import Target
from bot.gitops.domain.ownership import Keeper, ObjectOwner
from bot.remediation.change.fields import Action
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.step import Step, StepProgress, undoing, written
from bot.remediation.change.step_progress import foreseen, objects, standing
from bot.remediation.planning.offers import offers
from tests.remediation.planning.situations import (
    a_route,
    a_service,
    a_situation,
    an_ingress,
    nowhere_untouchable,
)

World = dict[Target, Any]
FLUX = ObjectOwner(Keeper.KUSTOMIZATION, "flux-system", "apps")
CASES = {
    Method.ANNOTATION: (an_ingress(), {}),
    Method.NATIVE_LB: (a_route(), {"route_owner": FLUX}),
    Method.CONVERSION: (an_ingress(), {}),
}


def planned(way: Method) -> tuple[RepairPlan, World]:
    """A plan, and the objects as they are before it."""
    route, more = CASES[way]
    plan = offers(a_situation(route, **more), nowhere_untouchable).by(way)
    assert isinstance(plan, RepairPlan)
    live = {"Ingress": an_ingress(), "IngressRoute": a_route(), "Service": a_service()}
    present = {route["kind"], "Service"}
    found = {
        each: copy.deepcopy(live[each.kind]) if each.kind in present else None
        for each in objects(plan.steps)
    }
    return plan, found


def do(steps: tuple[Step, ...], world: World, most: int = 99) -> int:
    """Do what is left, at most so many steps; how many were done."""
    done = 0
    for number, each in enumerate(steps):
        how = standing(steps, world)[number]
        assert how is not StepProgress.CHANGED, each
        if how is StepProgress.TO_DO and done < most:
            world[each.object] = written(each, world[each.object])
            done += 1
        elif how is StepProgress.TO_DO:
            return done
    return done


def shown(world: World) -> World:
    """Without what undoing leaves: empty annotations, and the mark of an Ingress put back."""
    found = copy.deepcopy(world)
    for each in found.values():
        if each and not each["metadata"].get("annotations"):
            each["metadata"].pop("annotations", None)
    return found


@given(st.sampled_from(list(CASES)), st.integers(0, 4), st.integers(0, 4), st.integers(0, 4))
def test_a_crash_after_any_step_loses_nothing_and_repeats_nothing(
    way: Method, first: int, second: int, third: int
) -> None:
    """Apply, crash, go on; take back, crash, go on: each step is done once in each direction."""
    plan, world = planned(way)
    before = shown(world)
    assert do(plan.steps, world, first) + do(plan.steps, world) == len(plan.steps)
    assert set(standing(plan.steps, world)) == {StepProgress.DONE}
    assert do(plan.steps, world) == 0
    back = undoing(plan.steps)
    assert set(foreseen(back, world)) == {StepProgress.TO_DO}
    assert do(back, world, second) + do(back, world, third) + do(back, world) == len(back)
    assert shown(world) == before


@given(st.sampled_from(list(CASES)), st.integers(0, 4))
def test_taking_back_from_the_middle_undoes_what_was_done_and_no_more(
    way: Method, most: int
) -> None:
    plan, world = planned(way)
    before = shown(world)
    done = do(plan.steps, world, most)
    assert do(undoing(plan.steps), world) == done
    assert shown(world) == before


@given(st.sampled_from(list(CASES)))
def test_a_plan_is_foreseen_whole_before_anything_is_done(way: Method) -> None:
    """Also a step on an object that an earlier one makes."""
    plan, world = planned(way)
    kept = copy.deepcopy(world)
    assert set(foreseen(plan.steps, world)) == {StepProgress.TO_DO}
    assert world == kept


def test_what_somebody_else_changed_is_seen_in_both_directions() -> None:
    plan, world = planned(Method.CONVERSION)
    do(plan.steps, world)
    made = next(each for each in world if each.kind == "IngressRoute")
    world[made]["spec"]["entryPoints"] = ["other"]
    back = undoing(plan.steps)
    changed = [
        each.action
        for each, how in zip(back, foreseen(back, world), strict=True)
        if how is StepProgress.CHANGED
    ]
    assert changed == [Action.CREATE_INGRESSROUTE]
