"""One tested request for a terminal, and the words that chat shares with it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from bot.domain.verdict import Verdict
from bot.net.request.result import Attempt, Reached, RequestStep, outcome
from bot.render import terminal
from bot.render import text as words

WIDE = 400

HEADS = {
    Verdict.HEALTHY: "It is reached",
    Verdict.DEGRADED: "It is reached, and does not do well",
    Verdict.FAILED: "It is not reached",
    Verdict.UNKNOWN: "Nothing could be tried",
}


def reached(each: Reached) -> RenderableType:
    """The verdict, then every step."""
    style = f"bold {terminal.STYLE[each.verdict]}"
    parts: list[RenderableType] = [Text(HEADS[each.verdict], style=style)]
    parts.append(Text(f"{words.line(each.start, WIDE)} -> {words.line(each.goal, WIDE)}"))
    parts.append(Text(words.line(each.because, WIDE)))
    for part, ended in steps(each):
        ended_as = (words.line(ended, WIDE), "bold")
        parts.append(Text.assemble("  ", words.line(part, WIDE), ": ", ended_as))
    parts += [
        Text.assemble(("not tested: ", "magenta"), words.line(one, WIDE)) for one in each.untested
    ]
    parts.append(Text(f"tested by {words.line(each.way, WIDE)}", "dim"))
    return Group(*parts)


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
