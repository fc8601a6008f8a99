"""TARGET_PORT: the Service leads to a port that the pod does not listen on."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import RouteEvidence
from bot.net.diagnosis.observation import Aim
from bot.net.diagnosis.refused_connections import refusals
from bot.net.diagnosis.rule import DecisionRule, Match


def find(evidence: RouteEvidence) -> Iterator[Match]:
    """Ports that are refused everywhere, of pods that listen on another one.

    Seen: As APPLICATION, and the pod's containers declare other ports than the endpoint's, or
        declare none and the Service's own port answers on the pod.
    Unlike: An application that is down does not answer on the port that its containers
        declare.
    """
    for refusal in refusals(evidence):
        if not refusal.everywhere or not refusal.mistaken:
            continue
        endpoint, open_ = refusal.path.endpoint, refusal.other_port_open
        declared = ", ".join(map(str, endpoint.declared))
        why = (
            f"its containers declare {declared}" if declared else "another port of the pod answers"
        )
        yield Match(
            because=(
                f"The Service's targetPort is wrong: {endpoint} refuses connections from "
                f"everywhere, and {why}."
            ),
            proven=open_ and refusal.direct.repeated,
            paths=(refusal.path,),
            places=(endpoint.pod or str(endpoint),),
            bears=(Aim.ENDPOINT, Aim.OTHER_PORT, Aim.SOLE_VIP),
            untested=() if open_ else ("No other port of the pod was found open.",),
        )


RULE = DecisionRule(
    row=Row.TARGET_PORT,
    find=find,
    effect=Effect.USELESS,
    effect_because="The VIP leads to the same wrong port.",
    advice=("In Git, set the Service's `targetPort` to the port that the container listens on.",),
)
