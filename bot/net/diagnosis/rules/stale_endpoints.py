"""STALE_ENDPOINTS: Traefik uses addresses that no slice has."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import RouteEvidence
from bot.net.diagnosis.observation import Aim
from bot.net.diagnosis.rule import DecisionRule, Match

API = "API"


def find(evidence: RouteEvidence) -> Iterator[Match]:
    """Servers of Traefik's, or addresses that it failed to reach, that nobody has any more.

    Seen: Traefik's API (or else every failure of its log) names addresses that are in no slice
        of the Service and aren't a VIP, while the present endpoints answer.
    Unlike: Addresses that are in a slice are not stale, whether they answer or not.
    """
    subject, belief = evidence.subject, evidence.belief
    if not subject.endpoints_seen or not subject.endpoints:
        return
    known = {endpoint.address for endpoint in subject.endpoints} | set(subject.vips)
    known |= {endpoint.address for endpoint in subject.unready}
    listed = [server for server in belief.servers or () if server[0] not in known]
    failed = [(failure.address, failure.port) for failure in belief.failures]
    if belief.servers is not None or any(address in known for address, _ in failed):
        # The log counts only where every failure is about a strange address, and nothing else is.
        failed = []
    if not listed and not failed:
        return
    fine = bool(evidence.paths) and all(evidence.direct(path).ok for path in evidence.paths)
    named = ", ".join(f"{address}:{port}" for address, port in (listed or failed)[:4])
    yield Match(
        because=(
            f"Traefik {'sends requests to' if listed else 'tried'} {named}, which is neither an "
            "endpoint of the Service nor its VIP. It doesn't know the current endpoints."
        ),
        proven=bool(listed) and belief.of == API and fine,
        places=subject.ingress_nodes,
        bears=(Aim.ENDPOINT,),
        untested=()
        if listed
        else ("Traefik's API, which would show where it sends requests now.",),
    )


RULE = DecisionRule(
    row=Row.STALE_ENDPOINTS,
    find=find,
    effect=Effect.UNKNOWN,
    effect_because=(
        "The VIP doesn't go stale, but a Traefik that misses changes would miss this one too. Fix "
        "that first."
    ),
    advice=(
        "Check that Traefik may list and watch EndpointSlices (its log shows forbidden requests). "
        "Then restart it with `kubectl rollout restart`.",
    ),
)
