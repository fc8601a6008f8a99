"""The words of one tested request that chat and terminal share."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.verdict import Verdict
from bot.net.request.result import Attempt, Reached, RequestStep, outcome

HEADS = {
    Verdict.HEALTHY: "It is reached",
    Verdict.DEGRADED: "It is reached, and does not do well",
    Verdict.FAILED: "It is not reached",
    Verdict.UNKNOWN: "Nothing could be tried",
}


def steps(each: Reached) -> Iterator[tuple[str, str]]:
    """Each part of the request, and how it ended."""
    if each.dns:
        found = f": {', '.join(each.addresses)}" if each.addresses else ""
        yield "DNS", f"{_ended(each.dns)}{found}"
    for attempt in each.attempts:
        for step in attempt.steps:
            yield f"{step.leg} {attempt.address}", _ended(step)
        if attempt.status:
            yield f"answer {attempt.address}", _answer(attempt)


def _ended(step: RequestStep) -> str:
    took = f" in {step.took:.1f} ms" if step.took is not None else ""
    return f"{outcome(step)}{took}"


def _answer(attempt: Attempt) -> str:
    backend = f", from {attempt.backend}" if attempt.backend else ""
    return f"HTTP {attempt.status}{backend}"
