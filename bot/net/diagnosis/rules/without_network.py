"""NO_ENDPOINTS and OUTSIDE: what the objects alone decide."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import RouteEvidence
from bot.net.diagnosis.rule import DecisionRule, Match


def find_outside(evidence: RouteEvidence) -> Iterator[Match]:
    """An ExternalName: where it leads is not the cluster's network.

    Seen: The Service is an ExternalName.
    Told apart: Nothing: the object says so.
    """
    service, name = evidence.subject.service, evidence.subject.external
    if name:
        because = f"{service} is an ExternalName for {name}: it has no endpoints."
        yield Match(because, proven=True)


def find_none(evidence: RouteEvidence) -> Iterator[Match]:
    """No ready endpoint.

    Seen: The Service's EndpointSlices were read and have no ready endpoint for this port.
    Told apart: Slices that were not read prove nothing.
    """
    subject = evidence.subject
    if subject.external or subject.endpoints or not subject.endpoints_seen:
        return
    unready = f"; not ready: {', '.join(subject.unready[:4])}" if subject.unready else ""
    because = f"{subject.service} has no ready endpoint on port {subject.port}{unready}."
    yield Match(because, proven=True)


OUTSIDE = DecisionRule(
    row=Row.OUTSIDE,
    find=find_outside,
    effect=Effect.IMPOSSIBLE,
    effect_because="An ExternalName has no VIP: Traefik v2 drops such a route, v3 ignores it.",
    advice=(
        "Test the name from Traefik's node: curl -sv http://NAME.",
        "If it only stands for a Service of this cluster, point the route at that Service.",
    ),
)

NO_ENDPOINTS = DecisionRule(
    row=Row.NO_ENDPOINTS,
    find=find_none,
    effect=Effect.USELESS,
    effect_because="A VIP without endpoints refuses: 503 becomes 502.",
    advice=(
        "/health endpoints says whether the selector, the port's name or the pods are at fault.",
    ),
)
