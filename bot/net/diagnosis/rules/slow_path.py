"""SLOW_PATH: everything works, and takes its time."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis import overlay_advice
from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Path, RouteEvidence
from bot.net.diagnosis.observation import Aim
from bot.net.diagnosis.results import ResultState
from bot.net.diagnosis.rule import DecisionRule, Match


def find(evidence: RouteEvidence) -> Iterator[Match]:
    """Ways on which even the quickest connection is slow; what times out there is part of it.

    Seen: Connections to a remote endpoint come about, all or at least half of them, and even
        the quickest takes 200 ms or longer.
    Unlike: Lost packets make some connections a second late; the others are quick.
    """
    for path in evidence.paths:
        if not drags(evidence, path):
            continue
        direct, far = evidence.beside(path), evidence.listener(path)
        trip = evidence.round_trip(path)
        node = (
            ""
            if trip is None
            else f" (to the node itself or the bot's test pod there: {trip:.0f} ms)"
        )
        retried = any(answer.retried for answer in direct.answers)
        first = ", and the first one had to be retried" if retried else ""
        failed = direct.tries - direct.successes
        late = f", and {failed} of {direct.tries} timed out"
        yield Match(
            because=(
                f"A connection from `{path.ingress}` to `{path.endpoint.node}` takes "
                f"{direct.typical or 0.0:.0f} ms{node}{first}{late if failed else ''}."
            ),
            proven=direct.repeated and direct.ok and far.slow,
            paths=(path,),
            bears=(Aim.ENDPOINT, Aim.FAR, Aim.NODE),
        )


def drags(evidence: RouteEvidence, path: Path) -> bool:
    """Whether a way works, though slowly: at least half of its connections come about."""
    direct = evidence.beside(path)
    in_time = 2 * direct.successes >= direct.tries
    return (
        path.crosses
        and direct.slow
        and in_time
        and direct.state in (ResultState.OK, ResultState.MIXED)
    )


RULE = DecisionRule(
    row=Row.SLOW_PATH,
    find=find,
    effect=Effect.USELESS,
    effect_because="The VIP takes the same slow path.",
    advice=overlay_advice.slow_path,
)
