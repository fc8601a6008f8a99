"""TARGET_PORT: the Service leads to a port that the pod does not listen on."""

from __future__ import annotations

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Case
from bot.net.diagnosis.observation import Aim
from bot.net.diagnosis.refused_connections import RefusedPath, everywhere, mistaken, refusals
from bot.net.diagnosis.rule import DecisionRule, Match, certain, merged


def find(case: Case) -> Match | None:
    """Ports that are refused everywhere, of pods that listen on another one."""
    return merged(
        [_match(refusal) for refusal in refusals(case) if everywhere(refusal) and mistaken(refusal)]
    )


def _match(refusal: RefusedPath) -> Match:
    each = refusal.path.endpoint
    open_ = _open(refusal)
    declared = ", ".join(map(str, each.declared))
    said = f"its containers declare {declared}" if declared else "another port of it answers"
    return Match(
        because=(
            f"{each} refuses connections from everywhere, and {said}: the Service's targetPort "
            "does not fit the pod."
        ),
        confidence=certain(proven=open_ and refusal.direct.repeated),
        paths=frozenset({refusal.path}),
        places=(each.pod or str(each),),
        bears=(Aim.ENDPOINT, Aim.OTHER_PORT, Aim.SOLE_VIP),
        untested=() if open_ else ("No other port of the pod was seen open.",),
    )


def _open(refusal: RefusedPath) -> bool:
    places = (refusal.place, *refusal.case.places(Aim.OTHER_PORT))
    each = refusal.path.endpoint
    return any(refusal.case.other_ports(place, each).successes for place in places)


RULE = DecisionRule(
    row=Row.TARGET_PORT,
    find=find,
    effect=Effect.USELESS,
    effect_because="The VIP leads to the same wrong port.",
    seen=(
        "As APPLICATION, and the pod's containers declare other ports than the endpoint's, or "
        "declare none and the Service's own port answers on the pod."
    ),
    apart="An application that is down does not answer on the port that its containers declare.",
    advice=("Set the Service's targetPort to the port that the container listens on, in Git.",),
)
