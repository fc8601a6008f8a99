"""STALE_ENDPOINTS: Traefik uses addresses that no slice has."""

from __future__ import annotations

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Case
from bot.net.diagnosis.observation import Aim
from bot.net.diagnosis.rule import DecisionRule, Match, certain

API = "API"


def find(case: Case) -> Match | None:
    """Servers of Traefik's, or addresses that it failed to reach, that nobody has any more."""
    if not case.subject.endpoints_seen or not case.subject.endpoints:
        return None
    listed = strays(case)
    failed = _failed(case)
    if not listed and not failed:
        return None
    fine = bool(case.paths) and all(case.direct(path).ok for path in case.paths)
    named = ", ".join(f"{address}:{port}" for address, port in (listed or failed)[:4])
    return Match(
        because=(
            f"Traefik {'sends to' if listed else 'failed to reach'} {named}, which is neither an "
            "endpoint of the Service nor its VIP: it has not heard of the present endpoints."
        ),
        confidence=certain(proven=bool(listed) and case.belief.of == API and fine),
        places=case.subject.edges,
        bears=(Aim.ENDPOINT,),
        untested=() if listed else ("Traefik's API, which would say what it sends to now.",),
    )


def strays(case: Case) -> tuple[tuple[str, int], ...]:
    """The servers of Traefik's that are in no slice and are no VIP."""
    return tuple(server for server in case.belief.servers or () if server[0] not in _known(case))


def _failed(case: Case) -> tuple[tuple[str, int], ...]:
    """By the log: only where every failure is about a strange address, and something is known."""
    if case.belief.servers is not None:
        return ()
    failures = [(failure.address, failure.port) for failure in case.belief.failures]
    return tuple(failures) if all(failure[0] not in _known(case) for failure in failures) else ()


def _known(case: Case) -> frozenset[str]:
    subject = case.subject
    return frozenset(
        {*(endpoint.address for endpoint in subject.endpoints), *subject.unready, *subject.vips}
    )


RULE = DecisionRule(
    row=Row.STALE_ENDPOINTS,
    find=find,
    effect=Effect.UNKNOWN,
    effect_because=(
        "The VIP does not grow stale, but a Traefik that hears of no change does not hear of this "
        "one either: mend that first."
    ),
    seen=(
        "Traefik's API (or else every failure of its log) names addresses that are in no slice of "
        "the Service and are no VIP, while the present endpoints answer."
    ),
    apart="Addresses that are in a slice are not stale, whether they answer or not.",
    advice=(
        "See whether Traefik may list and watch EndpointSlices (its log names forbidden requests); "
        "then restart it: kubectl rollout restart.",
    ),
)
