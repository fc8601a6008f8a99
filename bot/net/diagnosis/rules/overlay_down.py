"""OVERLAY_DOWN: the pod network carries nothing to a node, or from it."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis import overlay_advice
from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import RouteEvidence
from bot.net.diagnosis.observation import Aim, VantagePoint
from bot.net.diagnosis.overlay import Overlay, format_pairs, lost
from bot.net.diagnosis.results import Result, ResultState
from bot.net.diagnosis.rule import DecisionRule, Match


def find(evidence: RouteEvidence) -> Iterator[Match]:
    """Ways that are lost for no nearer reason: neither an address nor one direction explains it.

    Seen: Endpoint, the VIP with that one endpoint and our own listener on its node all time out
        from Traefik's node, while that node answers at its own address.
    Unlike: Refusals: somebody answered. A policy that drops spares our listener. One
        direction, or a wrong announced address, has a row of its own.
    """
    overlay = Overlay(evidence)
    for path in evidence.failing:
        pair = path.nodes
        nearer = overlay.one_way(pair) is not None or set(pair) & set(overlay.misannounced())
        if nearer or not lost(evidence, path):
            continue
        culprit = overlay.culprit(pair)
        node = evidence.node(VantagePoint(path.ingress), path.endpoint.node)
        sole = evidence.sole(path)
        node_answers = bool(node.successes) or node.state is ResultState.REFUSED
        twice = evidence.beside(path).repeated and sole.repeated
        yield Match(
            because=(
                f"No pod traffic gets from `{path.ingress}` to `{path.endpoint.node}`. Neither the "
                f"endpoint nor the bot's own test pod there answers{_below(node)}."
            ),
            proven=node_answers and sole.fails and twice,
            paths=(path,),
            places=(culprit,) if culprit else format_pairs(overlay.dead or {pair}),
            bears=(Aim.ENDPOINT, Aim.SOLE_VIP, Aim.FAR, Aim.BACK, Aim.NODE, Aim.FAR_UDP),
            untested=() if overlay.both_known(pair) else (DIRECTION,),
        )


def _below(node: Result) -> str:
    """Whether the network below the overlay works."""
    if not node.seen:
        return ""
    if node.fails and node.state is ResultState.SILENT:
        return ", and the node's own address doesn't answer either"
    return ", but the node's own address does"


DIRECTION = "Whether only one direction fails: the test pods' own records couldn't be read."

RULE = DecisionRule(
    row=Row.OVERLAY_DOWN,
    find=find,
    effect=Effect.USELESS,
    effect_because="The VIP leads to the same pod IP over the same overlay.",
    advice=overlay_advice.overlay_down,
)
