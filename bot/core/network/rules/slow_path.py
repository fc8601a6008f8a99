"""SLOW_PATH: everything works, and takes its time."""

from __future__ import annotations

from bot.core.network.case import Case, Path
from bot.core.network.diagnosis import Effect, Row
from bot.core.network.observation import Aim
from bot.core.network.rule import Match, Rule, certain, merged
from bot.core.network.tally import Tally

SLOW = 200.0
"""Milliseconds to connect: more than half way round the earth takes on a good line."""


def find(case: Case) -> Match | None:
    """Ways that work every time, and are slow every time."""
    return merged([_match(case, path) for path in case.paths if _slow(case, path)])


def _slow(case: Case, path: Path) -> bool:
    return path.crosses and _late(case.direct(path))


def _late(direct: Tally) -> bool:
    return direct.ok and direct.typical is not None and direct.typical >= SLOW


def _match(case: Case, path: Path) -> Match:
    direct, far = case.direct(path), case.listener(path.edge, path.endpoint.node)
    trip = case.round_trip(case.stand(path.edge), path.endpoint.node)
    node = f" (the node itself or our listener there: {trip:.0f} ms)" if trip is not None else ""
    retried = any(each.retried for each in direct.answers)
    first = ", and the first one had to be tried again" if retried else ""
    return Match(
        because=(
            f"From {path.edge} to {path.endpoint.node} everything works, but a connection takes "
            f"{direct.typical or 0.0:.0f} ms{node}{first}."
        ),
        confidence=certain(proven=direct.repeated and _late(far)),
        places=(str(path),),
        bears=(Aim.ENDPOINT, Aim.FAR, Aim.NODE),
    )


RULE = Rule(
    row=Row.SLOW_PATH,
    find=find,
    effect=Effect.USELESS,
    effect_because="The VIP takes the same slow path.",
    seen="Every connection to a remote endpoint works, and typically takes 200 ms or longer.",
    apart="Lost packets make some connections a second late, not all of them a little.",
    advice=(
        "tailscale ping <node> on Traefik's node: `via DERP` is a relay; open UDP 41641 on one "
        "side for a direct path.",
        "Or keep replicas of the application on Traefik's node.",
    ),
)
