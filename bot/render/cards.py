"""Cards for Discord: Components V2, readable on a phone, verdict first, worst first.

Limits: 4,000 characters over all text of a message, 40 components, 25 select options of 100
characters. Whatever the cluster says stands in inline code or a fence that it cannot break.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import discord
from discord import ui

from bot.domain.finding import Finding
from bot.domain.report import Report
from bot.domain.story import Event, LogTail, Story
from bot.domain.verdict import Verdict
from bot.render import text as words

COLOUR = {
    Verdict.HEALTHY: 0x2E9E6B,
    Verdict.PROGRESSING: 0x3B82F6,
    Verdict.SUSPENDED: 0x0EA5B7,
    Verdict.UNKNOWN: 0x8B5CF6,
    Verdict.DEGRADED: 0xE69F00,
    Verdict.FAILED: 0xD5473F,
}

TEXT = 3900
"""Characters of one message, some below Discord's 4,000."""

ROOTS = 8
"""Findings that are spelled out in a message; the select and the file have more."""

CHOICES = 25
LABEL = 100
ALT = 1024
SUBJECT = 120
MESSAGE = 300
BRIEF = 160
KINDS = 8
LOG_TEXT = 1400
NO_BREAK = "\u200b"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to send along."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Card:
    """One message: its view and its files, each shown by a File component of the view."""

    view: ui.LayoutView
    files: tuple[Attachment, ...] = ()

    def discord_files(self) -> list[discord.File]:
        """Fresh file objects, since sending uses them up."""
        return [discord.File(io.BytesIO(file_.content), file_.name) for file_ in self.files]


Row = ui.ActionRow[Any]


def report(each: Report, rows: Sequence[Row] = ()) -> Card:
    """The answer to `/health`; `rows` hold the select to drill in and the buttons."""
    place = f" in {code(each.namespace, 63)}" if each.namespace else ""
    head = (
        f"## {words.MARK[each.verdict]} {each.verdict.capitalize()}\n{words.headline(each)}{place}"
    )
    tail = "\n".join(_tail(each))
    room = TEXT - len(head) - len(tail) - 100
    shown = list(_fitting([_root(root, each) for root in each.roots[:ROOTS]], room))
    if hidden := len(each.roots) - len(shown):
        shown.append(f"-# … and {hidden:,} more: choose one below, or export.")
    return card(each.verdict, [head, *shown, tail], rows)


def story(each: Story, rows: Sequence[Row] = ()) -> Card:
    """The answer to `/why`: chain, evidence, events, log lines and the next step."""
    finding = each.finding
    head = f"## {words.MARK[finding.verdict]} {finding.subject.kind} {_place(finding)}\n"
    head += _said(finding, each.taken_at)
    fixed = [head, *_seen(each), *(_unseen(one) for one in each.unseen), _next(each)]
    body = ["\n".join(_event(event, each.taken_at) for event in each.events)]
    body += [_log(each.log)] if each.log else []
    shown = _fitting(list(filter(None, body)), TEXT - sum(map(len, fixed)))
    return card(finding.verdict, [*fixed[:-1], *shown, fixed[-1]], rows)


def note(text: str, *, raw: bool = False) -> Card:
    """A short word to one person. `raw` text is our own and may carry markup."""
    return card(None, [text if raw else escape(words.line(text, 1500))], ())


def topic(title: str, text: str) -> Card:
    """A page of the runbook: our own Markdown, never text from the cluster."""
    return card(None, [f"## {title}\n{text[:TEXT]}"], ())


def files(text: str, attachments: tuple[Attachment, ...]) -> Card:
    """Files with a line above them."""
    items: list[ui.Item[Any]] = [ui.TextDisplay(text)]
    items += [ui.File(f"attachment://{attachment.name}") for attachment in attachments]
    view = ui.LayoutView(timeout=None)
    for item in items:
        view.add_item(item)
    return Card(view, attachments)


def with_files(made: Card, attachments: tuple[Attachment, ...]) -> Card:
    """A card with files below it."""
    for attachment in attachments:
        made.view.add_item(ui.File(f"attachment://{attachment.name}"))
    return Card(made.view, (*made.files, *attachments))


def with_picture(made: Card, picture: Attachment, alt: str) -> Card:
    """A card with a picture below it; `alt` says what it shows, for who cannot see it."""
    item = discord.MediaGalleryItem(f"attachment://{picture.name}", description=alt[:ALT] or "?")
    made.view.add_item(ui.MediaGallery(item))
    return Card(made.view, (*made.files, picture))


def choices(findings: Sequence[Finding]) -> list[discord.SelectOption]:
    """The findings as options of a select; the value is the code."""
    options: dict[str, discord.SelectOption] = {}
    for finding in findings:
        if len(options) == CHOICES:
            break
        options.setdefault(
            finding.code,
            discord.SelectOption(
                label=words.line(str(finding.subject), LABEL) or "?",
                value=finding.code,
                description=words.line(f"{finding.verdict}: {finding.reason}", LABEL),
            ),
        )
    return list(options.values())


def suggestion(each: Finding) -> tuple[str, str]:
    """A finding as an autocomplete choice: what is shown, and the code that it stands for."""
    shown = f"{each.code} · {each.verdict} · {each.subject}: {each.reason}"
    return words.line(shown, LABEL), each.code


def code(text: str, most: int) -> str:
    """Text from the cluster as inline code: in it no mention, link or markup has a meaning."""
    shown = words.line(text, most).replace("`", "ˋ")
    return f"`{shown}`" if shown else "–"


def fence(lines: Sequence[str], most: int) -> str:
    """Log lines in a block: the last ones that fit, with every run of backticks broken."""
    kept: list[str] = []
    for line in reversed(lines):
        shown = words.line(line, 300).replace("`", f"`{NO_BREAK}")
        if sum(map(len, kept)) + len(kept) + len(shown) > most:
            break
        kept.insert(0, shown)
    return "```\n" + "\n".join(kept) + "\n```"


def escape(text: str) -> str:
    """Prose that may quote the cluster: markup, mentions and links are taken apart."""
    escaped = discord.utils.escape_markdown(text.replace("`", "ˋ"))
    for sign in ("<", "@", "[", "]", "#", ":"):
        escaped = escaped.replace(sign, f"{sign}{NO_BREAK}")
    return escaped


def card(verdict: Verdict | None, parts: Sequence[str], rows: Sequence[Row]) -> Card:
    """Parts with a little room between them, so that the eye finds where one ends."""
    colour = COLOUR[verdict] if verdict else None
    container: ui.Container[Any] = ui.Container(accent_colour=colour)
    for number, part in enumerate(parts):
        if number:
            container.add_item(ui.Separator(visible=number in (1, len(parts) - 1)))
        container.add_item(ui.TextDisplay(part))
    for row in rows:
        container.add_item(row)
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return Card(view)


def _root(root: Finding, whole: Report) -> str:
    effects = whole.downstream.get(root.key, ())
    more = f" · {len(effects):,} downstream" if effects else ""
    return (
        f"{words.MARK[root.verdict]} **{root.subject.kind}** {_place(root)}\n"
        f"{_said(root, whole.taken_at, BRIEF)}\n-# {root.code}{more}"
    )


def _place(finding: Finding) -> str:
    """Namespace and name of what a finding is about."""
    subject = finding.subject
    return code(f"{subject.namespace}/{subject.name}".lstrip("/"), SUBJECT)


def _said(finding: Finding, now: datetime, most: int = MESSAGE) -> str:
    since = words.age(finding.since, now)
    age = f" for {since}" if since else ""
    return f"{_word(finding.reason)}{age}: {code(words.brief(finding.message, most), most)}"


def _word(reason: str) -> str:
    """A reason is a word in CamelCase; whatever else a cluster puts there is shown as code."""
    plain = reason.isascii() and reason.isalnum() and len(reason) <= LABEL
    return f"**{reason}**" if plain else code(reason, 60)


def _seen(each: Story) -> Iterator[str]:
    """Evidence, the chain of causes, and what follows."""
    shown = [
        f"{code(one.label, LABEL)} {code(one.value, MESSAGE)}" for one in each.finding.evidence
    ]
    if shown:
        yield "\n".join(shown[:6])
    for link in each.chain[1:4]:
        yield (
            f"↳ follows from {words.MARK[link.verdict]} **{link.subject.kind}** {_place(link)}\n"
            f"{_said(link, each.taken_at)}"
        )
    if each.downstream:
        names = ", ".join(code(str(one.subject), 60) for one in each.downstream[:5])
        yield f"**{len(each.downstream):,} downstream** {names}"


def _next(each: Story) -> str:
    return f"**Next** {each.check.advice}\n-# stands for {code(each.check.documented_as, 150)}"


def _tail(each: Report) -> Iterator[str]:
    if healthy := words.healthy_line(each):
        yield f"-# {words.MARK[Verdict.HEALTHY]} healthy: {words.line(healthy, 500)}"
    unseen = [words.line(one, 300) for one in words.unseen_lines(each.gaps, each.taken_at, KINDS)]
    if unseen:
        yield _unseen("; ".join(unseen), 700)
    yield f"-# seen <t:{int(each.taken_at.timestamp())}:R>"


def _unseen(text: str, most: int = 300) -> str:
    return f"{words.MARK[Verdict.UNKNOWN]} **not seen** {code(text, most)}"


def _event(event: Event, now: datetime) -> str:
    when = f"{words.age(event.at, now)} ago" if event.at else "once"
    said = code(event.message, MESSAGE)
    return f"-# {when} {code(event.reason, 60)} ×{event.count}: {said}"


def _log(log: LogTail) -> str:
    before = " before its last restart" if log.previous else ""
    return f"Last lines of {code(log.container, 63)}{before}\n{fence(log.lines, LOG_TEXT)}"


def _fitting(parts: Sequence[str], room: int) -> Iterator[str]:
    for part in parts:
        room -= len(part)
        if room < 0:
            return
        yield part
