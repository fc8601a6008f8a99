"""Method 2: `nativeLB: true` for the services of an IngressRoute that lead to a Service.

Source: Flux reverts a list's field, since Traefik's CRDs have atomic lists; the annotation
`reconcile: disabled` keeps Flux off this one object, for a time.
"""

from __future__ import annotations

from typing import Any

from bot.gitops.domain.ownership import Keeper
from bot.remediation.change.fields import (
    DISABLED,
    FIELDS,
    RECONCILE,
    Action,
    annotation_of,
    service_at,
    target_of,
)
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.step import step
from bot.remediation.planning.context import Manifest, PlanningContext
from bot.remediation.planning.evidence import draft
from bot.remediation.planning.refusals import PlanReason, PlanRefusal
from bot.routing import native_lb

RETURNS_AFTER = 24 * 60
"""Minutes for which Flux is kept off: a day to bring the change into Git."""

KEPT_OFF = (
    "{owner} is kept off this object for {hours} hours. Then the bot takes the change back, and "
    "Flux keeps the object again from its next interval on: bring the change into Git until then. "
    "Meanwhile Flux ignores what Git says of this object; if Git removes it, it stays for good."
)


def plan(context: PlanningContext) -> RepairPlan | PlanRefusal:
    """The field for each service of the route that leads to the diagnosed Service."""
    subject, route, owner = context.subject, context.route, context.route_owner
    if subject.route is None or subject.route.kind != "IngressRoute" or route is None:
        return PlanRefusal(PlanReason.OTHER_KIND, "Only an IngressRoute has the field nativeLB.")
    flux = owner.keeper is Keeper.KUSTOMIZATION
    if not flux and owner.keeper is not Keeper.NOBODY:
        why = f"{subject.route} is kept by {owner}: {owner.reverts}."
        by_hand = f"services:\n  - name: {subject.service.name}\n    nativeLB: true\n"
        return PlanRefusal(PlanReason.REVERTED, why, by_hand)
    services = choose(context, route)
    if isinstance(services, PlanRefusal):
        return services
    to = [{**service, native_lb.FIELD: True} for service in services]
    steps = [step(Action.SET_NATIVE_LB, target_of(route), services, to)]
    paused = annotation_of(route, RECONCILE)
    # Flux compares without regard to case.
    if flux and str(paused.get(RECONCILE)).lower() != DISABLED:
        pause = {RECONCILE: DISABLED}
        steps.insert(0, step(Action.PAUSE_RECONCILING, target_of(route), paused, pause))
    if not flux:
        return draft(context, Method.NATIVE_LB, steps, [])
    risk = KEPT_OFF.format(owner=owner, hours=RETURNS_AFTER // 60)
    return draft(context, Method.NATIVE_LB, steps, [risk], returns_after=RETURNS_AFTER)


def choose(context: PlanningContext, route: Manifest) -> list[dict[str, Any]] | PlanRefusal:
    """The places of the services that lead to the diagnosed one, with their present values."""
    service = context.subject.service
    place = service.namespace, service.name
    choice = native_lb.choose(route, {place: context.service or {}})

    def leads(at: dict[str, Any]) -> bool:
        reference, own = service_at(route, at), target_of(route).namespace
        return (reference.get("namespace") or own, reference.get("name")) == place

    if chosen := [at for at in map(_numbers, choice.add) if leads(at)]:
        return list(FIELDS[Action.SET_NATIVE_LB].read(route, chosen))
    if left := next((left for left in choice.left if leads(_numbers(left.path))), None):
        why = f"{left.name or 'Its service'}: {left.why}."
        return PlanRefusal(PlanReason.PER_POD, why[0].upper() + why[1:])
    return PlanRefusal(PlanReason.ALREADY, "Each of its services has nativeLB already.")


def _numbers(path: native_lb.Path) -> dict[str, Any]:
    """The numbers of a service and of its route in the lists of an IngressRoute."""
    return {"route": path[2], "service": path[4]}
