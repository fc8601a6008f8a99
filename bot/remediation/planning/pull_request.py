"""The same repair in the Git file that the object comes from, by a pull request, so it survives."""

from __future__ import annotations

from bot.domain.finding import Target
from bot.gitops.domain.file_edit import Chosen, EditKind, FileEdit, encoded
from bot.gitops.domain.ownership import Keeper, ObjectOwner
from bot.ingress_conversion.convert import ConversionResult, convert
from bot.remediation.change.fields import Action, annotations_of, service_at, target_of
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.step import MOST, Step
from bot.remediation.planning import native_lb
from bot.remediation.planning.annotation import refuse_sticky
from bot.remediation.planning.context import Manifest, PlanningContext
from bot.remediation.planning.evidence import draft
from bot.remediation.planning.ingress_handover import TOO_LARGE
from bot.remediation.planning.refusals import PlanReason, PlanRefusal
from bot.routing.native_lb import ANNOTATION, FIELD

NEVER_MERGED = (
    "The bot merges nothing: it waits for somebody who does, then for Flux, and tests then. What "
    "was merged is taken back by reverting the pull request."
)


def plan(context: PlanningContext) -> RepairPlan | PlanRefusal:
    """The edit of a file. Which file, is found when the repository is read."""
    edit = _smallest(context)
    if isinstance(edit, PlanRefusal):
        return edit
    if owner_of(context, edit)[0].keeper is Keeper.NOBODY:
        return PlanRefusal(PlanReason.NOT_KEPT, f"{edit.object} is kept in no file.")
    opening = Step(Action.OPEN_PULL_REQUEST, edit.object, to=encoded(edit))
    if len(opening.to) > MOST:
        return TOO_LARGE
    return draft(context, Method.PULL_REQUEST, [opening], [NEVER_MERGED])


def owner_of(context: PlanningContext, edit: FileEdit) -> tuple[ObjectOwner, Manifest]:
    """Who keeps the object that is edited, and the object."""
    if edit.kind is EditKind.ANNOTATE:
        return context.service_owner, context.service or {}
    return context.route_owner, context.route or {}


def _smallest(context: PlanningContext) -> FileEdit | PlanRefusal:
    """The smallest edit: the field of an IngressRoute, the Service's annotation, else the Ingress.

    The Ingress is replaced only if the Service is in no file of a Kustomization.
    """
    route, subject, traefik = context.route, context.subject, context.traefik
    if route is None or subject.route is None or traefik is None:
        return PlanRefusal(PlanReason.NOT_READ, context.unread or "The route was not read.")
    if subject.route.kind == "IngressRoute":
        services = native_lb.choose(context, route)
        if isinstance(services, PlanRefusal):
            return services
        chosen = (Chosen(entry["route"], entry["service"], entry["name"]) for entry in services)
        return FileEdit(kind=EditKind.NATIVE_LB, object=target_of(route), services=tuple(chosen))
    if refusal := refuse_sticky(context.service or {}):
        return refusal
    keeper = context.service_owner.keeper
    if keeper is not Keeper.NOBODY or context.route_owner.keeper is not Keeper.KUSTOMIZATION:
        service = Target("Service", subject.service.namespace, subject.service.name)
        return FileEdit(kind=EditKind.ANNOTATE, object=service)
    conversion = convert(route, context.known, traefik)
    if conversion.result is not ConversionResult.CONVERTED:
        why = f"It cannot be converted: {conversion.reason}"
        return PlanRefusal(PlanReason.NOT_FAITHFUL, why)
    manifests = tuple(dict(manifest) for manifest in conversion.manifests)
    return FileEdit(kind=EditKind.REPLACE, object=target_of(route), manifests=manifests)


def reached(edit: FileEdit, live: Manifest | None) -> bool:
    """Whether the live object is as the merged file says; a replaced Ingress is gone."""
    if edit.kind is EditKind.REPLACE or live is None:
        return edit.kind is EditKind.REPLACE and live is None
    if edit.kind is EditKind.ANNOTATE:
        return bool(annotations_of(live).get(ANNOTATION) == "true")

    def is_on(chosen: Chosen) -> bool:
        service = service_at(live, {"route": chosen.route, "service": chosen.service})
        return service.get("name") == chosen.name and service.get(FIELD) is True

    return all(map(is_on, edit.services))
