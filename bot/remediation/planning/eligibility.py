"""Whether the evidence supports a switch to the VIP at all: as proven, as a trial, or not.

Source: issue 5. What is proven to help is proposed; what is not proven either way is a labelled
trial, which takes itself back; what is proven useless or harmful is refused.
"""

from __future__ import annotations

from enum import StrEnum

from bot.net.diagnosis.diagnosis import Diagnosis, Effect
from bot.remediation.planning.context import Situation
from bot.remediation.planning.refusals import Reason, Refusal


class Worth(StrEnum):
    """How the evidence stands to nativeLB."""

    PROVEN = "proven"
    TRIAL = "trial"


NOT_WORTH = {
    Effect.USELESS: Reason.USELESS,
    Effect.HARMS: Reason.HARMFUL,
    Effect.IMPOSSIBLE: Reason.IMPOSSIBLE,
    Effect.ALREADY: Reason.ALREADY,
    Effect.NEEDLESS: Reason.NEEDLESS,
}
TRIALS = (Effect.LOWERS, Effect.UNKNOWN)


def worth(situation: Situation) -> Worth | Refusal:
    """By the diagnosis, and by what the objects alone forbid."""
    effect = situation.diagnosis.effect
    if effect in NOT_WORTH:
        return Refusal(NOT_WORTH[effect], _because(situation.diagnosis))
    if refusal := _forbidden(situation):
        return refusal
    return Worth.PROVEN if effect is Effect.HELPS else Worth.TRIAL


def _because(diagnosis: Diagnosis) -> str:
    return diagnosis.effect_because or diagnosis.because


def _forbidden(situation: Situation) -> Refusal | None:
    subject = situation.subject
    if subject.route is None:
        return Refusal(Reason.NO_ROUTE, f"{subject.service} is a Service and no route.")
    if situation.traefik is None:
        return Refusal(Reason.TRAEFIK_UNSEEN, "Which Traefik runs here was not seen.")
    if not situation.traefik.has_native_lb:
        shown = ".".join(map(str, situation.traefik.version[:2]))
        return Refusal(Reason.TRAEFIK_TOO_OLD, f"Traefik {shown} knows no nativeLB.")
    if situation.route is None or situation.service is None:
        why = situation.unread or f"{subject.route} is not there any more."
        return Refusal(Reason.NOT_READ, why)
    if lonely := _without_local(situation):
        named = ", ".join(lonely)
        why = f"internalTrafficPolicy is Local, and {named} has Traefik and no endpoint."
        return Refusal(Reason.LOCAL_ONLY, why)
    return None


def _without_local(situation: Situation) -> list[str]:
    subject = situation.subject
    if not subject.local_only:
        return []
    homes = {each.node for each in subject.endpoints}
    return [each for each in subject.edges if each not in homes]
