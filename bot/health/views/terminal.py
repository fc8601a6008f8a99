"""Reports and stories for a terminal: verdict first, worst first, readable at 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from bot.domain import event_reasons
from bot.domain.finding import Finding
from bot.domain.report import Report
from bot.domain.sentences import listed
from bot.domain.story import Story
from bot.domain.verdict import Verdict
from bot.health.next_steps import steps as next_steps
from bot.health.next_steps.template import MAX_COMMAND
from bot.health.views import text as report_text
from bot.render import text as words
from bot.render.terminal import STYLE, WIDE, indented, labelled
from bot.sites.domain.behind import failing_behind
from bot.sites.views import text as sites_text

MOST = 200
"""Root causes that are printed; the others are counted, and the JSON has them all."""

EFFECTS = 5

STEP = 1500
"""Characters of the sentences of a next step: more than they ever have."""

KINDS = 100
"""Kinds that one line of gaps names at most: in practice all."""


def report(report: Report, *, most: int = MOST) -> RenderableType:
    """The answer to `meshmedic check`."""
    title = Text(report.verdict.upper(), style=f"bold {STYLE[report.verdict]}")
    place = f" in namespace {words.line(report.namespace, 63)}" if report.namespace else ""
    title.append(f"  {report_text.headline(report)}{place}", style="default not bold")
    parts: list[RenderableType] = [title]
    if sites := sites_text.of_report(report):
        parts.append(Text(sites, "bold"))
    parts.append(Text(f"{report.taken_at:%Y-%m-%d %H:%M:%S} UTC\n", "dim"))
    for root in report.roots[:most]:
        parts += [*_root(root, report), Text()]
    if rest := words.rest_in_json(len(report.roots) - most):
        parts.append(Text(f"{rest}\n"))
    parts += [labelled("note", "cyan", line) for line in report_text.note_lines(report)]
    if healthy := report_text.healthy_line(report):
        parts.append(Text.assemble(("healthy: ", "green"), healthy))
    unseen = report_text.unseen_lines(report.gaps, report.taken_at, KINDS)
    parts += [labelled("not seen", "magenta", line, 2 * WIDE) for line in unseen]
    return Group(*parts)


def story(story: Story) -> RenderableType:
    """The answer to `meshmedic why`."""
    finding = story.finding
    parts: list[RenderableType] = [_title(finding), *_body(finding, story.taken_at)]
    parts += [Text.assemble(("follows from ", "bold"), _title(link)) for link in story.chain[1:]]
    if story.downstream:
        names = listed((words.line(str(one.subject), 60) for one in story.downstream), EFFECTS)
        parts.append(Text.assemble((f"{len(story.downstream):,} more affected: ", "bold"), names))
    for event in story.events:
        when = words.age(event.at, story.taken_at)
        line = f"{when} ago  {event.type} {event.reason} (x{event.count}): {event.message}"
        parts.append(labelled("event", "dim", line))
    if log := story.log:
        before = " before its last restart" if log.previous else ""
        parts.append(Text(f"last log lines of {words.line(log.container, 70)}{before}:", "dim"))
        parts += [indented(Text(words.line(line, WIDE)), 4) for line in log.lines]
    parts += [labelled("not seen", "magenta", line) for line in story.unseen]
    parts.append(Text.assemble(("documented as: ", "dim"), story.check.documented_as))
    return Group(*parts, *_next_step(finding))


def _next_step(finding: Finding) -> Iterator[RenderableType]:
    """What to do next; each command stands alone in its lines, to be copied."""
    step = next_steps.next_step(finding)
    yield Text.assemble(("next: ", "bold"), words.line(step.text, STEP))
    for command in step.commands:
        yield indented(Text(words.line(command, MAX_COMMAND), "cyan"))


def _root(root: Finding, report: Report) -> Iterator[RenderableType]:
    yield _title(root)
    yield from _body(root, report.taken_at)
    yield from map(indented, _next_step(root))
    effects = report.downstream.get(root.key, ())
    if effects:
        names = listed((words.line(str(effect.subject), 60) for effect in effects), EFFECTS)
        sites = sites_text.counted(failing_behind(root, report))
        label = (f"{len(effects):,} affected{sites}: ", "bold")
        yield Padding(Text.assemble(label, names), (0, 0, 0, 2))


def _title(finding: Finding) -> Text:
    title = _subject(finding.verdict, str(finding.subject))
    return title.append("  ").append(finding.code, "dim")


def _subject(verdict: Verdict, subject: str) -> Text:
    return Text.assemble(
        (f"{verdict:<12}", f"bold {STYLE[verdict]}"), (words.line(subject, 300), "bold")
    )


def _body(finding: Finding, now: datetime) -> Iterator[RenderableType]:
    age = words.age(finding.since, now)
    since = f" (for {age})" if age else ""
    yield indented(Text(words.line(f"{finding.reason}{since}: {finding.message}", WIDE)))
    for evidence in event_reasons.beside_message(finding):
        label = (words.line(evidence.label, 60) + ": ", "dim")
        yield indented(Text.assemble(label, words.line(evidence.value, WIDE)))
