"""Way 1: the Service's annotation, for a plain Ingress. One added key, which Flux leaves alone.

Source: Traefik 2.10 and later; facts on Flux: an added map key by another field manager survives.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.finding import Target
from bot.gitops.domain.ownership import Keeper
from bot.remediation.change.fields import Action
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.step import step
from bot.remediation.planning.common import draft
from bot.remediation.planning.context import Manifest, PlanningContext
from bot.remediation.planning.eligibility import Eligibility
from bot.remediation.planning.refusals import PlanReason, PlanRefusal
from bot.routing.native_lb import ANNOTATION

STICKY = "traefik.ingress.kubernetes.io/service.sticky"
ON = "true"


def plan(situation: PlanningContext, worth: Eligibility) -> RepairPlan | PlanRefusal:
    """One annotation of the Service that the Ingress leads to."""
    subject, service = situation.subject, situation.service
    if subject.route is None or subject.route.kind != "Ingress" or service is None:
        why = "The annotation is for a plain Ingress: an IngressRoute does not read it."
        return PlanRefusal(PlanReason.OTHER_KIND, why)
    if obstacle := sticky(service):
        return obstacle
    owner = situation.service_owner
    if owner.keeper is Keeper.OTHER:
        why = f"{subject.service} is kept by {owner}, which may take the annotation away."
        return PlanRefusal(PlanReason.OWNED, why)
    notes = service.get("metadata", {}).get("annotations") or {}
    was = {ANNOTATION: notes[ANNOTATION]} if ANNOTATION in notes else {}
    target = Target("Service", subject.service.namespace, subject.service.name)
    made = step(Action.ANNOTATE_SERVICE, target, was, {ANNOTATION: ON})
    return draft(situation, worth, Method.ANNOTATION, (made,), tuple(_risks(situation)))


def sticky(service: Manifest) -> PlanRefusal | None:
    """Refused where a cookie names a pod."""
    notes = service.get("metadata", {}).get("annotations") or {}
    if any(key.startswith(STICKY) and value != "false" for key, value in notes.items()):
        why = "The Service's sticky cookie names a pod, and behind a VIP Traefik sees no pods."
        return PlanRefusal(PlanReason.PER_POD, why)
    return None


def _risks(situation: PlanningContext) -> Iterator[str]:
    if situation.sharing:
        named = ", ".join(map(str, situation.sharing[:5]))
        more = len(situation.sharing) - 5
        yield f"It holds for every Ingress of this Service, so also for {named}" + (
            f" and {more} more." if more > 0 else "."
        )
    owner = situation.service_owner
    if owner.keeper is Keeper.KUSTOMIZATION:
        yield f"{owner} leaves an added annotation alone, but it stands in no file."
    if owner.keeper in (Keeper.HELM_RELEASE, Keeper.HELM):
        yield (
            f"{owner} leaves an added annotation alone, unless its drift detection is on; "
            "it stands in no file."
        )
