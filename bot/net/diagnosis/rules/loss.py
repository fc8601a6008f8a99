"""LOSS: some packets get through, and some do not."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis import overlay_advice
from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Path, RouteEvidence
from bot.net.diagnosis.observation import Aim, VantagePoint
from bot.net.diagnosis.results import ResultState
from bot.net.diagnosis.rule import DecisionRule, Match

TRIES = 20
"""Fewer tries give no rate."""

IMPAIRED = 3
"""Tries that lost a packet: as many as this are not an accident."""


def find(evidence: RouteEvidence) -> Iterator[Match]:
    """Ways between nodes on which our own listener loses packets too.

    Seen: Of 20 or more fresh connections to the endpoint and to our listener on its node, three
        or more timed out or came a second late (a packet that had to be sent again), and others
        did not; the second pass shows it again.
    Unlike: A fault that healed while it was tested fails first and works then; a slow path
        is late every time; an overloaded application spares our listener.
    """
    for path in evidence.paths:
        if not path.crosses or not loses(evidence, path):
            continue
        direct, far = evidence.beside(path), evidence.listener(path)
        tries, impaired = direct.tries + far.tries, direct.impaired + far.impaired
        yield Match(
            because=(
                f"Packets get lost between `{path.ingress}` and `{path.endpoint.node}`: {impaired} "
                f"of {tries} new connections timed out or lost a packet"
                f"{_datagrams(evidence, path)}{_below(evidence, path)}."
            ),
            proven=direct.repeated and far.repeated,
            paths=(path,),
            bears=(Aim.ENDPOINT, Aim.FAR, Aim.FAR_UDP, Aim.NODE),
        )


def loses(evidence: RouteEvidence, path: Path) -> bool:
    """Whether endpoint and listener both lose packets there, and neither all of them."""
    direct, far = evidence.beside(path), evidence.listener(path)
    # Failures of the kind that lost packets make, and no others.
    by_loss = direct.successes and direct.successes + direct.impaired >= direct.tries
    return bool(
        by_loss
        and not direct.slow
        and direct.state in (ResultState.OK, ResultState.MIXED)
        and far.successes
        and far.impaired
        and direct.impaired + far.impaired >= IMPAIRED
        and direct.tries + far.tries >= TRIES
    )


def _datagrams(evidence: RouteEvidence, path: Path) -> str:
    udp = evidence.listener(path, Aim.FAR_UDP)
    gone = udp.tries - udp.successes
    return f", and {gone} of {udp.tries} UDP packets got no answer" if udp.seen else ""


def _below(evidence: RouteEvidence, path: Path) -> str:
    node = evidence.node(VantagePoint(path.ingress), path.endpoint.node)
    if not node.seen or node.tries < TRIES:
        return ""
    return (
        ". The node's own address loses them too, so the problem is below the overlay"
        if node.impaired
        else ". The node's own address loses none, so the problem is the overlay"
    )


RULE = DecisionRule(
    row=Row.LOSS,
    find=find,
    effect=Effect.USELESS,
    effect_because="The VIP's packets take the same path and get lost as often.",
    advice=overlay_advice.loss,
)
