"""OVERLAY_DOWN: the pod network carries nothing to a node, or from it."""

from __future__ import annotations

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Case, Path
from bot.net.diagnosis.observation import Aim, VantagePoint
from bot.net.diagnosis.overlay import Overlay, lost, told
from bot.net.diagnosis.rule import DecisionRule, Match, certain, merged


def find(case: Case) -> Match | None:
    """Ways that are lost for no nearer reason: neither an address nor one direction explains it."""
    overlay = Overlay(case)
    ways = [path for path in case.failing if lost(case, path) and _whole(overlay, path)]
    return merged([_match(overlay, path) for path in ways])


def _whole(overlay: Overlay, path: Path) -> bool:
    pair = (path.edge, path.endpoint.node)
    return overlay.one_way(pair) is None and not set(pair) & set(overlay.misannounced())


def _match(overlay: Overlay, path: Path) -> Match:
    case, pair = overlay.case, (path.edge, path.endpoint.node)
    culprit = overlay.culprit(pair)
    node = case.node(VantagePoint(path.edge), path.endpoint.node)
    sole = case.sole(case.stand(path.edge), path.endpoint)
    proven = node.successes or node.state.value == "refused"
    return Match(
        because=(
            f"Nothing of the pod network gets from {path.edge} to {path.endpoint.node}: neither "
            f"the endpoint nor our own listener there answers{_below(case, path)}."
        ),
        confidence=certain(
            proven=bool(proven) and sole.fails and case.beside(path).repeated and sole.repeated
        ),
        paths=frozenset({path}),
        places=(culprit,) if culprit else told(overlay.dead or {pair}),
        bears=(Aim.ENDPOINT, Aim.SOLE_VIP, Aim.FAR, Aim.BACK, Aim.NODE, Aim.FAR_UDP),
        untested=_direction(overlay, path),
    )


def _below(case: Case, path: Path) -> str:
    node = case.node(VantagePoint(path.edge), path.endpoint.node)
    if not node.seen:
        return ""
    if node.fails and node.state.value == "timeout":
        return ", and the node itself does not answer at its own address either"
    return ", although the node itself is reached at its own address"


def _direction(overlay: Overlay, path: Path) -> tuple[str, ...]:
    pair = (path.edge, path.endpoint.node)
    if None not in (overlay.arrived(*pair), overlay.arrived(*reversed(pair))):
        return ()
    return ("Whether only one direction is lost: what the listeners heard could not be read.",)


RULE = DecisionRule(
    row=Row.OVERLAY_DOWN,
    find=find,
    effect=Effect.USELESS,
    effect_because="kube-proxy turns the VIP into the same pod IP, on the same overlay.",
    seen=(
        "Endpoint, the VIP with that one endpoint and our own listener on its node all time out "
        "from Traefik's node, while that node answers at its own address."
    ),
    apart=(
        "Refusals: somebody answered. A policy that drops spares our listener. One direction, or "
        "a wrong announced address, has a row of its own."
    ),
    advice=(
        "On the node named: ip -d link show flannel.1. It vanishes when tailscale0 is made anew "
        "(k3s issues 12436 and 14142): restart k3s (or k3s-agent) there, then upgrade k3s.",
        "If it is there: see whether UDP 8472 passes between the nodes (host firewall, tailnet "
        "ACL, Tailscale's stateful filtering).",
        "If the node does not answer at its own address either: tailscale status on it first.",
    ),
)
