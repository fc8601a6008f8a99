"""What requests through Traefik say of a route: before a change, and whether it helped after.

A change helped if repeated requests no longer fail at the gateway and reach the backend. Traefik's
own 404 reaches no backend, and its 503 says that it knows none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

from bot.net.probing.protocol import Outcome, ProbeAnswer

GATEWAY = frozenset({502, 503, 504})
"""Statuses by which Traefik says that it did not reach the backend."""

NO_TRAEFIK = frozenset({Outcome.REFUSED, Outcome.TIMEOUT, Outcome.NO_ROUTE})
"""How a request ends that does not even connect to Traefik's port."""

NOT_FOUND = 404
REDIRECTS = frozenset({301, 302, 307, 308})

WANTED = 30
"""Requests that must all go well after a change."""


class Sort(StrEnum):
    """What became of one request."""

    REACHED = "reached the backend"
    FAILED = "failed"
    UNSERVED = "not served by Traefik"
    REDIRECTED = "redirected"
    UNSEEN = "not seen"


class Count(msgspec.Struct, frozen=True, order=True):
    """How many requests ended in the same way."""

    sort: Sort
    what: str
    number: int


class Sample(msgspec.Struct, frozen=True):
    """Requests that were made, counted by what became of them."""

    counts: tuple[Count, ...] = ()

    def of(self, *sorts: Sort) -> int:
        """The number of requests of these sorts."""
        return sum(count.number for count in self.counts if count.sort in sorts)

    @property
    def asked(self) -> int:
        """The number of requests that came to Traefik."""
        return self.of(Sort.REACHED, Sort.FAILED, Sort.UNSERVED, Sort.REDIRECTED)

    @property
    def failures(self) -> int:
        """The number of requests that came to Traefik and to no backend."""
        return self.of(Sort.FAILED, Sort.UNSERVED)

    @property
    def well(self) -> bool:
        """Whether something was observed, and all of it went well."""
        return self.of(Sort.REACHED) > 0 and not self.failures

    def __add__(self, other: Sample) -> Sample:
        """Both samples together."""
        totals: Counter[tuple[Sort, str]] = Counter()
        for count in (*self.counts, *other.counts):
            totals[count.sort, count.what] += count.number
        return _counted(totals)

    def __str__(self) -> str:
        """`20 requests: 18 HTTP 502, 2 HTTP 200`."""
        if not self.counts:
            return "no request was made"
        ordered = sorted(self.counts, key=lambda count: (-count.number, count.what))
        parts = ", ".join(f"{count.number} {count.what}" for count in ordered[:5])
        return f"{self.asked} requests: {parts}"


def sample(answers: Iterable[ProbeAnswer], not_found: frozenset[str]) -> Sample:
    """What became of requests. `not_found` are the prints of Traefik's own not-found page."""
    return _counted(Counter(_sorted(answer, not_found) for answer in answers))


def _counted(totals: Counter[tuple[Sort, str]]) -> Sample:
    return Sample(tuple(sorted(Count(*key, number) for key, number in totals.items())))


def _sorted(answer: ProbeAnswer, not_found: frozenset[str]) -> tuple[Sort, str]:
    if answer.outcome is Outcome.UNTRIED:
        return Sort.UNSEEN, "not tried"
    if answer.outcome in NO_TRAEFIK:
        # It never came to Traefik, so it says nothing of the route.
        return Sort.UNSEEN, "not taken by Traefik"
    if answer.outcome is not Outcome.OK:
        return Sort.FAILED, str(answer.outcome)
    status = f"HTTP {answer.status}"
    if answer.status in GATEWAY:
        return Sort.FAILED, status
    if answer.status == NOT_FOUND and answer.backend in not_found:
        return Sort.UNSERVED, f"{status} of Traefik itself"
    return Sort.REDIRECTED if answer.status in REDIRECTS else Sort.REACHED, status


class VerificationResult(msgspec.Struct, frozen=True):
    """Whether a change helped, in a sentence that says what was observed."""

    helped: bool
    because: str


def evaluate(before: Sample, after: Sequence[Sample]) -> VerificationResult | None:
    """Evaluate all requests after a change; None if more are needed.

    `after` begins with the first sample that went well, once Traefik has reloaded. A failure from
    then on is enough for no.
    """
    total = sum(after, Sample())
    if not total.failures and (not total.well or total.asked < WANTED):
        return None
    because = f"Before: {before}. After: {total}."
    return VerificationResult(helped=not total.failures, because=because)


def unseen(before: Sample, after: Sequence[Sample]) -> VerificationResult:
    """The result if time ran out before there were enough requests: that proves nothing."""
    because = f"Not enough was seen. Before: {before}. After: {sum(after, Sample())}."
    return VerificationResult(helped=False, because=because)


def baseline_refusal(before: Sample) -> str:
    """Why nothing may be changed, by the requests before the change; empty if some fail."""
    if not before.asked:
        return "No request could be sent through Traefik, so nobody could tell whether it helped."
    if not before.failures:
        return f"Nothing fails now ({before}), so nobody could tell whether it helped."
    if not before.of(Sort.FAILED):
        return f"Traefik does not serve this route at all ({before}): that is another fault."
    return ""
