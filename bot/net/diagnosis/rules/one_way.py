"""ONE_WAY: the pod network between two nodes carries one direction only."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis import overlay_advice
from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import RouteEvidence
from bot.net.diagnosis.observation import Aim
from bot.net.diagnosis.overlay import Overlay, format_pairs, lost
from bot.net.diagnosis.rule import DecisionRule, Match


def find(evidence: RouteEvidence) -> Iterator[Match]:
    """Ways that are lost although packets arrive in one direction.

    Seen: As OVERLAY_DOWN, and the listener on one node heard packets of the other, while in the
        other direction none arrived (or none came back).
    Unlike: Where neither listener heard anything, both directions are down.
    """
    overlay = Overlay(evidence)
    for path in evidence.failing:
        direction = overlay.one_way(path.nodes)
        if direction is None or not lost(evidence, path):
            continue
        source, target = direction
        if {source, target} & set(overlay.misannounced()):
            continue
        yield Match(
            because=(
                f"The pod network between `{source}` and `{target}` works in one direction only. "
                f"Packets from `{target}` reach `{source}`, but not the other way round."
            ),
            proven=overlay.both_known(path.nodes) and evidence.beside(path).repeated,
            paths=(path,),
            places=format_pairs([direction]),
            bears=(Aim.ENDPOINT, Aim.FAR, Aim.BACK, Aim.FAR_UDP, Aim.SOLE_VIP),
        )


RULE = DecisionRule(
    row=Row.ONE_WAY,
    find=find,
    effect=Effect.USELESS,
    effect_because="The VIP's packets take the same path and get lost in the same way.",
    advice=overlay_advice.one_way,
)
