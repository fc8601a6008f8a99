"""The doctor's answer as a card: what failed first, each with its fix; what is well in a line."""

from __future__ import annotations

from collections.abc import Iterator

from bot.doctor.domain.examination import Area, CheckUp, Examination, Outcome
from bot.domain.verdict import Verdict
from bot.render import cards as render
from bot.render import text as words

VERDICT = {
    Outcome.OK: Verdict.HEALTHY,
    Outcome.NOTE: Verdict.SUSPENDED,
    Outcome.WARNING: Verdict.DEGRADED,
    Outcome.UNSEEN: Verdict.UNKNOWN,
    Outcome.FAILED: Verdict.FAILED,
}
"""The signs and colours are those of the reports."""

MARK = {outcome: words.MARK[VERDICT[outcome]] for outcome in Outcome} | {Outcome.NOTE: "⚪"}
SPELLED_OUT = (Outcome.FAILED, Outcome.UNSEEN, Outcome.WARNING)
SAW = 300
NAMES = 200
BRIEF = 80


def check_up(each: CheckUp) -> render.Card:
    """One message, however much is wrong: what does not fit is counted."""
    head = f"## {MARK[each.outcome]} {HEADS[each.outcome]}\n{each.headline}"
    tail = "\n".join(_tail(each))
    parts = list(_problems(each))
    room = render.TEXT - len(head) - len(tail) - 100
    shown: list[str] = []
    for part in parts:
        room -= len(part)
        if room < 0:
            break
        shown.append(part)
    if hidden := len(parts) - len(shown):
        shown.append(f"-# … and {hidden} more: `meshmedic doctor` in a terminal shows all.")
    return render.card(VERDICT[each.outcome], [head, *shown, tail], ())


HEADS = {
    Outcome.OK: "All is well",
    Outcome.NOTE: "All is well",
    Outcome.WARNING: "It works, with warnings",
    Outcome.UNSEEN: "Not everything could be seen",
    Outcome.FAILED: "Something is wrong",
}


def _problems(each: CheckUp) -> Iterator[str]:
    for outcome in SPELLED_OUT:
        for area in Area:
            yield from (_problem(one) for one in each.of(area) if one.outcome is outcome)


def _problem(one: Examination) -> str:
    saw = render.code(one.saw, SAW)
    fix = f"\n→ {one.fix}" if one.fix else ""
    return f"{MARK[one.outcome]} **{words.line(one.name, NAMES)}** {saw}{fix}"


def _tail(each: CheckUp) -> Iterator[str]:
    """A line an area of what is well, and a line of what is not used."""
    for area in Area:
        names = [one.name for one in each.examinations if _is(one, area, Outcome.OK)]
        if names:
            yield f"-# {MARK[Outcome.OK]} {area}: {', '.join(names)}"
    for area in Area:
        for one in each.of(area):
            if one.outcome is Outcome.NOTE:
                yield f"-# {MARK[Outcome.NOTE]} {one.name}: {render.code(one.saw, BRIEF)}"


def _is(one: Examination, area: Area, outcome: Outcome) -> bool:
    return one.area is area and one.outcome is outcome
