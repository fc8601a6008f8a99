"""REDIRECT: a nat rule on Traefik's node catches the pods' own packets to that port."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import RouteEvidence
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
        selects its pods; then it is likely, and no more.
    Told apart: NetworkPolicy and application refuse from the far node, so a round trip later,
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
    sole = () if inside or refusal.sole.seen else ("The VIP with this one endpoint was not tried.",)
    unlike = "" if inside else ", while other ports there are open"
    return Match(
        because=(
            f"On {path.ingress}, connections of {'Traefik' if inside else 'pods'} to port {port} "
            f"of a pod on {path.endpoint.node or 'an unknown node'} are refused"
            f"{unlike}{_sooner(refusal)}{_by_vip(refusal)}: a nat rule of {path.ingress} itself "
            "catches them."
        ),
        proven=decisive and elsewhere,
        paths=(path,),
        places=(path.ingress,),
        bears=(Aim.ENDPOINT, Aim.SOLE_VIP, Aim.FAR, Aim.OTHER_PORT, Aim.NODE, *vip),
        untested=(*unsure, *sole),
        instead=(
            f"On {path.ingress}: `iptables-save -t nat | grep -E 'PREROUTING.*dport {port}'`",
        ),
    )


def _sooner(refusal: RefusedPath) -> str:
    if not refusal.by_source:
        return ""
    trip = refusal.evidence.round_trip(refusal.path) or 0.0
    took = refusal.direct.typical or 0.0
    trips = f"the round trip to that node ({milliseconds(trip)})"
    return f", and the refusal ({milliseconds(took)}) beats {trips}"


def _by_vip(refusal: RefusedPath) -> str:
    if refusal.place.context is ExecutionContext.TRAEFIK:
        return ", and the Service's VIP works every time, though it leads to these very pods"
    return ", and the VIP leads to the same pod" if refusal.sole.ok else ""


MASKED = (
    "A firewall of the other node, from which a masquerade hides Traefik's address, looks alike: "
    "`deploy/components/prober` shows which."
)


RULE = DecisionRule(
    row=Row.REDIRECT,
    find=find,
    effect=Effect.UNKNOWN,
    effect_because="Whether the VIP leads past that rule was not tried, or not often enough.",
    advice=(
        "Narrow that rule to the outer interface (add `-i <interface>` or a destination address), "
        "or remove it.",
        "Until then nativeLB is a sound way round where the VIP was seen to work: kube-proxy "
        "rewrites the destination first.",
    ),
)
