"""The answer to `/net diagnose`: the verdict in a sentence, nativeLB, what to do, the evidence."""

from __future__ import annotations

from bot.domain.verdict import Verdict
from bot.net.diagnosis.diagnosis import Diagnosis
from bot.net.views import terminal_diagnosis
from bot.net.views import text_diagnosis as told
from bot.render import cards as render
from bot.render import text as words

EVIDENCE = 6
"""Rows that are shown; the file has them all."""

SENTENCE = 600
LINE = 160
UNTESTED = 3
FILE = "diagnosis.txt"


def diagnosis(each: Diagnosis, rows: list[render.Row]) -> render.Card:
    """One message, and the whole of it as a file."""
    verdict = told.verdict(each)
    head, tail = _head(each, verdict), _tail(each)
    room = render.TEXT - len(head) - len(tail)
    # What bears less is left out first; the file has it.
    shown: list[str] = []
    for part in (_native(each), _do(each), _evidence(each), _untested(each)):
        if part and len(part) <= room:
            shown.append(part)
            room -= len(part)
    made = render.card(verdict, [head, *shown, tail], rows)
    whole = render.Attachment(FILE, terminal_diagnosis.text(each).encode())
    return render.with_files(made, (whole,))


def progress(subject: str, said: str) -> render.Card:
    """What goes on, while it does."""
    line = f"{render.code(subject, LINE)}\n-# {render.escape(words.line(said, LINE))}"
    return render.card(Verdict.PROGRESSING, [f"## 🔵 Testing\n{line}"], ())


def _head(each: Diagnosis, verdict: Verdict) -> str:
    sure = told.sure(each)
    title = f"## {words.MARK[verdict]} {told.TITLE[each.row]}{f' · {sure}' if sure else ''}"
    places = ", ".join(render.code(place, 60) for place in each.places[:5])
    where = f"\n**Where** {places}" if places else ""
    return f"{title}\n{render.escape(words.line(each.because, SENTENCE))}{where}"


def _native(each: Diagnosis) -> str:
    because = render.escape(words.line(each.effect_because, SENTENCE))
    return f"**{told.native(each.effect)}.** {because}"


def _do(each: Diagnosis) -> str:
    steps = [*each.advice[:4], *([each.next] if each.next else [])]
    lines = [
        f"{number}. {render.escape(words.line(step, 300))}" for number, step in enumerate(steps, 1)
    ]
    return "**What to do**\n" + "\n".join(lines) if lines else ""


def _evidence(each: Diagnosis) -> str:
    rows = told.evidence(each)
    lines = [
        f"{render.code(row.what, 90)} {render.code(row.result, 70)}" for row in rows[:EVIDENCE]
    ]
    if len(rows) > EVIDENCE:
        lines.append(f"-# … and {len(rows) - EVIDENCE} more tests in the file")
    return "**What was seen**\n" + "\n".join(lines) if lines else ""


def _untested(each: Diagnosis) -> str:
    lines = [f"-# {render.escape(words.line(one, LINE))}" for one in each.untested[:UNTESTED]]
    if len(each.untested) > UNTESTED:
        lines.append(f"-# … and {len(each.untested) - UNTESTED} more in the file")
    title = f"{words.MARK[Verdict.UNKNOWN]} **not tested**\n"
    return title + "\n".join(lines) if lines else ""


def _tail(each: Diagnosis) -> str:
    by = render.escape(words.line(each.prober, LINE)) or "nothing: there is no prober"
    return f"-# {render.code(each.subject, LINE)} · tested by {by}"
