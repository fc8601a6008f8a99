"""NO_ENDPOINTS and OUTSIDE: what the objects alone decide."""

from __future__ import annotations

from bot.net.diagnosis.diagnosis import Confidence, Effect, Row
from bot.net.diagnosis.evidence import Case
from bot.net.diagnosis.rule import DecisionRule, Match


def find_outside(case: Case) -> Match | None:
    """An ExternalName: where it leads is not the cluster's network."""
    subject = case.subject
    if not subject.external:
        return None
    because = f"{subject.service} is an ExternalName for {subject.external}: it has no endpoints."
    return Match(because=because, confidence=Confidence.PROVEN)


def find_none(case: Case) -> Match | None:
    """No ready endpoint."""
    subject = case.subject
    if subject.external or subject.endpoints or not subject.endpoints_seen:
        return None
    unready = f"; not ready: {', '.join(subject.unready[:4])}" if subject.unready else ""
    because = f"{subject.service} has no ready endpoint on port {subject.port}{unready}."
    return Match(because=because, confidence=Confidence.PROVEN)


OUTSIDE = DecisionRule(
    row=Row.OUTSIDE,
    find=find_outside,
    effect=Effect.IMPOSSIBLE,
    effect_because="An ExternalName has no VIP: Traefik v2 drops such a route, v3 ignores it.",
    seen="The Service is an ExternalName.",
    apart="Nothing: the object says so.",
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
    seen="The Service's EndpointSlices were read and have no ready endpoint for this port.",
    apart="Slices that were not read prove nothing.",
    advice=(
        "/health endpoints says whether the selector, the port's name or the pods are at fault.",
    ),
)
