"""What requests through Traefik say of a route: before a change, and whether it helped after.

Source: issue 5: "repeated requests through Traefik for this route no longer return 502/504 and
reach the backend, compared with the baseline". Traefik's own 404 reaches no backend, and 503 says
that it knows none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
    """So many requests of which the same became."""

    sort: Sort
    what: str
    number: int


class Sample(msgspec.Struct, frozen=True):
    """Requests that were made, by what became of them."""

    counts: tuple[Count, ...] = ()

    def of(self, *sorts: Sort) -> int:
        """How many became that."""
        return sum(count.number for count in self.counts if count.sort in sorts)

    @property
    def asked(self) -> int:
        """How many were made at all."""
        return self.of(Sort.REACHED, Sort.FAILED, Sort.UNSERVED, Sort.REDIRECTED)

    @property
    def failures(self) -> int:
        """How many did not reach the backend, though Traefik serves the route."""
        return self.of(Sort.FAILED, Sort.UNSERVED)

    @property
    def well(self) -> bool:
        """Whether something was seen, and all of it went well."""
        return self.of(Sort.REACHED) > 0 and not self.failures

    def __add__(self, other: Sample) -> Sample:
        """Both together."""
        found: Counter[tuple[Sort, str]] = Counter()
        for count in (*self.counts, *other.counts):
            found[count.sort, count.what] += count.number
        return _counted(found)

    def __str__(self) -> str:
        """`20 requests: 18 HTTP 502, 2 HTTP 200`."""
        if not self.counts:
            return "no request was made"
        ordered = sorted(self.counts, key=lambda each: (-each.number, each.what))
        parts = ", ".join(f"{count.number} {count.what}" for count in ordered[:5])
        return f"{self.asked} requests: {parts}"


def sample(answers: Iterable[ProbeAnswer], own: frozenset[str]) -> Sample:
    """What became of requests. `own` are the prints of Traefik's own not-found page."""
    return _counted(Counter(_sorted(answer, own) for answer in answers))


def _counted(found: Counter[tuple[Sort, str]]) -> Sample:
    return Sample(tuple(sorted(Count(*key, number) for key, number in found.items())))


def _sorted(answer: ProbeAnswer, own: frozenset[str]) -> tuple[Sort, str]:
    if answer.outcome is Outcome.UNTRIED:
        return Sort.UNSEEN, "not tried"
    if answer.outcome in NO_TRAEFIK:
        # It never came to Traefik, so it says nothing of the route.
        return Sort.UNSEEN, "not taken by Traefik"
    if answer.outcome is not Outcome.OK:
        return Sort.FAILED, str(answer.outcome)
    what = f"HTTP {answer.status}"
    if answer.status in GATEWAY:
        return Sort.FAILED, what
    if answer.status == NOT_FOUND and answer.backend in own:
        return Sort.UNSERVED, f"{what} of Traefik itself"
    if answer.status in REDIRECTS:
        return Sort.REDIRECTED, what
    return Sort.REACHED, what


class VerificationResult(msgspec.Struct, frozen=True):
    """Whether a change helped, in a sentence that says what was seen."""

    helped: bool
    because: str


def judged(before: Sample, after: Sequence[Sample]) -> VerificationResult | None:
    """By all requests after the change, once Traefik has reloaded; None where more are wanted.

    `after` begins with the first sample that went well. A failure from then on is enough for no.
    """
    every = sum(after, Sample())
    if every.failures:
        return VerificationResult(helped=False, because=f"Before: {before}. After: {every}.")
    if not every.well or every.asked < WANTED:
        return None
    return VerificationResult(helped=True, because=f"Before: {before}. After: {every}.")


def unseen(before: Sample, after: Sequence[Sample]) -> VerificationResult:
    """Where the time was over without enough requests: not seen is no proof."""
    every = sum(after, Sample())
    return VerificationResult(
        helped=False, because=f"Not enough was seen. Before: {before}. After: {every}."
    )


def baseline_refusal(before: Sample) -> str:
    """Why nothing may be changed by what was seen before; empty where something fails."""
    return next(_objections(before), "")


def _objections(before: Sample) -> Iterator[str]:
    if not before.asked:
        yield "No request could be sent through Traefik, so nobody could tell whether it helped."
    elif not before.failures:
        yield f"Nothing fails now ({before}), so nobody could tell whether it helped."
    elif not before.of(Sort.FAILED) and before.of(Sort.UNSERVED):
        yield f"Traefik does not serve this route at all ({before}): that is another fault."
