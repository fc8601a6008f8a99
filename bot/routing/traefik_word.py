"""What Traefik itself says of a route: it refuses its rules, or requests of it fail.

Its own word counts more than what the objects look like. It is a supplement of a snapshot, read
from Traefik's API and log by bot.traefik.word, so that every view judges by the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.finding import Evidence, Judgement, Ref
from bot.domain.snapshot import Gap, Snapshot
from bot.domain.verdict import Verdict

TRAEFIK_WORD = "Traefik's log"
"""The name of the gap where Traefik's own word could not be read."""

RECENT = timedelta(minutes=15)
"""For how long a failed request shows how a route is now; afterwards that is unknown."""

SHOWN = 3


@dataclass(frozen=True, slots=True)
class FailedRequests:
    """Requests of a route that did not reach a server, by Traefik's log."""

    count: int
    what: tuple[str, ...] = ()
    last: datetime | None = None

    def __add__(self, other: FailedRequests) -> FailedRequests:
        """Both together."""
        last = max(filter(None, (self.last, other.last)), default=None)
        return FailedRequests(self.count + other.count, (*self.what, *other.what), last)


@dataclass(frozen=True, slots=True)
class TraefikWord:
    """What Traefik says of each route: its refusals, in its own words, and failed requests.

    `warned` is what it says of routes that it serves all the same, in whole or in part. `gaps` are
    what could not be read of it.
    """

    refused: Mapping[Ref, tuple[str, ...]] = field(default_factory=dict)
    failed: Mapping[Ref, FailedRequests] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    warned: Mapping[Ref, tuple[str, ...]] = field(default_factory=dict)

    def of_objects(self) -> TraefikWord:
        """What it says of the objects alone."""
        return replace(self, failed={})


async def nothing_said() -> TraefikWord:
    """The word where nobody asks Traefik."""
    return TraefikWord()


def judgement(route: Ref, snapshot: Snapshot, passed: Iterable[datetime] = ()) -> Judgement | None:
    """The verdict that Traefik's word supports, None where it says nothing against a route.

    `passed` are the times of tests of the route that passed: what failed before is over.
    """
    word = snapshot.supplement(TraefikWord)
    if word is None:
        return None
    if refusals := word.refused.get(route):
        return _said(Verdict.FAILED, "RefusedByTraefik", "refuses it", refusals)
    warnings = word.warned.get(route)
    warned = (
        _said(Verdict.DEGRADED, "WarnedByTraefik", "warns of it", warnings) if warnings else None
    )
    failed = word.failed.get(route)
    if failed is None or (failed.last and any(moment >= failed.last for moment in passed)):
        return warned
    judged = _failed(failed, snapshot.taken_at)
    return judged if warned is None or judged.verdict is Verdict.DEGRADED else warned


def _said(verdict: Verdict, reason: str, does: str, texts: tuple[str, ...]) -> Judgement:
    evidence = tuple(Evidence("Traefik says", text) for text in texts[:SHOWN])
    return Judgement(verdict, reason, f"Traefik {does}: {texts[0]}", evidence=evidence)


def _failed(failed: FailedRequests, now: datetime) -> Judgement:
    count = f"{failed.count:,} requests" if failed.count > 1 else "1 request"
    message = (
        f"{count} of it did not reach a server, by Traefik's log: {'; '.join(failed.what[:SHOWN])}."
    )
    recent = failed.last is None or now - failed.last <= RECENT
    if not recent:
        message += " None failed of late, and whether it works now is not known."
    last = (Evidence("last failure", f"{failed.last:%Y-%m-%d %H:%M} UTC"),) if failed.last else ()
    evidence = (*last, *(Evidence("Traefik's log", text) for text in failed.what[:SHOWN]))
    return Judgement(
        Verdict.DEGRADED if recent else Verdict.UNKNOWN, "RequestsFail", message, evidence=evidence
    )
