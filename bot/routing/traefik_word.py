"""What Traefik itself says of a route: it refuses its rules, or requests of it fail.

Its own word counts more than what the objects look like. It is a supplement of a snapshot, read
from Traefik's API, log and metrics by bot.traefik.word, so that every view judges by the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.finding import Evidence, Judgement, Ref
from bot.domain.sentences import moment
from bot.domain.snapshot import Gap, Snapshot
from bot.domain.verdict import Verdict
from bot.routing.ready_servers import ready_since
from bot.routing.site_state import DOES_NOT_ANSWER

TRAEFIK_WORD = "Traefik's log"
"""The name of the gap where Traefik's own word could not be read."""

REQUESTS_FAIL = "RequestsFail"
"""The reason of a route whose requests did not reach a server."""

MISSED_BY_TRAEFIK = "SecretMissedByTraefik"
"""The reason of what needs a Secret that Traefik did not find."""

REFUSED_IN_LOG = "RefusedInTraefiksLog"
"""The reason of a route that Traefik refuses by its log, where its API tells nothing."""

ENDS_BY_SILENCE = frozenset({REQUESTS_FAIL, MISSED_BY_TRAEFIK, REFUSED_IN_LOG, DOES_NOT_ANSWER})
"""Reasons of what is said no more: that proves no good request, no Secret and no router."""

WORKS_AGAIN = Judgement(Verdict.HEALTHY, seen_well=True)
"""Requests of a route failed, and were seen to be answered since."""

RECENT = timedelta(minutes=15)
"""For how long a failed request shows how a route is now; afterwards that is unknown."""

KEPT = timedelta(hours=1)
"""For how long a failed request is known: as far back as Traefik's log is read."""

CLOCKS = timedelta(seconds=5)
"""By how much the clocks of two nodes may differ, Traefik's and a pod's."""

SHOWN = 3

BY_LOG, BY_METRICS = "Traefik's log", "Traefik's metrics"
"""What tells of failed requests."""


@dataclass(frozen=True, slots=True)
class FailedRequests:
    """Requests of a route that did not reach a server, in one way.

    `address` is that of the server; empty where nothing tells. `count` is without those of which
    another line of the log tells, too. `first` is the earliest that is known. `match` is their
    rule, empty where they may be of any rule of the route; a good request of it ends them.
    """

    count: int
    what: str = ""
    last: datetime | None = None
    address: str = ""
    first: datetime | None = None
    match: str = ""
    source: str = BY_LOG
    lost: bool = False


@dataclass(frozen=True, slots=True)
class LoggedRefusal:
    """What a line of Traefik's log says of a route that it refuses, and when it said so last."""

    text: str
    last: datetime


@dataclass(frozen=True, slots=True)
class TraefikWord:
    """What Traefik says of each route: its refusals, in its own words, and failed requests.

    `logged` are refusals by its log, where its API tells nothing. `warned` is what it says of
    routes that it serves all the same, in whole or in part. `missing` are Secrets that it did not
    find, by namespace and name, and when. `answered` is when a server last answered a request, by
    the route and the text of its rule. `metered` is the same by its metrics: the earliest time at
    which the last one may have been. `gaps` are what could not be read of it.
    """

    refused: Mapping[Ref, tuple[str, ...]] = field(default_factory=dict)
    failed: Mapping[Ref, tuple[FailedRequests, ...]] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    warned: Mapping[Ref, tuple[str, ...]] = field(default_factory=dict)
    missing: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    logged: Mapping[Ref, tuple[LoggedRefusal, ...]] = field(default_factory=dict)
    answered: Mapping[tuple[Ref, str], datetime] = field(default_factory=dict)
    metered: Mapping[tuple[Ref, str], datetime] = field(default_factory=dict)

    def of_objects(self) -> TraefikWord:
        """What it says of the objects alone."""
        return replace(self, failed={}, logged={}, answered={}, metered={})

    def good_requests(self, route: Ref, match: str) -> Iterator[datetime]:
        """When a server answered requests of a rule."""
        yield from filter(
            None, (known.get((route, match)) for known in (self.answered, self.metered))
        )


async def nothing_said() -> TraefikWord:
    """The word where nobody asks Traefik."""
    return TraefikWord()


def judgement(route: Ref, snapshot: Snapshot, passed: Iterable[datetime] = ()) -> Judgement | None:
    """The verdict that Traefik's word supports, None where it says nothing against a route.

    `passed` are the times of tests of the route that passed: what failed before is over. So it is
    where all servers that a request may have meant have become ready since.
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
    now, passed, requests = snapshot.taken_at, tuple(passed), word.failed.get(route, ())
    failed = standing_failures(route, snapshot, passed)
    logged = [
        one
        for one in word.logged.get(route, ())
        if not _is_over(one.last, "", route, snapshot, passed)
    ]
    judged = _failed(failed, now) if failed else _logged(logged, now) if logged else warned
    seen = [(one.last, _seen_well(one, route, word, passed)) for one in requests]
    seen += [(one.last, passed) for one in word.logged.get(route, ())]
    if judged is None and seen and all(_passed_since(last, well) for last, well in seen):
        return WORKS_AGAIN
    return warned if warned and judged and judged.verdict is Verdict.UNKNOWN else judged


def standing_failures(
    route: Ref, snapshot: Snapshot, passed: Iterable[datetime] = ()
) -> tuple[FailedRequests, ...]:
    """The failed requests of a route since which nothing was seen by which they no longer count."""
    word = snapshot.supplement(TraefikWord)
    passed = tuple(passed)
    if word is None:
        return ()
    return tuple(
        one
        for one in word.failed.get(route, ())
        if not _is_over(
            one.last, one.address, route, snapshot, _seen_well(one, route, word, passed)
        )
    )


def _seen_well(
    requests: FailedRequests, route: Ref, word: TraefikWord, passed: tuple[datetime, ...]
) -> tuple[datetime, ...]:
    """When tests passed, and when requests of the same rule were answered."""
    return (*passed, *(word.good_requests(route, requests.match) if requests.match else ()))


def _is_over(
    last: datetime | None,
    address: str,
    route: Ref,
    snapshot: Snapshot,
    passed: Iterable[datetime],
) -> bool:
    """Whether something was seen since by which it no longer counts, or it is long ago."""
    if last is None:
        return False
    if snapshot.taken_at - last > KEPT or _passed_since(last, passed):
        return True
    ready = ready_since(route, address, snapshot)
    return ready is not None and last + CLOCKS <= ready


def _passed_since(last: datetime | None, passed: Iterable[datetime]) -> bool:
    return any(last and at >= last for at in passed)


def _logged(refusals: Sequence[LoggedRefusal], now: datetime) -> Judgement:
    """Traefik repeats itself only at a configuration: later nobody knows whether it still does."""
    newest = max(refusals, key=lambda refusal: refusal.last)
    message = f"Traefik refuses it, by its log of {moment(newest.last)}: {newest.text}"
    recent = now - newest.last <= RECENT
    if not recent:
        message = f"{message.rstrip('.')}. Whether it still does is not known."
    evidence = tuple(Evidence("Traefik's log", one.text) for one in refusals[:SHOWN])
    verdict = Verdict.DEGRADED if recent else Verdict.UNKNOWN
    return Judgement(verdict, REFUSED_IN_LOG, message, evidence=evidence, fact=TRAEFIK_WORD)


def _said(verdict: Verdict, reason: str, does: str, texts: tuple[str, ...]) -> Judgement:
    evidence = tuple(Evidence("Traefik says", text) for text in texts[:SHOWN])
    message = f"Traefik {does}: {texts[0]}"
    return Judgement(verdict, reason, message, evidence=evidence, fact=TRAEFIK_WORD)


def _failed(failed: Sequence[FailedRequests], now: datetime) -> Judgement:
    total = max(1, sum(one.count for one in failed))
    count = f"{total:,} requests" if total > 1 else "1 request"
    what = tuple(dict.fromkeys(one.what for one in failed))[:SHOWN]
    last = max((one.last for one in failed if one.last), default=None)
    sources = " and ".join(dict.fromkeys(one.source for one in failed))
    message = f"{count} did not reach a server, by {sources}: {'; '.join(what)}."
    recent = last is None or now - last <= RECENT
    if not recent:
        message += " None failed of late, and whether it works now is not known."
    times = (Evidence("last failure", moment(last)),) if last else ()
    source_of = {one.what: one.source for one in failed}
    evidence = (*times, *(Evidence(source_of[text], text) for text in what))
    verdict = Verdict.DEGRADED if recent else Verdict.UNKNOWN
    return Judgement(verdict, REQUESTS_FAIL, message, evidence=evidence, fact=TRAEFIK_WORD)
