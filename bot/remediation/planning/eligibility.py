"""Whether the evidence supports a switch to the VIP at all.

What is proven useless or harmful is refused. What is proven to help is proposed, and what is not
proven either way is a labelled trial, which takes itself back.
"""

from __future__ import annotations

from bot.net.diagnosis.diagnosis import Effect
from bot.remediation.planning.context import PlanningContext
from bot.remediation.planning.refusals import PlanReason, PlanRefusal

NOT_ELIGIBLE = {
    Effect.USELESS: PlanReason.USELESS,
    Effect.HARMS: PlanReason.HARMFUL,
    Effect.IMPOSSIBLE: PlanReason.IMPOSSIBLE,
    Effect.ALREADY: PlanReason.ALREADY,
    Effect.NEEDLESS: PlanReason.NEEDLESS,
}


def refuse_ineligible(context: PlanningContext) -> PlanRefusal | None:
    """Why no method can be proposed, by the diagnosis or by the objects alone; None if one can."""
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
    return None
