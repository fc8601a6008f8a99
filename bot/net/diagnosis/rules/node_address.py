"""NODE_ADDRESS: flannel announces an address of a node that the others cannot reach it by."""

from __future__ import annotations

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Case, Path
from bot.net.diagnosis.observation import Aim
from bot.net.diagnosis.overlay import Overlay, lost
from bot.net.diagnosis.rule import DecisionRule, Match, certain, merged


def find(case: Case) -> Match | None:
    """Ways that are lost to or from a node whose announced address is none of its own."""
    overlay = Overlay(case)
    wrong = overlay.misannounced()
    if any(not set(pair) & set(wrong) for pair in overlay.dead):
        return None
    ways = [path for path in case.failing if lost(case, path)]
    return merged(
        [
            _match(overlay, path, guilty)
            for path in ways
            for guilty in wrong
            if guilty in (path.edge, path.endpoint.node)
        ]
    )


def _match(overlay: Overlay, path: Path, guilty: str) -> Match:
    node = overlay.case.subject.node(guilty)
    others = any(guilty not in pair for pair in overlay.carries)
    return Match(
        because=(
            f"Flannel announces {node.announced} for {guilty}, whose own addresses are "
            f"{', '.join(node.addresses)}: the other nodes send its pods' packets elsewhere."
        ),
        confidence=certain(proven=others and overlay.case.beside(path).repeated),
        paths=frozenset({path}),
        places=(guilty,),
        bears=(Aim.ENDPOINT, Aim.FAR, Aim.BACK, Aim.NODE),
        untested=() if others else ("No two other nodes were there to compare with.",),
    )


RULE = DecisionRule(
    row=Row.NODE_ADDRESS,
    find=find,
    effect=Effect.USELESS,
    effect_because="The VIP's packets go to the same wrong address.",
    seen=(
        "As OVERLAY_DOWN, every dead pair has one node in common, and that node's annotation "
        "flannel.alpha.coreos.com/public-ip is none of its own addresses, while other nodes' are."
    ),
    apart="Where every node's announcement differs, it is meant so and says nothing.",
    advice=(
        "On that node set --node-ip (and --flannel-iface=tailscale0) to the address by which the "
        "others reach it, and restart k3s there.",
    ),
)
