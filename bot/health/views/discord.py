"""Reports and stories as Discord cards: verdict first, worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import discord

from bot.domain import event_reasons
from bot.domain.finding import Finding
from bot.domain.report import Report
from bot.domain.shares import shared
from bot.domain.story import Event, LogTail, Story
from bot.domain.tenancy import party_of
from bot.domain.verdict import Verdict
from bot.health.next_steps import steps as next_steps
from bot.health.next_steps.template import MAX_COMMAND
from bot.health.views import text as report_text
from bot.render import cards
from bot.render import text as words
from bot.sites.domain.behind import failing_behind
from bot.sites.views import text as sites_text

ROOTS = 8
"""Findings that are spelled out in a message; the select and the file have more."""

BRIEF = 160
LOG_TEXT = 1400

COMMANDS = 3
"""Commands of a next step that are shown; few have more."""

STEP = 1500
"""Characters of the sentences of a next step: more than they ever have."""


def report(report: Report, rows: Sequence[cards.Row] = ()) -> cards.Card:
    """The answer to `/health`; `rows` hold the select to drill in and the buttons."""
    verdict = report.verdict
    place = f" in {cards.code(report.namespace, 63)}" if report.namespace else ""
    head = f"## {words.MARK[verdict]} {verdict.capitalize()}\n{sites_text.first_line(report)}"
    head += f"{report_text.headline(report)}{place}"
    tail = "\n".join(_tail(report))
    room = cards.TEXT - len(head) - len(tail) - 100
    roots = shared(report.roots, ROOTS, _party, _rank)
    shown = list(cards.fitting([_root(root, report) for root in roots], room))
    if hidden := len(report.roots) - len(shown):
        shown.append(f"-# … and {hidden:,} more: choose one below, or export.")
    return cards.card(verdict, [head, *shown, tail], rows)


def story(story: Story) -> cards.Card:
    """The answer to `/why`: chain, evidence, events, log lines and the next step."""
    finding = story.finding
    head = f"## {_title(finding)}\n{_reason(finding, story.taken_at)}"
    documented_as = cards.code(story.check.documented_as, 150)
    following = f"{next_step(finding)}\n-# stands for {documented_as}"
    first = [head, *_evidence_and_links(story), *map(_unseen, story.unseen)]
    events = "\n".join(_event(event, story.taken_at) for event in story.events)
    optional = [part for part in (events, _log(story.log)) if part]
    room = cards.TEXT - sum(map(len, (*first, following)))
    return cards.card(finding.verdict, [*first, *cards.fitting(optional, room), following], ())


def next_step(finding: Finding, most: int = COMMANDS) -> str:
    """What to do next, and the first commands for it, ready to be copied."""
    step = next_steps.next_step(finding)
    commands = (cards.code(command, MAX_COMMAND) for command in step.commands[:most])
    return "\n".join((f"**Next** {words.line(step.marked, STEP)}", *commands))


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
            label=words.line(str(finding.subject), cards.LABEL) or "?",
            value=finding.code,
            description=words.line(f"{finding.verdict}: {finding.reason}", cards.LABEL),
        )
        for finding in shared(tuple(first.values()), cards.CHOICES, _party, _rank)
    ]


def suggestion(finding: Finding) -> tuple[str, str]:
    """A finding as an autocomplete choice: the text shown, and the finding's code."""
    shown = f"{finding.code} · {finding.verdict} · {finding.subject}: {finding.reason}"
    return words.line(shown, cards.LABEL), finding.code


def _party(finding: Finding) -> str:
    return party_of(finding.subject)


def _rank(finding: Finding) -> int:
    return finding.verdict.rank


def _root(root: Finding, report: Report) -> str:
    effects = report.downstream.get(root.key, ())
    more = f" · {len(effects):,} downstream" if effects else ""
    more += sites_text.counted(failing_behind(root, report)) if effects else ""
    return (
        f"{_title(root, bold=True)}\n{_reason(root, report.taken_at, BRIEF)}\n"
        f"{next_step(root, 1)}\n-# {root.code}{more}"
    )


def _title(finding: Finding, *, bold: bool = False) -> str:
    """Verdict, kind, namespace and name."""
    subject = finding.subject
    kind = f"**{subject.kind}**" if bold else subject.kind
    place = cards.code(f"{subject.namespace}/{subject.name}".lstrip("/"), cards.SUBJECT)
    return f"{words.MARK[finding.verdict]} {kind} {place}"


def _reason(finding: Finding, now: datetime, most: int = cards.MESSAGE) -> str:
    since = words.age(finding.since, now)
    age = f" for {since}" if since else ""
    return f"{_word(finding.reason)}{age}: {cards.code(words.brief(finding.message, most), most)}"


def _word(reason: str) -> str:
    """A CamelCase word in bold; anything else that a cluster puts there as code."""
    plain = reason.isascii() and reason.isalnum() and len(reason) <= cards.LABEL
    return f"**{reason}**" if plain else cards.code(reason, 60)


def _evidence_and_links(story: Story) -> Iterator[str]:
    """Evidence, the chain of causes, and the effects."""
    evidence = [
        f"{cards.code(item.label, cards.LABEL)} {cards.code(item.value, cards.MESSAGE)}"
        for item in event_reasons.beside_message(story.finding)[:6]
    ]
    if evidence:
        yield "\n".join(evidence)
    for link in story.chain[1:4]:
        yield f"↳ follows from {_title(link, bold=True)}\n{_reason(link, story.taken_at)}"
    if story.downstream:
        names = ", ".join(cards.code(str(effect.subject), 60) for effect in story.downstream[:5])
        yield f"**{len(story.downstream):,} downstream** {names}"


def _tail(report: Report) -> Iterator[str]:
    if notes := note_line(report):
        yield notes
    if healthy := report_text.healthy_line(report):
        yield f"-# {words.MARK[Verdict.HEALTHY]} healthy: {words.line(healthy, 500)}"
    lines = report_text.unseen_lines(report.gaps, report.taken_at, cards.KINDS)
    if lines:
        yield _unseen("; ".join(words.line(line, 300) for line in lines), 700)
    yield f"-# seen <t:{int(report.taken_at.timestamp())}:R>"


def _unseen(text: str, most: int = 300) -> str:
    return f"{words.MARK[Verdict.UNKNOWN]} **not seen** {cards.code(text, most)}"


def _event(event: Event, now: datetime) -> str:
    when = f"{words.age(event.at, now)} ago" if event.at else "once"
    message = cards.code(event.message, cards.MESSAGE)
    return f"-# {when} {cards.code(event.reason, 60)} ×{event.count}: {message}"


def _log(log: LogTail | None) -> str:
    if log is None:
        return ""
    before = " before its last restart" if log.previous else ""
    return (
        f"Last lines of {cards.code(log.container, 63)}{before}\n{cards.fence(log.lines, LOG_TEXT)}"
    )
