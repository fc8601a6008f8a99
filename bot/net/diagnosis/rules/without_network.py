"""NO_ENDPOINTS and OUTSIDE: what the objects alone decide."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import RouteEvidence
from bot.net.diagnosis.rule import DecisionRule, Match
from bot.net.diagnosis.subject import Subject


def find_outside(evidence: RouteEvidence) -> Iterator[Match]:
    """An ExternalName: where it leads is not the cluster's network.

    Seen: The Service is an ExternalName.
    Unlike: Nothing: the object says so.
    """
    service, name = evidence.subject.service, evidence.subject.external
    if name:
        because = f"{service} is an ExternalName for `{name}`, so it has no endpoints."
        yield Match(because, proven=True)


def find_none(evidence: RouteEvidence) -> Iterator[Match]:
    """No ready endpoint, or none on a node that is ready.

    Seen: The Service's EndpointSlices were read and have no ready endpoint for this port.
    Unlike: Slices that were not read prove nothing. Where all endpoints are on nodes that are
        not ready, these are at fault, and not a selector, a port or the pods.
    """
    subject = evidence.subject
    if subject.external or subject.endpoints or not subject.endpoints_seen:
        return
    none = f"{subject.service} has no ready endpoint on port {subject.port}"
    away = _nodes_away(subject)
    if away:
        names = ", ".join(away)
        whose = f"its node {names} is" if len(away) == 1 else f"its nodes {names} are"
        steps = tuple(NODE_AWAY.format(node=node) for node in away[:SHOWN])
        yield Match(f"{none}: {whose} not ready.", proven=True, places=away, instead=steps)
        return
    addresses = ", ".join(endpoint.address for endpoint in subject.unready[:SHOWN])
    unready = f". Not ready: {addresses}" if addresses else ""
    yield Match(f"{none}{unready}.", proven=True)


def _nodes_away(subject: Subject) -> tuple[str, ...]:
    """The nodes of all its endpoints, where none of them is ready."""
    nodes = tuple(dict.fromkeys(endpoint.node for endpoint in subject.unready))
    return nodes if all(not subject.node(name).ready for name in nodes) else ()


SHOWN = 4
NODE_AWAY = (
    "Check that node {node} answers, and its kubelet: "
    "`systemctl status k3s-agent || systemctl status k3s`"
)

OUTSIDE = DecisionRule(
    row=Row.OUTSIDE,
    find=find_outside,
    effect=Effect.IMPOSSIBLE,
    effect_because=(
        "An ExternalName has no VIP. Traefik v2 drops such a route, v3 ignores the setting."
    ),
    advice=(
        "Test the name from Traefik's node: `curl -sv http://NAME`",
        "If it's only another name for a Service in this cluster, use that Service in the route.",
    ),
)

NO_ENDPOINTS = DecisionRule(
    row=Row.NO_ENDPOINTS,
    find=find_none,
    effect=Effect.USELESS,
    effect_because="A VIP without endpoints refuses connections: 503 becomes 502.",
    advice=(
        "Run `/health endpoints`: it says whether the selector, the port's name or the pods are "
        "wrong.",
    ),
)
