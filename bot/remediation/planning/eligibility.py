"""Whether the evidence supports a switch to the VIP at all: as proven, as a trial, or not.

Source: issue 5. What is proven to help is proposed; what is not proven either way is a labelled
trial, which takes itself back; what is proven useless or harmful is refused.
"""

from __future__ import annotations

from enum import StrEnum

from bot.net.diagnosis.diagnosis import Diagnosis, Effect
from bot.remediation.planning.context import PlanningContext
from bot.remediation.planning.refusals import PlanReason, PlanRefusal


class Eligibility(StrEnum):
    """How the evidence stands to nativeLB."""

    PROVEN = "proven"
    TRIAL = "trial"


NOT_WORTH = {
    Effect.USELESS: PlanReason.USELESS,
    Effect.HARMS: PlanReason.HARMFUL,
    Effect.IMPOSSIBLE: PlanReason.IMPOSSIBLE,
    Effect.ALREADY: PlanReason.ALREADY,
    Effect.NEEDLESS: PlanReason.NEEDLESS,
}
TRIALS = (Effect.LOWERS, Effect.UNKNOWN)


def worth(situation: PlanningContext) -> Eligibility | PlanRefusal:
    """By the diagnosis, and by what the objects alone forbid."""
    effect = situation.diagnosis.effect
    if effect in NOT_WORTH:
        return PlanRefusal(NOT_WORTH[effect], _because(situation.diagnosis))
    if refusal := _forbidden(situation):
        return refusal
    return Eligibility.PROVEN if effect is Effect.HELPS else Eligibility.TRIAL


def _because(diagnosis: Diagnosis) -> str:
    return diagnosis.effect_because or diagnosis.because


def _forbidden(situation: PlanningContext) -> PlanRefusal | None:
    subject = situation.subject
    if subject.route is None:
        return PlanRefusal(PlanReason.NO_ROUTE, f"{subject.service} is a Service and no route.")
    if situation.traefik is None:
        return PlanRefusal(PlanReason.TRAEFIK_UNSEEN, "Which Traefik runs here was not seen.")
    if not situation.traefik.has_native_lb:
        shown = ".".join(map(str, situation.traefik.version[:2]))
        return PlanRefusal(PlanReason.TRAEFIK_TOO_OLD, f"Traefik {shown} knows no nativeLB.")
    if situation.route is None or situation.service is None:
        why = situation.unread or f"{subject.route} is not there any more."
        return PlanRefusal(PlanReason.NOT_READ, why)
    if lonely := _without_local(situation):
        named = ", ".join(lonely)
        why = f"internalTrafficPolicy is Local, and {named} has Traefik and no endpoint."
        return PlanRefusal(PlanReason.LOCAL_ONLY, why)
    return None


def _without_local(situation: PlanningContext) -> list[str]:
    subject = situation.subject
    if not subject.local_only:
        return []
    homes = {endpoint.node for endpoint in subject.endpoints}
    return [edge for edge in subject.edges if edge not in homes]
