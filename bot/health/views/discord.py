"""Reports and stories as Discord cards: the situation first, worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import discord

from bot.domain import event_reasons
from bot.domain.finding import Finding
from bot.domain.report import Report
from bot.domain.sentences import listed
from bot.domain.shares import shared
from bot.domain.situation.because import because
from bot.domain.situation.situation import Situation, situation
from bot.domain.story import Event, LogTail, Story
from bot.domain.tenancy import party_of
from bot.domain.verdict import Verdict
from bot.health.lead import lead
from bot.health.next_steps import steps as next_steps
from bot.health.next_steps.template import MAX_COMMAND
from bot.health.views import text as report_text
from bot.render import cards
from bot.render import text as words
from bot.render.excerpt import excerpt
from bot.sites.domain.behind import failing_behind
from bot.sites.views import text as sites_text

ROOTS = 8
"""Findings that are spelled out in a message; the select and the file have more."""

FEW = 2
"""Root causes up to which each has its next step at once; of more, a click has it."""

KINDS = 6
"""Kinds that the healthy ones are counted by; the others are counted together."""

AFFECTED = 5
"""Effects that are named."""

BRIEF = 160
"""Characters of a cause in a report."""

LOG_TEXT = 1400

COMMANDS = 3
"""Commands of a next step that are shown; few have more."""

STEP = 1500
"""Characters of the sentences of a next step: more than they ever have."""


def report(report: Report, rows: Sequence[cards.Row] = ()) -> cards.Card:
    """The answer to `/health`; `rows` hold the select to drill in and the buttons."""
    verdict = report.verdict
    place = f" in {cards.code(report.namespace, 63)}" if report.namespace else ""
    said = report_text.headline(report)
    head = f"## {words.MARK[verdict]} {said[:1].upper()}{said[1:]}{place}"
    if sites := sites_text.first_line(report).rstrip("\n"):
        head += f"\n{sites}"
    tail = "\n".join(_tail(report))
    room = cards.TEXT - len(head) - len(tail) - 100
    roots = shared(report.roots, ROOTS, _party, _rank)
    few = len(report.roots) <= FEW
    shown = list(words.fitting([_row(root, report, step=few) for root in roots], room))
    if hidden := len(report.roots) - len(shown):
        shown.append(f"-# and {hidden:,} more: open one below, or export them all.")
    return cards.card(verdict, [head, *shown, tail], rows)


def story(story: Story) -> cards.Card:
    """The answer to `/why`: what is wrong, what to do, then what shows it."""
    finding = story.finding
    head = f"## {title(finding)}{_since(finding)}\n{prose(finding.message, cards.MESSAGE)}"
    kind = cards.code(str(finding.subject), cards.SUBJECT)
    documented_as = cards.code(story.check.documented_as, 150)
    foot = f"-# {kind} · same as {documented_as}"
    first = [head, next_step(finding), *_evidence_and_links(story), *map(_unseen, story.unseen)]
    events = "\n".join(map(_event, story.events))
    optional = [part for part in (events, _log(story.log)) if part]
    room = cards.TEXT - sum(map(len, (*first, foot)))
    return cards.card(finding.verdict, [*first, *words.fitting(optional, room), foot], ())


def next_step(finding: Finding, most: int = COMMANDS) -> str:
    """What to do next, and the first commands for it, ready to be copied."""
    step = next_steps.next_step(finding)
    commands = (cards.code(command, MAX_COMMAND) for command in step.commands[:most])
    return "\n".join((f"**Next** {cards.prose(step.marked, STEP)}", *commands))


PAST = {
    "is": "was",
    "isn't": "wasn't",
    "has": "had",
    "hasn't": "hadn't",
    "can't": "couldn't",
    "doesn't": "didn't",
}
"""The past of the verbs with which most situations begin."""


def title(finding: Finding, verdict: Verdict | None = None, *, bold: bool = False) -> str:
    """The sign, the noun that people know, and what is wrong with it."""
    return sentence(words.MARK[verdict or finding.verdict], situation(finding), bold=bold)


def sentence(mark: str, said: Situation, *, bold: bool = False) -> str:
    """A situation behind its sign."""
    return f"{mark} {said.sentence(_bold if bold else _named, _quoted)}"


def before(mark: str, said: Situation) -> str:
    """What people know, and what was wrong with it: `✅ Node attic wasn't ready`."""
    called = f"{said.noun.kind} {_bold(said.noun.name)}".lstrip()
    wrong = said.rest(_quoted).lstrip(": ") or "?"
    verb, _, more = wrong.partition(" ")
    if verb in PAST:
        return f"{mark} {called} {PAST[verb]} {more}"
    return f"{mark} {called}, before: {wrong}"


def _bold(name: str) -> str:
    return f"**{_named(name)}**"


def _named(name: str) -> str:
    return cards.before_colon(words.line(name, cards.SUBJECT)) or "?"


def _quoted(text: str) -> str:
    return cards.code(text, 60)


def prose(text: str, most: int) -> str:
    """A message as prose: whole sentences or clauses of it, without markup of the cluster's."""
    return cards.prose(excerpt(text, most))


def cause(finding: Finding, most: int = BRIEF) -> str:
    """Why it is so: our own sentence where it is a known cause, else the finding's message."""
    return cards.prose(because(finding)) or prose(finding.message, most)


def note_line(report: Report) -> str:
    """What is good to know of healthy objects, in one line; empty without notes."""
    notes = report_text.note_lines(report, names=3)
    text = "; ".join(words.line(note, 300) for note in notes)
    return f"-# {words.NOTE} **note** {cards.code(text, 700)}" if notes else ""


def choices(findings: Sequence[Finding]) -> list[discord.SelectOption]:
    """The findings as options of a select; the value is the code."""
    first: dict[str, Finding] = {}
    for finding in findings:
        first.setdefault(finding.code, finding)
    return [
        discord.SelectOption(
            label=words.line(situation(finding).sentence(), cards.LABEL) or "?",
            value=finding.code,
            description=words.line(f"{finding.verdict} · {finding.subject}", cards.LABEL),
            emoji=words.MARK[finding.verdict],
        )
        for finding in shared(tuple(first.values()), cards.CHOICES, _party, _rank)
    ]


def suggestion(finding: Finding) -> tuple[str, str]:
    """A finding as an autocomplete choice: the text shown, and the finding's code."""
    place = f" ({finding.subject.namespace})" if finding.subject.namespace else ""
    shown = f"{finding.code} · {situation(finding).sentence()}{place}"
    return words.line(shown, cards.LABEL), finding.code


def _party(finding: Finding) -> str:
    return party_of(finding.subject)


def _rank(finding: Finding) -> int:
    return finding.verdict.rank


def _row(root: Finding, report: Report, *, step: bool) -> str:
    """A root cause in a few lines: what was asked about leads, and the cause stands beneath."""
    first = lead(root, report)
    lines = [f"{title(first, report_text.standing(root, report), bold=True)}{_since(first)}"]
    if first.subject not in (root.subject, root.known_as):
        lines.append(f"↳ {title(root)}{_since(root)}")
    lines.append(cause(root))
    if step:
        lines.append(next_step(root, 1))
    lines.append(_foot(root, report))
    return "\n".join(filter(None, lines))


def _foot(root: Finding, report: Report) -> str:
    """Where it is, and what else it affects."""
    effects = report.downstream.get(root.key, ())
    sites = failing_behind(root, report) if effects else ()
    parts = [
        cards.escape(words.line(root.subject.namespace, 63)),
        f"{len(effects):,} more affected{sites_text.counted(sites)}" if effects else "",
    ]
    shown = " · ".join(filter(None, parts))
    return f"-# {shown}" if shown else ""


def _since(finding: Finding) -> str:
    return f" · {cards.stamp(finding.since, 'R')}" if finding.since else ""


def _evidence_and_links(story: Story) -> Iterator[str]:
    """Evidence, the chain of causes, and the effects."""
    evidence = [
        f"{cards.before_colon(words.line(item.label, cards.LABEL))}: {_value(item.value)}"
        for item in event_reasons.beside_message(story.finding)[:6]
    ]
    if evidence:
        yield "\n".join(evidence)
    for link in story.chain[1:4]:
        yield f"↳ because {title(link, bold=True)}{_since(link)}\n{cause(link, cards.MESSAGE)}"
    if story.downstream:
        names = listed(
            (cards.code(str(effect.subject), 60) for effect in story.downstream), AFFECTED
        )
        yield f"**Also affected** ({len(story.downstream):,}): {names}"


def _value(value: str) -> str:
    """Evidence as code, to be copied; as prose where it has a time, for Discord to show."""
    timed = cards.MOMENT.search(value)
    return (prose if timed else cards.code)(value, cards.MESSAGE)


def _tail(report: Report) -> Iterator[str]:
    if notes := note_line(report):
        yield notes
    if len(report.counts) > 1 and (healthy := report_text.healthy_line(report, KINDS)):
        yield f"-# {words.MARK[Verdict.HEALTHY]} healthy: {words.line(healthy, 500)}"
    lines = report_text.unseen_lines(report.gaps, report.taken_at, cards.KINDS)
    if lines:
        yield _unseen("; ".join(words.line(line, 300) for line in lines), 700)
    yield f"-# checked {cards.stamp(report.taken_at, 'R')}"


def _unseen(text: str, most: int = 300) -> str:
    return f"{words.MARK[Verdict.UNKNOWN]} **not seen** {prose(text, most)}"


def _event(event: Event) -> str:
    when = cards.stamp(event.at, "R") if event.at else "once"
    message = cards.code(event.message, cards.MESSAGE)
    return f"-# {when} {cards.code(event.reason, 60)} ×{event.count}: {message}"


def _log(log: LogTail | None) -> str:
    if log is None:
        return ""
    before = " before its last restart" if log.previous else ""
    return (
        f"Last lines of {cards.code(log.container, 63)}{before}\n{cards.fence(log.lines, LOG_TEXT)}"
    )
