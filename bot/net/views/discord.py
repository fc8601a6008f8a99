"""The answers to `/net`: the situation, then the evidence, with all of it as a file."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from bot.charts.spec import Undrawn
from bot.domain.redaction.redact import FILE, redact
from bot.domain.verdict import Verdict
from bot.net.diagnosis.all_routes import CommonCause, DiagnosedRoutes
from bot.net.diagnosis.diagnosis import Diagnosis, Row, Seen
from bot.net.mesh.matrix import Matrix, findings
from bot.net.request.result import RequestResult
from bot.net.tools.command import ToolRun
from bot.net.views import chart, terminal, text
from bot.render import cards as render
from bot.render import text as words

NAME = 100
LINE = 160
SENTENCE = 600
"""Characters of a diagnosis's lines and sentences."""

EVIDENCE = 6
"""Rows that are shown; the file has them all."""

ROUTES = 10
"""Routes of one cause that are shown, of all routes; the file has them all."""

FINDINGS = 8
GRID = 1500
STEPS = 14

OUTPUT = 3000
"""Characters of a tool's output in the message."""

OUTPUT_LINES = 60
OUTPUT_LINE = 300
OUTPUT_WIDE = 2000
"""Characters of a line in the file."""


def diagnosis(diagnosis: Diagnosis, rows: list[render.Row]) -> render.Card:
    """One message, and the whole of it as a file."""
    verdict = diagnosis.verdict
    head = f"## {words.MARK[verdict]} {text.situation(diagnosis, _name)}"
    if fault := text.by_objects(diagnosis):
        head += f"\n**From `/health`:** {_prose(fault)}"
    proof = text.proof(diagnosis)
    head += f"\n{f'**{proof}:** ' if proof else ''}{_prose(diagnosis.because)}"
    by = _prose(text.method(diagnosis), LINE)
    tail = f"-# {render.code(diagnosis.subject, LINE)} · tested by {by}"
    room = render.TEXT - len(head) - len(tail)
    # What bears less is left out first; the file has it.
    shown: list[str] = []
    native = f"**{text.NATIVE[diagnosis.effect]}.** {_prose(diagnosis.effect_because)}"
    untested = _untested(diagnosis.untested, 3, LINE)
    for part in (native, _advice(diagnosis), _evidence(diagnosis), untested):
        if part and len(part) <= room:
            shown.append(part)
            room -= len(part)
    card = render.card(verdict, [head, *shown, tail], rows)
    return _with_file(card, "diagnosis.txt", terminal.diagnosis_text(diagnosis))


def diagnoses(found: DiagnosedRoutes, rows: list[render.Row]) -> render.Card:
    """One message: the causes, each with its sites; the whole of every diagnosis as a file."""
    verdict = found.verdict
    head = f"## {words.MARK[verdict]} {text.all_title(found)}"
    untested = [_prose(line, SENTENCE) for line in text.untested_routes(found)]
    tail = _listed(f"{words.MARK[Verdict.UNKNOWN]} **Not tested**\n", untested, 3)
    room = render.TEXT - len(head) - len(tail) - 100
    shown = list(words.fitting([_cause(cause) for cause in found.causes], room))
    if hidden := len(found.causes) - len(shown):
        shown.append(f"-# … and {hidden:,} more: the file has them.")
    card = render.card(verdict, [head, *shown, tail], rows)
    return _with_file(card, "diagnoses.txt", terminal.diagnoses_text(found))


def _cause(cause: CommonCause) -> str:
    """What was found, where, and the routes that it breaks."""
    diagnosis = cause.diagnosis
    places = ", ".join(render.code(place, 60) for place in diagnosis.places[:3])
    title = f"{words.MARK[cause.verdict]} **{text.cause_title(diagnosis)}**"
    title += f" {places}" if places else ""
    names = [f"- {render.code(text.route_line(one), LINE)}" for one in cause.routes[:ROUTES]]
    if len(cause.routes) > ROUTES:
        names.append(f"-# … and {len(cause.routes) - ROUTES:,} more")
    why = "" if cause.verdict is Verdict.HEALTHY else _prose(diagnosis.because, LINE * 2)
    fault = text.by_objects(diagnosis)
    said = (title, why, f"**From `/health`:** {_prose(fault, LINE)}" if fault else "", *names)
    return "\n".join(filter(None, said))


def progress(subject: str, message: str) -> render.Card:
    """What goes on, while it does."""
    line = f"{render.code(subject, LINE)}\n-# {render.prose(words.brief(message, LINE))}"
    return render.card(Verdict.PROGRESSING, [f"## 🔄 Testing\n{line}"], ())


def matrix(
    measured: Matrix, drawn: bytes | Undrawn | None = None, rows: Sequence[render.Row] = ()
) -> render.Card:
    """One message with its picture where there is one, and the whole of it as a file."""
    verdict, picture = measured.verdict, isinstance(drawn, bytes)
    grid = list(text.grid(measured))
    shown = sum(map(len, grid)) + len(grid) <= GRID
    broken = [_prose(finding, 250) for finding in findings(measured)]
    unseen = [_prose(words.brief(line, 250)) for line in text.unseen(measured)]
    parts = [
        f"## {words.MARK[verdict]} {_prose(text.matrix_situation(measured), 250)}\n"
        f"{text.headline(measured)}",
        _listed("", broken if len(broken) > 1 else [], FINDINGS),
        _listed(f"{words.MARK[Verdict.UNKNOWN]} **Not seen**\n", unseen, 3),
        "" if picture else render.fence(grid, GRID) if shown else "-# The grid is in the file.",
        f"-# No picture: {drawn.why}" if isinstance(drawn, Undrawn) else "",
        f"-# {text.NOT_TESTED}`/net diagnose`" if verdict is Verdict.HEALTHY else "",
        "" if picture else f"-# {text.LEGEND}",
    ]
    card = render.card(verdict, parts, rows)
    if isinstance(drawn, bytes):
        image = render.Attachment("matrix.png", drawn)
        card = render.with_picture(card, image, chart.alt(measured))
    return _with_file(card, "matrix.txt", terminal.matrix_text(measured))


def request(result: RequestResult, rows: Sequence[render.Row] = ()) -> render.Card:
    """One message: whether it answers, then step by step how far the request came."""
    verdict = result.verdict
    head = f"## {words.MARK[verdict]} {text.request_situation(result, _name)}"
    said = "" if verdict is Verdict.HEALTHY else f"\n{_prose(result.because, 500)}"
    parts = [
        f"{head}{said}",
        _listed("", [_step(row) for row in text.steps(result)], STEPS, ""),
        _untested(result.untested[:4], 4, 400),
        f"-# from {render.code(result.start, 120)} · tested by {_prose(result.way, 200)}",
    ]
    return render.card(verdict, parts, rows)


def tool(ran: ToolRun, rows: Sequence[render.Row] = ()) -> render.Card:
    """What a tool printed in one message; what does not fit into it is in a file."""
    name = words.line(ran.argv[0], 20) if ran.argv else "?"
    # As a whole first: what is secret may stand on several lines.
    lines = redact(ran.output, FILE).splitlines()
    empty = not any(line.strip() for line in lines)
    parts = [
        f"## {render.escape(name)} on {render.code(ran.node, 100)}\n-# {tool_ended(ran)}",
        "No output." if empty else render.fence(lines[:OUTPUT_LINES], OUTPUT),
        f"-# {render.code(shlex.join(ran.argv), 300)}",
    ]
    card = render.card(None, parts, rows)
    fits = len(lines) <= OUTPUT_LINES and all(len(line) <= OUTPUT_LINE for line in lines)
    if empty or (fits and sum(len(line) + 1 for line in lines) <= OUTPUT):
        return card
    content = "".join(f"{words.line(line, OUTPUT_WIDE)}\n" for line in lines)
    return _with_file(card, "output.txt", content)


def tool_ended(ran: ToolRun) -> str:
    """How a tool ended, in words."""
    if ran.cut:
        return "stopped: too much output"
    if ran.late:
        return "stopped: it took too long"
    return "exit code unknown" if ran.exit_code is None else f"exit code {ran.exit_code}"


def _advice(diagnosis: Diagnosis) -> str:
    if diagnosis.row is Row.HEALTHY:
        return ""
    steps = [*diagnosis.advice[:4], *([diagnosis.next] if diagnosis.next else [])]
    lines = [f"{number}. {_prose(step, 300)}" for number, step in enumerate(steps, 1)]
    return _listed("**What to do**\n", lines, len(lines))


def _evidence(diagnosis: Diagnosis) -> str:
    rows = text.evidence(diagnosis)
    lines = [_seen(row) for row in rows]
    return _listed("**Evidence**\n", lines, EVIDENCE, " tests in the file")


def _seen(row: Seen) -> str:
    sign = words.MARK[Verdict.HEALTHY if text.well(row) else Verdict.FAILED]
    return f"{sign} {_prose(row.what.replace('->', '→'), 120)}: {_prose(row.result, 80)}"


def _step(row: text.RequestRow) -> str:
    sign = words.MARK[Verdict.HEALTHY if row.ok else Verdict.FAILED]
    address = f" {render.code(row.address, 80)}" if row.address else ""
    return f"{sign} {row.part}{address}: {_prose(row.ended, 200)}"


def _name(name: str) -> str:
    return render.code(name, NAME)


def _untested(untested: Sequence[str], most: int, width: int) -> str:
    lines = [f"-# {render.prose(words.brief(line, width))}" for line in untested]
    return _listed(f"{words.MARK[Verdict.UNKNOWN]} **Not tested**\n", lines, most)


def _prose(content: str, most: int = SENTENCE) -> str:
    return render.prose(content, most)


def _listed(title: str, lines: Sequence[str], most: int, more: str = " in the file") -> str:
    """Lines below a title; of too many the rest is counted. Empty where there are none."""
    left = [f"-# … and {len(lines) - most} more{more}"] if len(lines) > most else []
    return title + "\n".join([*lines[:most], *left]) if lines else ""


def _with_file(card: render.Card, name: str, content: str) -> render.Card:
    return render.with_files(card, (render.Attachment.of_text(name, content),))
