"""NODE_ADDRESS: flannel announces an address of a node that the others cannot reach it by."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis import overlay_advice
from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import RouteEvidence
from bot.net.diagnosis.observation import Aim
from bot.net.diagnosis.overlay import Overlay, lost
from bot.net.diagnosis.rule import DecisionRule, Match


def find(evidence: RouteEvidence) -> Iterator[Match]:
    """Ways that are lost to or from a node whose announced address is none of its own.

    Seen: As OVERLAY_DOWN, every dead pair has one node in common, and that node's annotation
        flannel.alpha.coreos.com/public-ip is none of its own addresses, while other nodes' are.
    Unlike: Where every node's announcement differs, it is meant so and says nothing.
    """
    overlay = Overlay(evidence)
    wrong = overlay.misannounced()
    if any(not set(pair) & set(wrong) for pair in overlay.dead):
        return
    for path in evidence.failing:
        for name in wrong if lost(evidence, path) else ():
            if name not in path.nodes:
                continue
            node = evidence.subject.node(name)
            others = any(name not in pair for pair in overlay.carries)
            yield Match(
                because=(
                    f"Flannel announces `{node.announced}` for node `{name}`, but its own "
                    f"addresses are {', '.join(node.addresses)}. Other nodes send packets for its "
                    "pods to the wrong place."
                ),
                proven=others and evidence.beside(path).repeated,
                paths=(path,),
                places=(name,),
                bears=(Aim.ENDPOINT, Aim.FAR, Aim.BACK, Aim.NODE),
                untested=() if others else ("There were no two other nodes to compare with.",),
            )


RULE = DecisionRule(
    row=Row.NODE_ADDRESS,
    find=find,
    effect=Effect.USELESS,
    effect_because="The VIP's packets go to the same wrong address.",
    advice=overlay_advice.node_address,
)
