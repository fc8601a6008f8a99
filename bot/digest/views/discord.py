"""A digest for Discord: what changed first, what is as before in few lines, the whole as a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from discord import ui

from bot.charts.spec import Undrawn
from bot.digest.domain.diff import DiffEntry, GoneEntry
from bot.digest.domain.digest import Digest
from bot.digest.domain.records import DigestSchedule, RunRecord
from bot.digest.domain.schedule import ScheduledRun
from bot.digest.views import text as text_view
from bot.domain.finding import Ref
from bot.domain.verdict import Verdict
from bot.history.domain.trends import Trends
from bot.render import cards as render
from bot.render import text as words

T = TypeVar("T")

FILE = "digest.txt"
PICTURE = "health.png"
SPELLED = 6
"""Causes of a part that are spelled out."""

BRIEF = 10
"""Causes that are as before, in one line each at most."""

LINE = 170

HEARTBEAT = "-# seen "
SEEN = re.compile(rf"^({HEARTBEAT}<t:\d+:R>)[^\n]*\Z", re.MULTILINE)
"""The last line of a digest: what the cluster says stands in code, and begins no line of ours."""

RENEWED = 60
"""Characters that a later look may add to it."""


def digest(
    each: Digest,
    picture: bytes | Undrawn | None = None,
    alt: str = "",
    rows: Sequence[render.Row] = (),
) -> render.Card:
    """One message; what does not fit is in the file, and it says so."""
    verdict = each.report.verdict
    head = f"## {text_view.title(each)}\n{text_view.headline(each)}"
    tail = "\n".join(_tail(each, picture))
    parts = [part for part in _parts(each) if part]
    shown, room = [], render.TEXT - len(head) - len(tail) - RENEWED - 100
    for part in parts:
        if len(part) > room:
            break
        shown.append(part)
        room -= len(part)
    if len(shown) < len(parts):
        shown.append("-# … the rest is in the file: it is longer than a message may be.")
    made = render.card(verdict, [head, *shown, tail], rows)
    if isinstance(picture, bytes):
        made = render.with_picture(made, render.Attachment(PICTURE, picture), alt)
    whole = render.Attachment(FILE, text_view.text(each).encode())
    return render.with_files(made, (whole,))


def brief(each: Digest, rows: Sequence[render.Row] = ()) -> render.Card:
    """One line: all is healthy, or nothing is new; silence never looks like death."""
    verdict = each.report.verdict
    at = int(each.report.taken_at.timestamp())
    said = "" if each.healthy or each.difference.first else "nothing new · "
    late = f"\n-# {next(text_view.notes(each))}" if each.due else ""
    name, headline = text_view.name(each), text_view.headline(each)
    line = f"{words.MARK[verdict]} **{name}** · {said}{headline} · <t:{at}:f>"
    return render.card(verdict, [line + late], rows)


def renewed(view: ui.LayoutView, at: datetime) -> bool:
    """Write into a posted digest when it was looked at last; False where it has no such line.

    Files that stay are named as they were sent: Discord shows them by addresses of its own.
    """
    found = False
    for item in view.walk_children():
        if isinstance(item, ui.File):
            item.media = f"attachment://{FILE}"
        elif isinstance(item, ui.MediaGallery):
            for detail in item.items:
                detail.media = f"attachment://{PICTURE}"
        elif isinstance(item, ui.TextDisplay) and SEEN.search(item.content):
            now = f"nothing new when last looked, <t:{int(at.timestamp())}:f>"
            item.content, found = SEEN.sub(rf"\1 · {now}", item.content), True
    return found


def listed(
    schedules: Iterable[tuple[DigestSchedule, RunRecord | None, ScheduledRun]], zone: str
) -> render.Card:
    """The digests that are set up, how the last slot of each went, and when the next is."""
    lines = [_listed(*schedule) for schedule in schedules]
    said = "\n".join(lines) or (
        "No digest is set up. Set one up by /digest set, or by MESHMEDIC_DIGEST_CHANNEL."
    )
    return render.card(None, [f"## Digests\n-# times are in {render.code(zone, 60)}", said], ())


def history(turns: Sequence[tuple[str, RunRecord]], trends: Trends) -> render.Card:
    """The last slots, the latest first, and what the history tells."""
    lines = [_turn(*turn) for turn in turns]
    parts = ["## What was sent", "\n".join(lines) or "Nothing yet."]
    parts.append(f"**The last 7 days**\n{_trends(trends)}")
    return render.card(None, parts, ())


def _listed(each: DigestSchedule, last: RunRecord | None, following: ScheduledRun) -> str:
    at = int(following.at.timestamp())
    when = "paused" if each.paused else f"next <t:{at}:R>"
    what = [*each.scopes, each.namespace and f"in {each.namespace}"]
    options = [
        f"from {each.threshold}" if each.threshold is not Verdict.PROGRESSING else "",
        "only changes" if each.only_changes else "",
        "with trends" if each.trends else "",
    ]
    said = " · ".join(filter(None, [*what, *options])) or "everything"
    ended = f"last {last.stage} <t:{int(last.at.timestamp())}:R>" if last else "nothing sent yet"
    where = f"<#{each.channel}>" if each.channel else "no channel"
    return (
        f"**{each.name}** {render.code(str(each.when), 60)} {where} · {when}\n"
        f"-# {render.code(said, 120)} · {ended}"
    )


def _turn(name: str, each: RunRecord) -> str:
    late = ", late" if each.late else ""
    count = f" · {each.findings:,} causes, {each.new:,} new" if each.message else ""
    return f"`{name}` {each.day} **{each.stage}**{late} <t:{int(each.at.timestamp())}:R>{count}"


def _parts(digest: Digest) -> Iterator[str]:
    parts = digest.difference
    yield "\n".join(f"-# {note}" for note in text_view.notes(digest))
    spelled, gone = partial(_entry, digest), partial(_gone, digest)
    yield _part("New", parts.new, spelled)
    yield _part("Worse", parts.worse, spelled)
    yield _part("Fixed", parts.fixed, partial(gone, words.MARK[Verdict.HEALTHY]))
    yield _part("Better", parts.better, spelled)
    unknown = partial(gone, words.MARK[Verdict.UNKNOWN])
    yield _part("Was there, not seen now", parts.lost, unknown)
    yield _part("As before", parts.same, partial(_unchanged, digest), BRIEF)
    coded = partial(render.code, most=LINE)
    yield _part("Still open", list(text_view.opened(digest)), coded)
    yield _part("Certificates that end soon", list(text_view.expiring(digest)), coded)
    if digest.muted:
        yield f"**Muted** ({len(digest.muted):,}) " + render.code("; ".join(digest.muted), 300)
    if digest.trends:
        yield f"**The last 7 days**\n{_trends(digest.trends)}"


def _part(name: str, entries: Sequence[T], line: Callable[[T], str], most: int = SPELLED) -> str:
    """A heading and the first entries; how many more the file has."""
    if not entries:
        return ""
    shown = "\n".join(map(line, entries[:most]))
    more = len(entries) - most
    rest = f"\n-# … and {more:,} more in the file" if more > 0 else ""
    return f"**{name}** ({len(entries):,})\n{shown}{rest}"


def _entry(digest: Digest, entry: DiffEntry) -> str:
    """A cause in three lines."""
    finding = entry.finding
    was = f" (was {entry.was})" if entry.was else ""
    place = render.code(_place(finding.subject), 100)
    reason = render.code(finding.reason, 60)
    message = render.code(words.brief(finding.message, LINE), LINE)
    return (
        f"{words.MARK[finding.verdict]} **{_kind(finding.subject.kind)}** {place} {reason}{was}"
        f"{text_view.lasting(entry, digest)}\n"
        f"{message}\n-# {finding.code}{text_view.downstream(entry)}"
    )


def _unchanged(digest: Digest, entry: DiffEntry) -> str:
    """A cause in one line with its age: the oldest trouble is no news."""
    finding = entry.finding
    place, reason = render.code(_place(finding.subject), 80), render.code(finding.reason, 40)
    return (
        f"{words.MARK[finding.verdict]} {_kind(finding.subject.kind)} {place} {reason}"
        f"{text_view.lasting(entry, digest)}{text_view.downstream(entry)}"
    )


def _gone(digest: Digest, mark: str, entry: GoneEntry) -> str:
    place, reason = render.code(_place(entry.subject), 80), render.code(entry.reason, 40)
    return (
        f"{mark} {_kind(entry.subject.kind)} {place} {reason} "
        f"{text_view.first_seen(entry, digest)}{text_view.downstream(entry)}"
    )


def _place(subject: Ref) -> str:
    return f"{subject.namespace}/{subject.name}".lstrip("/")


def _trends(trends: Trends) -> str:
    lines = text_view.trend_lines(trends, lambda name: render.code(name, 80))
    return "\n".join(f"• {line}" for line in lines)


def _kind(kind: str) -> str:
    """A kind is a word; what is read out of a key may be anything."""
    return kind if kind.isascii() and kind.isalnum() else "object"


def _tail(each: Digest, picture: bytes | Undrawn | None) -> Iterator[str]:
    unseen = "; ".join(words.line(one, 300) for one in text_view.unseen(each, 8))
    if unseen:
        yield f"{words.MARK[Verdict.UNKNOWN]} **not seen** {render.code(unseen, 600)}"
    if isinstance(picture, Undrawn):
        yield f"-# No picture: {render.escape(picture.why)}"
    yield f"{HEARTBEAT}<t:{int(each.report.taken_at.timestamp())}:R>"
