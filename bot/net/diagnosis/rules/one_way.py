"""ONE_WAY: the pod network between two nodes carries one direction only."""

from __future__ import annotations

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Case, Path
from bot.net.diagnosis.observation import Aim
from bot.net.diagnosis.overlay import Overlay, Pair, lost, told
from bot.net.diagnosis.rule import DecisionRule, Match, certain, merged


def find(case: Case) -> Match | None:
    """Ways that are lost although packets arrive in one direction."""
    overlay = Overlay(case)
    found = []
    for path in case.failing:
        way = overlay.one_way((path.edge, path.endpoint.node))
        if lost(case, path) and way and not set(way) & set(overlay.misannounced()):
            found.append(_match(overlay, path, way))
    return merged(found)


def _match(overlay: Overlay, path: Path, way: Pair) -> Match:
    pair = (path.edge, path.endpoint.node)
    both = None not in (overlay.arrived(*pair), overlay.arrived(*reversed(pair)))
    return Match(
        because=(
            f"Packets from {way[1]} reach {way[0]}, and those from {way[0]} to {way[1]} do not: "
            "the pod network carries one direction only."
        ),
        confidence=certain(proven=both and overlay.case.beside(path).repeated),
        paths=frozenset({path}),
        places=told([way]),
        bears=(Aim.ENDPOINT, Aim.FAR, Aim.BACK, Aim.FAR_UDP, Aim.SOLE_VIP),
    )


RULE = DecisionRule(
    row=Row.ONE_WAY,
    find=find,
    effect=Effect.USELESS,
    effect_because="The VIP's packets take the same way, and their answers are lost the same.",
    seen=(
        "As OVERLAY_DOWN, and the listener on one node heard packets of the other, while in the "
        "other direction none arrived (or none came back)."
    ),
    apart="Where neither listener heard anything, both directions are down.",
    advice=(
        "Look for what drops UDP 8472 in the direction named: the sender's outgoing and the "
        "receiver's incoming firewall, and a tailnet ACL that names one direction.",
        "See that the sender knows the other's address: bridge fdb show dev flannel.1.",
    ),
)
