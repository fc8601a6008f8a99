"""MTU: small packets pass, large ones do not."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis import overlay_advice
from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Path, RouteEvidence
from bot.net.diagnosis.observation import Aim
from bot.net.diagnosis.results import ResultState
from bot.net.diagnosis.rule import DecisionRule, Match


def find(evidence: RouteEvidence) -> Iterator[Match]:
    """Ways between nodes on which large payloads never arrive and small ones always do.

    Seen: To our listener on the endpoint's node, connecting and small payloads always work, 8
        KiB never do; the same size passes on Traefik's own node.
    Unlike: Loss hits small payloads too, and spares some of the large ones.
    """
    for path in evidence.paths:
        if not path.crosses:
            continue
        by_listener, proven = _by_listener(evidence, path)
        if by_listener or _by_request(evidence, path):
            yield Match(
                because=(
                    f"From `{path.ingress}` to `{path.endpoint.node}`, connections and small "
                    "payloads pass, but payloads larger than one packet never do. The MTU is too "
                    "large for some link."
                ),
                proven=proven,
                places=(str(path),),
                bears=by_listener or (Aim.LARGE_REQUEST, Aim.REQUEST),
            )


def _by_listener(evidence: RouteEvidence, path: Path) -> tuple[tuple[Aim, ...], bool]:
    """What shows it by our own listener, and whether that is proof."""
    large = evidence.listener(path, Aim.FAR_LARGE)
    small = evidence.listener(path, Aim.FAR_SMALL)
    here = evidence.listener_from(path.ingress, path.ingress, Aim.FAR_LARGE)
    if not large.fails or not small.ok or here.fails:
        return (), False
    return (Aim.FAR_LARGE, Aim.FAR_SMALL), large.repeated and here.ok


def _by_request(evidence: RouteEvidence, path: Path) -> bool:
    """Where there is no listener: the route's own request, padded."""
    place = evidence.stand(path.ingress)
    if evidence.listener(path, Aim.FAR_LARGE).seen:
        return False
    large = evidence.matching(place, (Aim.LARGE_REQUEST,), path.endpoint.node)
    stalls = large.fails and large.state in (ResultState.BROKEN, ResultState.SILENT)
    return stalls and evidence.request(place, path.endpoint).ok


RULE = DecisionRule(
    row=Row.MTU,
    find=find,
    effect=Effect.USELESS,
    effect_because="The VIP's packets are just as large.",
    advice=overlay_advice.mtu,
)
