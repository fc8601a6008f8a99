"""MTU: small packets pass, large ones do not."""

from __future__ import annotations

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Case, Path
from bot.net.diagnosis.observation import Aim
from bot.net.diagnosis.results import ResultState
from bot.net.diagnosis.rule import DecisionRule, Match, certain, merged


def find(case: Case) -> Match | None:
    """Ways between nodes on which large payloads never arrive and small ones always do."""
    return merged(
        [
            found
            for path in case.paths
            if path.crosses
            for found in (_by_listener(case, path) or _by_request(case, path),)
            if found
        ]
    )


def _by_listener(case: Case, path: Path) -> Match | None:
    node = path.endpoint.node
    large = case.listener(path.edge, node, Aim.FAR_LARGE)
    small = case.listener(path.edge, node, Aim.FAR_SMALL)
    here = case.listener(path.edge, path.edge, Aim.FAR_LARGE)
    if not large.fails or not small.ok or here.fails:
        return None
    return _match(path, (Aim.FAR_LARGE, Aim.FAR_SMALL), proven=large.repeated and here.ok)


def _by_request(case: Case, path: Path) -> Match | None:
    """Where there is no listener: the route's own request, padded."""
    place = case.stand(path.edge)
    if case.listener(path.edge, path.endpoint.node, Aim.FAR_LARGE).seen:
        return None
    large = case.matching(place, (Aim.LARGE_REQUEST,), path.endpoint.node)
    stalls = large.fails and large.state in (ResultState.BROKEN, ResultState.SILENT)
    if not stalls or not case.request(place, path.endpoint).ok:
        return None
    return _match(path, (Aim.LARGE_REQUEST, Aim.REQUEST), proven=False)


def _match(path: Path, bears: tuple[Aim, ...], *, proven: bool) -> Match:
    return Match(
        because=(
            f"From {path.edge} to {path.endpoint.node} connections and small payloads pass, and "
            "payloads larger than a packet never do: packets are too large for some link."
        ),
        confidence=certain(proven=proven),
        places=(str(path),),
        bears=bears,
    )


RULE = DecisionRule(
    row=Row.MTU,
    find=find,
    effect=Effect.USELESS,
    effect_because="The VIP's packets are as large.",
    seen=(
        "To our listener on the endpoint's node, connecting and small payloads always work, 8 KiB "
        "never do; the same size passes on Traefik's own node."
    ),
    apart="Loss hits small payloads too, and spares some of the large ones.",
    advice=(
        "Compare ip link show flannel.1 and tailscale0 on both nodes: flannel.1 must be 50 less "
        "(vxlan) or 80 less (wireguard) than the interface below: 1230 or 1200 over Tailscale.",
        "Restart k3s on the node where it differs, so that flannel takes the MTU of tailscale0.",
    ),
)
