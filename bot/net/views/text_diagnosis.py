"""The words of a diagnosis that chat and terminal share, and how grave each verdict is."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.verdict import Verdict
from bot.net.diagnosis.diagnosis import Confidence, Diagnosis, Effect, Row, Seen

TITLE = {
    Row.HEALTHY: "The route works",
    Row.OVERLAY_DOWN: "The overlay is down",
    Row.ONE_WAY: "One direction is lost",
    Row.NODE_ADDRESS: "A node announces a wrong address",
    Row.NO_ROUTE: "There is no route to the node",
    Row.MTU: "Large packets are lost",
    Row.LOSS: "Packets are lost at random",
    Row.SLOW_PATH: "The path is slow",
    Row.CHECKSUM_OFFLOAD: "VIP traffic stalls",
    Row.VIP_BROKEN: "The VIP does not work on this node",
    Row.REDIRECT: "A rule on Traefik's node catches the traffic",
    Row.POLICY: "A NetworkPolicy refuses",
    Row.SOURCE_ADDRESS: "The source address decides",
    Row.STALE_ENDPOINTS: "Traefik uses addresses that are gone",
    Row.TARGET_PORT: "The Service names a wrong port",
    Row.APPLICATION: "The application does not answer",
    Row.NO_ENDPOINTS: "No endpoint is ready",
    Row.DNS: "DNS does not answer",
    Row.OUTSIDE: "The Service lies outside of the cluster",
    Row.INCONCLUSIVE: "Inconclusive",
}

MILD = frozenset({Row.LOSS, Row.SLOW_PATH, Row.DNS, Row.OUTSIDE, Row.VIP_BROKEN})
"""Rows in which the route still works, in part or for now."""


def verdict(each: Diagnosis) -> Verdict:
    """How grave it is, on the one scale: what nobody could tell is never healthy."""
    if each.row is Row.HEALTHY:
        return Verdict.HEALTHY
    if each.row is Row.INCONCLUSIVE:
        return Verdict.UNKNOWN
    return Verdict.DEGRADED if each.row in MILD else Verdict.FAILED


def sure(each: Diagnosis) -> str:
    """How certain it is, in a word or two; empty where there is nothing to be certain of."""
    return "" if each.confidence is Confidence.NONE else each.confidence.value


def native(effect: Effect) -> str:
    """What nativeLB would do, as a sentence's beginning."""
    return {
        Effect.HELPS: "nativeLB would help",
        Effect.LOWERS: "nativeLB would only lower the failure rate",
        Effect.USELESS: "nativeLB would not help",
        Effect.HARMS: "nativeLB would harm",
        Effect.IMPOSSIBLE: "nativeLB is impossible",
        Effect.ALREADY: "nativeLB is on already",
        Effect.NEEDLESS: "nativeLB is not needed",
        Effect.UNKNOWN: "Whether nativeLB would help is not known",
    }[effect]


def evidence(each: Diagnosis) -> Sequence[Seen]:
    """What the verdict rests on first: what failed, then what was seen from the same places."""
    failed = {_place(row) for row in each.evidence if row.bears and not well(row)}
    return sorted(
        each.evidence, key=lambda row: (not row.bears, well(row), _place(row) not in failed)
    )


def well(row: Seen) -> bool:
    """Whether it went well."""
    return row.result.startswith("ok")


def _place(row: Seen) -> str:
    return row.what.partition(" -> ")[0]
