"""REDIRECT: a nat rule on Traefik's node catches the pods' own packets to that port."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Path, RouteEvidence
from bot.net.diagnosis.native_lb_effect import leads_past
from bot.net.diagnosis.observation import Aim, ExecutionContext
from bot.net.diagnosis.refused_connections import RefusedPath, refusals
from bot.net.diagnosis.results import ResultState, milliseconds
from bot.net.diagnosis.rule import DecisionRule, Match


def find(evidence: RouteEvidence) -> Iterator[Match]:
    """Every way whose refusal was made on the source's own node.

    Seen: Pods on Traefik's node are refused on the endpoint's port; our listener or another
        port there is open; and either the refusal is faster than half the round trip to that
        node (2 ms or longer), or the VIP with that one endpoint works from the same place while
        no other node is refused. Where only Traefik's own pod could be asked: every endpoint is
        refused in both passes, the Service's VIP works every time in both, and no NetworkPolicy
        selects its pods; then it is likely, not proven.
    Unlike: NetworkPolicy and application refuse from the far node, so a round trip later,
        by the VIP too, and other nodes as well; a masquerade changes the address that our
        listener hears.
    """
    refused = tuple(refusals(evidence))
    sure = {(r.path.ingress, r.path.endpoint.port) for r in refused if _fits(r)}
    yield from (_match(r) for r in refused if _fits(r) or _alike(r, sure))


def _alike(refusal: RefusedPath, sure: set[tuple[str, int]]) -> bool:
    """The same port on the same node, of a pod that others reach: the same rule catches it."""
    caught = (refusal.path.ingress, refusal.path.endpoint.port) in sure
    return caught and refusal.pod_reached and any(result.ok for result in refusal.elsewhere)


def _fits(refusal: RefusedPath) -> bool:
    """The node's own packets pass no PREROUTING chain, so only a pod's can be caught."""
    if refusal.evidence.subject.in_host_network(refusal.path.ingress):
        return False
    if refusal.place.context is ExecutionContext.TRAEFIK:
        return _left_over(refusal)
    if not refusal.pod_reached:
        return False
    if refusal.by_source is not None:
        return refusal.by_source
    return refusal.sole.ok and _only_here(refusal)


def _left_over(refusal: RefusedPath) -> bool:
    """Where Traefik's own pod alone was asked: the VIP leads to the very pods that refuse it.

    An application, a port or a missing route would stop the VIP too, and so would a policy, unless
    a masquerade hides where the VIP's packets come from.
    """
    evidence = refusal.evidence
    return evidence.subject.policies == () and leads_past(evidence, refusal.path)


def _only_here(refusal: RefusedPath) -> bool:
    """Where time cannot tell: no other node is refused, or the packets are the same by the VIP."""
    if refusal.masqueraded is False and refusal.listens:
        return True
    remote = refusal.remote
    refused = any(result.state is ResultState.REFUSED for result in remote)
    return any(result.ok for result in remote) and not refused


def _match(refusal: RefusedPath) -> Match:
    path, port = refusal.path, refusal.path.endpoint.port
    decisive = refusal.sole.ok and refusal.repeated and refusal.far.ok
    elsewhere = any(result.ok for result in refusal.elsewhere)
    inside = refusal.place.context is ExecutionContext.TRAEFIK
    vip = (Aim.VIP,) if inside else ()
    unsure = (MASKED,) if inside else ()
    sole = () if inside or refusal.sole.seen else ("The VIP to this one endpoint wasn't tested.",)
    unlike = "" if inside else " Other ports there are open."
    return Match(
        because=(
            f"A NAT rule on node `{path.ingress}` intercepts port {port}. Connections from "
            f"{'Traefik' if inside else 'pods'} there to a pod on {_node(path)} are refused"
            f"{_sooner(refusal)}.{unlike}{_by_vip(refusal)}"
        ),
        proven=decisive and elsewhere,
        paths=(path,),
        places=(path.ingress,),
        bears=(Aim.ENDPOINT, Aim.SOLE_VIP, Aim.FAR, Aim.OTHER_PORT, Aim.NODE, *vip),
        untested=(*unsure, *sole),
        instead=(
            f"Find the rule on {path.ingress}: "
            f"`iptables-save -t nat | grep -E 'PREROUTING.*dport {port}'`",
        ),
    )


def _sooner(refusal: RefusedPath) -> str:
    if not refusal.by_source:
        return ""
    trip = refusal.evidence.round_trip(refusal.path) or 0.0
    took = refusal.direct.typical or 0.0
    return (
        f" in {milliseconds(took)}, faster than the round trip of {milliseconds(trip)}, so they "
        f"never leave `{refusal.path.ingress}`"
    )


def _by_vip(refusal: RefusedPath) -> str:
    if refusal.place.context is ExecutionContext.TRAEFIK:
        return " The Service's VIP leads to the same pods and works every time."
    return " The Service's VIP reaches the same pod." if refusal.sole.ok else ""


def _node(path: Path) -> str:
    return f"`{path.endpoint.node}`" if path.endpoint.node else "an unknown node"


MASKED = (
    "A firewall on the other node can look the same if masquerading hides Traefik's address. "
    "Install `deploy/components/prober` to tell them apart."
)


RULE = DecisionRule(
    row=Row.REDIRECT,
    find=find,
    effect=Effect.UNKNOWN,
    effect_because="The VIP wasn't tested often enough to know.",
    advice=(
        "Limit that rule to the outer interface (add `-i INTERFACE` or a destination address), or "
        "remove it.",
        "Until then, turn on nativeLB if the VIP works: kube-proxy rewrites the destination before "
        "that rule sees it.",
    ),
)
