"""What the network tests found, for a terminal, and as plain text for a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from bot.domain.verdict import Verdict
from bot.net.diagnosis.all_routes import DiagnosedRoutes
from bot.net.diagnosis.diagnosis import Diagnosis
from bot.net.mesh.matrix import Matrix, findings
from bot.net.request.result import RequestResult
from bot.net.views import text
from bot.render import terminal
from bot.render import text as words
from bot.render.terminal import WIDE

LINE = 600
"""The most characters of a line of a diagnosis."""

DIAGNOSE = "meshmedic net diagnose ROUTE"

PAGE = 300
"""Columns of a matrix in a file."""


def diagnosis(diagnosis: Diagnosis, *, whole: bool = False) -> RenderableType:
    """Verdict first, then what bears on it; every test where the `whole` of it is wanted."""
    title = _title(text.situation(diagnosis), diagnosis.verdict)
    parts: list[RenderableType] = [title]
    if fault := text.by_objects(diagnosis):
        parts.append(terminal.labelled("health checks", "bold", fault, LINE))
    if proof := text.proof(diagnosis):
        parts.append(terminal.labelled(proof.lower(), "bold", diagnosis.because, LINE))
    else:
        parts.append(Text(terminal.sentence(diagnosis.because, LINE)))
    if diagnosis.places:
        parts.append(terminal.labelled("where", "bold", ", ".join(diagnosis.places), LINE))
    parts.append(
        terminal.labelled(text.NATIVE[diagnosis.effect], "bold", diagnosis.effect_because, LINE)
    )
    parts += [
        Text.assemble((f"{number}. ", "bold"), terminal.sentence(step, LINE))
        for number, step in enumerate(diagnosis.advice, 1)
    ]
    if diagnosis.next:
        parts.append(terminal.labelled("next", "bold", diagnosis.next, LINE))
    parts += [*_evidence(diagnosis, whole=whole), Text("")]
    parts += [
        terminal.labelled("not tested", "bold", untested, LINE)
        for untested in _said_once(diagnosis.untested)
    ]
    by = words.line(text.method(diagnosis), LINE)
    return Group(*parts, Text(f"tested by {by}", "dim"))


def diagnoses(found: DiagnosedRoutes) -> RenderableType:
    """The causes, the worst first, each with its routes, one a line; then what was not tested."""
    parts: list[RenderableType] = [_title(text.all_title(found), found.verdict)]
    for cause in found.causes:
        title = _title(text.cause_title(cause.diagnosis), cause.verdict)
        if places := ", ".join(cause.diagnosis.places):
            title.append(f"  {words.line(places, LINE)}", style="default not bold")
        well = cause.verdict is Verdict.HEALTHY
        said = ("" if well else cause.diagnosis.because, text.by_objects(cause.diagnosis))
        parts += [Text(""), title]
        parts += [Text(words.line(sentence, LINE)) for sentence in said if sentence]
        parts += [
            Padding(Text(words.line(text.route_line(one), LINE)), (0, 0, 0, 2), expand=False)
            for one in cause.routes
        ]
    gaps = [
        terminal.labelled("not tested", "magenta", line, LINE)
        for line in text.untested_routes(found)
    ]
    return Group(*parts, *([Text("")] if gaps else []), *gaps)


def matrix(measured: Matrix, width: int = PAGE) -> RenderableType:
    """The verdict, what is broken in words, then the grid, in blocks that fit into `width`."""
    broken = findings(measured)
    return Group(
        _title(text.matrix_situation(measured), measured.verdict),
        Text(text.headline(measured)),
        *([Text(f"{text.NOT_TESTED}{DIAGNOSE}")] if measured.verdict is Verdict.HEALTHY else []),
        *(Text(words.line(finding, WIDE)) for finding in (broken if len(broken) > 1 else ())),
        *(terminal.labelled("not seen", "magenta", gap) for gap in text.unseen(measured)),
        Text(""),
        *(Text(line, no_wrap=True) for line in text.grid(measured, width)),
        Text(f"{text.LEGEND}; tried by {words.line(measured.prober, WIDE)}", "dim"),
    )


def request(result: RequestResult) -> RenderableType:
    """The verdict, then every step."""
    return Group(
        _title(text.request_situation(result), result.verdict),
        Text(terminal.sentence(result.because, WIDE)),
        *(
            Text.assemble(
                f"  {words.line(f'{row.part} {row.address}'.rstrip(), WIDE)}: ",
                (words.line(row.ended, WIDE), "bold"),
            )
            for row in text.steps(result)
        ),
        *(terminal.labelled("not tested", "magenta", gap) for gap in result.untested),
        Text(
            f"from {words.line(result.start, WIDE)}, tested by {words.line(result.way, WIDE)}",
            "dim",
        ),
    )


def diagnosis_text(whole: Diagnosis) -> str:
    """The whole diagnosis as text without colours."""
    subject = Text(words.line(whole.subject, LINE))
    return terminal.plain(subject, diagnosis(whole, whole=True))


def diagnoses_text(found: DiagnosedRoutes) -> str:
    """All diagnoses as text without colours: what they have in common, then each whole."""
    each = (diagnosis_text(one.diagnosis) for one in found.diagnosed)
    return "\n\n".join((terminal.plain(diagnoses(found)), *each))


def matrix_text(measured: Matrix) -> str:
    """The matrix as text without colours, as wide as it needs."""
    return terminal.plain(matrix(measured), width=PAGE)


def _evidence(diagnosis: Diagnosis, *, whole: bool) -> Iterator[RenderableType]:
    """Row by row under the place that it was tried from; what bears on the verdict first."""
    rows = [row for row in text.evidence(diagnosis) if whole or row.bears or not text.well(row)]
    yield Text("\nevidence (* decides)", "bold")
    places: dict[str, list[Text]] = {}
    for row in rows:
        place, arrow, what = row.what.partition(" -> ")
        line = Text("* " if row.bears else "  ")
        line.append(words.line(what if arrow else place, LINE)).append(": ")
        line.append(words.line(row.result, LINE), "bold")
        places.setdefault(words.line(place, LINE) if arrow else "", []).append(line)
    for place, lines in places.items():
        if place:
            yield Text(f"from {place}")
        yield from (Padding(line, (0, 0, 0, 2), expand=False) if place else line for line in lines)
    if left := len(diagnosis.evidence) - len(rows):
        yield Text(words.rest_in_json(left, "tests that went well"), "dim")


def _said_once(untested: Sequence[str]) -> list[str]:
    """The lines without those that another one ends with: it says where, too."""
    return [
        line
        for line in untested
        if not any(other != line and other.endswith(line) for other in untested)
    ]


def _title(title: str, verdict: Verdict) -> Text:
    return Text(words.line(title, LINE), style=f"bold {terminal.STYLE[verdict]}")
