"""NO_ROUTE: the network knows at once that there is no way to that node's pods."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis import overlay_advice
from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Path, RouteEvidence
from bot.net.diagnosis.observation import Aim
from bot.net.diagnosis.overlay import Overlay
from bot.net.diagnosis.results import ResultState
from bot.net.diagnosis.rule import DecisionRule, Match


def find(evidence: RouteEvidence) -> Iterator[Match]:
    """Ways on which endpoint and our listener both meet an error that neither can have made.

    Seen: Endpoint, the VIP with that one endpoint and our own listener on its node all meet `no
        route to host` (or a refusal, though the listener answers others).
    Unlike: Silence is a dead overlay; a refusal of the endpoint alone leaves our listener
        open.
    """
    overlay = Overlay(evidence)
    for path in evidence.failing:
        if not _fits(overlay, path):
            continue
        direct, sole = evidence.beside(path), evidence.sole(path)
        gateway = direct.state is ResultState.REFUSED
        end = (
            "is refused by something in between" if gateway else "gets the error `no route to host`"
        )
        yield Match(
            because=(
                f"From `{path.ingress}`, all traffic to pods on `{path.endpoint.node}` {end}. Even "
                "the bot's own test pod there can't be reached."
            ),
            proven=direct.repeated and sole.fails,
            paths=(path,),
            bears=(Aim.ENDPOINT, Aim.SOLE_VIP, Aim.FAR),
        )


def _fits(overlay: Overlay, path: Path) -> bool:
    evidence = overlay.evidence
    direct, far = evidence.beside(path), evidence.listener(path)
    if not path.crosses or evidence.sole(path).successes:
        return False
    states = {direct.state, far.state}
    if states == {ResultState.REFUSED}:
        return overlay.alive(path.endpoint.node)
    # Silence beside it: the kernel limits how many of these errors it sends a second.
    return ResultState.NO_ROUTE in states and states <= {ResultState.NO_ROUTE, ResultState.SILENT}


RULE = DecisionRule(
    row=Row.NO_ROUTE,
    find=find,
    effect=Effect.USELESS,
    effect_because="The VIP leads to the same pod IP, which has no route either.",
    advice=overlay_advice.no_route,
)
