"""Method 1: the Service's annotation, for a plain Ingress. One added key.

Source: Traefik 2.10 and later; Flux leaves a map key alone that another field manager added.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.finding import Target
from bot.domain.sentences import listed
from bot.gitops.domain.ownership import Keeper
from bot.remediation.change.fields import Action, annotation_of, annotations_of
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.step import step
from bot.remediation.planning.context import Manifest, PlanningContext
from bot.remediation.planning.evidence import draft
from bot.remediation.planning.refusals import PlanReason, PlanRefusal
from bot.routing.native_lb import ANNOTATION

STICKY = "traefik.ingress.kubernetes.io/service.sticky"
MOST_NAMED = 5
"""Ingresses of the same Service that a risk names."""


def plan(context: PlanningContext) -> RepairPlan | PlanRefusal:
    """One annotation of the Service behind an Ingress."""
    subject, service, owner = context.subject, context.service, context.service_owner
    if subject.route is None or subject.route.kind != "Ingress" or service is None:
        why = "The annotation is for a plain Ingress: an IngressRoute does not read it."
        return PlanRefusal(PlanReason.OTHER_KIND, why)
    if refusal := refuse_sticky(service):
        return refusal
    if owner.keeper is Keeper.OTHER:
        why = f"{subject.service} is kept by {owner}, which may take the annotation away."
        return PlanRefusal(PlanReason.OWNED, why)
    target = Target("Service", subject.service.namespace, subject.service.name)
    was, to = annotation_of(service, ANNOTATION), {ANNOTATION: "true"}
    annotate = step(Action.ANNOTATE_SERVICE, target, was, to)
    return draft(context, Method.ANNOTATION, [annotate], _risks(context))


def refuse_sticky(service: Manifest) -> PlanRefusal | None:
    """Refused if the Service's cookie names a pod."""
    annotations = annotations_of(service).items()
    if any(key.startswith(STICKY) and value != "false" for key, value in annotations):
        why = "The Service's sticky cookie names a pod, and behind a VIP Traefik sees no pods."
        return PlanRefusal(PlanReason.PER_POD, why)
    return None


def _risks(context: PlanningContext) -> Iterator[str]:
    owner, sharing = context.service_owner, context.sharing
    if sharing:
        named = listed(map(str, sharing), MOST_NAMED)
        yield f"It holds for every Ingress of this Service, so also for {named}."
    if owner.keeper in (Keeper.KUSTOMIZATION, Keeper.HELM_RELEASE, Keeper.HELM):
        yield (
            f"{owner} leaves an annotation alone that the bot added, but it stands in no file, and "
            "goes if somebody edits it with kubectl or makes the Service anew."
            if owner.keeper is Keeper.KUSTOMIZATION
            else f"{owner} leaves an added annotation alone, also with drift detection, but it "
            "stands in no file."
        )
