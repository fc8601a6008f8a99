"""The same repair in the file that the object comes from: by a pull request, so that it stays.

Source: issue 5, "GitOps: the change must survive".
"""

from __future__ import annotations

from bot.domain.finding import Target
from bot.gitops.domain.file_edit import Chosen, EditKind, FileEdit, encoded
from bot.gitops.domain.ownership import Keeper, ObjectOwner
from bot.ingress_conversion.convert import Became, convert
from bot.remediation.change.fields import Action
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.step import MOST, Step
from bot.remediation.planning import native_lb
from bot.remediation.planning.annotation import sticky
from bot.remediation.planning.common import draft, group_of
from bot.remediation.planning.context import Manifest, PlanningContext
from bot.remediation.planning.eligibility import Eligibility
from bot.remediation.planning.refusals import PlanReason, PlanRefusal
from bot.routing.native_lb import ANNOTATION, FIELD

NEVER_MERGED = (
    "The bot merges nothing: it waits for somebody who does, then for Flux, and tests then. What "
    "was merged is taken back by reverting the pull request."
)


def plan(situation: PlanningContext, worth: Eligibility) -> RepairPlan | PlanRefusal:
    """The edit of a file; which file, is found when the repository is read."""
    edit = wanted(situation)
    if isinstance(edit, PlanRefusal):
        return edit
    if owner_of(situation, edit)[0].keeper is Keeper.NOBODY:
        why = f"{edit.object.kind} {edit.object.namespace}/{edit.object.name} is kept in no file."
        return PlanRefusal(PlanReason.NOT_KEPT, why)
    made = Step(Action.OPEN_PULL_REQUEST, edit.object, to=encoded(edit))
    if len(made.to) > MOST:
        return PlanRefusal(PlanReason.TOO_LARGE, "It is larger than what a Change holds.")
    return draft(situation, worth, Method.PULL_REQUEST, (made,), (NEVER_MERGED,))


def owner_of(situation: PlanningContext, edit: FileEdit) -> tuple[ObjectOwner, Manifest]:
    """Who keeps the object that is edited, and the object."""
    if edit.kind is EditKind.ANNOTATE:
        return situation.service_owner, situation.service or {}
    return situation.route_owner, situation.route or {}


def wanted(situation: PlanningContext) -> FileEdit | PlanRefusal:
    """The smallest edit: the field of an IngressRoute, the Service's annotation, else the Ingress.

    The Ingress is replaced only where the Service is in no file of a Kustomization.
    """
    route, subject, traefik = situation.route, situation.subject, situation.traefik
    if route is None or subject.route is None or traefik is None:
        return PlanRefusal(PlanReason.NOT_READ, situation.unread or "The route was not read.")
    at = Target(subject.route.kind, subject.route.namespace, subject.route.name, group_of(route))
    if at.kind == "IngressRoute":
        found = native_lb.chosen(situation, route)
        if isinstance(found, PlanRefusal):
            return found
        places = (
            Chosen(service["route"], service["service"], service["name"]) for service in found
        )
        return FileEdit(kind=EditKind.NATIVE_LB, object=at, services=tuple(places))
    if refusal := sticky(situation.service or {}):
        return refusal
    kept = situation.service_owner.keeper
    if kept is not Keeper.NOBODY or situation.route_owner.keeper is not Keeper.KUSTOMIZATION:
        service = Target("Service", subject.service.namespace, subject.service.name)
        return FileEdit(kind=EditKind.ANNOTATE, object=service)
    made = convert(route, situation.known, traefik)
    if made.became is not Became.CONVERTED:
        return PlanRefusal(PlanReason.NOT_FAITHFUL, f"It cannot be converted: {made.reason}")
    manifests = tuple(dict(manifest) for manifest in made.manifests)
    return FileEdit(kind=EditKind.REPLACE, object=at, manifests=manifests)


def reached(edit: FileEdit, live: Manifest | None) -> bool:
    """Whether the live object is as the merged file says; a replaced Ingress is gone."""
    if edit.kind is EditKind.REPLACE or live is None:
        return edit.kind is EditKind.REPLACE and live is None
    if edit.kind is EditKind.ANNOTATE:
        notes = live.get("metadata", {}).get("annotations") or {}
        return bool(notes.get(ANNOTATION) == "true")
    return all(_on(live, service) for service in edit.services)


def _on(live: Manifest, each: Chosen) -> bool:
    routes = (live.get("spec") or {}).get("routes") or []
    services = routes[each.route].get("services") or [] if each.route < len(routes) else []
    found = services[each.service] if each.service < len(services) else {}
    return bool(found.get("name") == each.name and found.get(FIELD) is True)
