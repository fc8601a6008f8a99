"""Whether the evidence supports a switch to the VIP at all: as proven, as a trial, or not.

What is proven to help is proposed; what is not proven either way is a labelled trial, which takes
itself back; what is proven useless or harmful is refused.
"""

from __future__ import annotations

from enum import StrEnum

from bot.net.diagnosis.diagnosis import Effect
from bot.remediation.planning.context import PlanningContext
from bot.remediation.planning.refusals import PlanReason, PlanRefusal


class Eligibility(StrEnum):
    """How far the evidence supports nativeLB."""

    PROVEN = "proven"
    TRIAL = "trial"


NOT_ELIGIBLE = {
    Effect.USELESS: PlanReason.USELESS,
    Effect.HARMS: PlanReason.HARMFUL,
    Effect.IMPOSSIBLE: PlanReason.IMPOSSIBLE,
    Effect.ALREADY: PlanReason.ALREADY,
    Effect.NEEDLESS: PlanReason.NEEDLESS,
}


def evaluate(context: PlanningContext) -> Eligibility | PlanRefusal:
    """Evaluate the diagnosis, and what the objects alone forbid."""
    subject, diagnosis, traefik = context.subject, context.diagnosis, context.traefik
    if reason := NOT_ELIGIBLE.get(diagnosis.effect):
        return PlanRefusal(reason, diagnosis.effect_because or diagnosis.because)
    if subject.route is None:
        return PlanRefusal(PlanReason.NO_ROUTE, f"{subject.service} is a Service and no route.")
    if traefik is None:
        return PlanRefusal(PlanReason.TRAEFIK_UNSEEN, "Which Traefik runs here was not seen.")
    if not traefik.has_native_lb:
        shown = ".".join(map(str, traefik.version[:2]))
        return PlanRefusal(PlanReason.TRAEFIK_TOO_OLD, f"Traefik {shown} knows no nativeLB.")
    if context.route is None or context.service is None:
        why = context.unread or f"{subject.route} is not there any more."
        return PlanRefusal(PlanReason.NOT_READ, why)
    served = {endpoint.node for endpoint in subject.endpoints}
    lonely = [node for node in subject.edges if node not in served]
    if subject.local_only and lonely:
        named = ", ".join(lonely)
        why = f"internalTrafficPolicy is Local, and {named} has Traefik and no endpoint."
        return PlanRefusal(PlanReason.LOCAL_ONLY, why)
    return Eligibility.PROVEN if diagnosis.effect is Effect.HELPS else Eligibility.TRIAL
