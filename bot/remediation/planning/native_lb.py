"""Way 2: `nativeLB: true` for the services of an IngressRoute that lead to the diagnosed Service.

Source: facts on Flux: a list's field is reverted, since Traefik's CRDs have atomic lists; the
annotation `reconcile: disabled` keeps Flux off this one object, for a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.domain.finding import Target
from bot.gitops.domain.ownership import Keeper
from bot.remediation.change.fields import DISABLED, RECONCILE, Action
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.step import Step, step
from bot.remediation.planning.common import draft, group_of
from bot.remediation.planning.context import Manifest, PlanningContext
from bot.remediation.planning.eligibility import Eligibility
from bot.remediation.planning.refusals import PlanReason, PlanRefusal
from bot.routing import native_lb

RETURNS_AFTER = 24 * 60
"""Minutes for which Flux is kept off: a day to bring the change into Git."""


def plan(situation: PlanningContext, worth: Eligibility) -> RepairPlan | PlanRefusal:
    """The field for each service of the route that leads to the diagnosed Service."""
    subject, route = situation.subject, situation.route
    if subject.route is None or subject.route.kind != "IngressRoute" or route is None:
        return PlanRefusal(PlanReason.OTHER_KIND, "Only an IngressRoute has the field nativeLB.")
    owner = situation.route_owner
    if owner.keeper not in (Keeper.NOBODY, Keeper.KUSTOMIZATION):
        why = f"{subject.route} is kept by {owner}, which would put it back."
        return PlanRefusal(PlanReason.REVERTED, why, paste(situation))
    found = chosen(situation, route)
    if isinstance(found, PlanRefusal):
        return found
    target = Target("IngressRoute", subject.route.namespace, subject.route.name, group_of(route))
    to = [{**choice, native_lb.FIELD: True} for choice in found]
    steps = [step(Action.SET_NATIVE_LB, target, found, to)]
    flux = owner.keeper is Keeper.KUSTOMIZATION
    if flux and (paused := _paused(target, route)):
        steps.insert(0, paused)
    return draft(
        situation,
        worth,
        Method.NATIVE_LB,
        tuple(steps),
        tuple(_risks(situation)),
        returns_after=RETURNS_AFTER if flux else 0,
    )


def paste(situation: PlanningContext) -> str:
    """What to write by hand beside the Service's name."""
    service = situation.subject.service
    return f"services:\n  - name: {service.name}\n    nativeLB: true\n"


def chosen(situation: PlanningContext, route: Manifest) -> list[dict[str, Any]] | PlanRefusal:
    """The places of the services that lead to the diagnosed one, as they are now."""
    service = situation.subject.service
    known = {(service.namespace, service.name): situation.service or {}}
    choice = native_lb.choose(route, known)
    ours = [path for path in choice.add if _leads(route, path, situation)]
    if ours:
        return [_place(route, path) for path in ours]
    left = [left for left in choice.left if _leads(route, left.path, situation)]
    if left:
        why = f"{left[0].name or 'Its service'}: {left[0].why}."
        return PlanRefusal(PlanReason.PER_POD, why[0].upper() + why[1:])
    return PlanRefusal(PlanReason.ALREADY, "Each of its services has nativeLB already.")


def _leads(route: Manifest, path: native_lb.Path, situation: PlanningContext) -> bool:
    each = _at(route, path)
    service, own = situation.subject.service, route.get("metadata", {}).get("namespace")
    place = (each.get("namespace") or own, each.get("name"))
    return place == (service.namespace, service.name)


def _at(route: Manifest, path: native_lb.Path) -> Manifest:
    found: Any = route
    for key in path:
        found = found[key]
    return found if isinstance(found, dict) else {}


def _place(route: Manifest, path: native_lb.Path) -> dict[str, Any]:
    each = _at(route, path)
    place = {"route": path[2], "service": path[4], "name": each.get("name")}
    return {**place, native_lb.FIELD: each.get(native_lb.FIELD)}


def _paused(target: Target, route: Manifest) -> Step | None:
    """Keep Flux off, unless somebody did already."""
    notes = route.get("metadata", {}).get("annotations") or {}
    was = {RECONCILE: notes[RECONCILE]} if RECONCILE in notes else {}
    # Flux compares without regard to case.
    if str(was.get(RECONCILE)).lower() == DISABLED:
        return None
    return step(Action.PAUSE_RECONCILING, target, was, {RECONCILE: DISABLED})


def _risks(situation: PlanningContext) -> Iterator[str]:
    owner = situation.route_owner
    if owner.keeper is Keeper.KUSTOMIZATION:
        hours = RETURNS_AFTER // 60
        yield (
            f"{owner} is kept off this object for {hours} hours, and then it is put back as "
            "Git has it: bring the change into Git until then."
        )
