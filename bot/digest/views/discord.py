"""A digest for Discord: what changed first, what is as before in few lines, the whole as a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from discord import ui

from bot.charts.spec import Undrawn
from bot.digest.domain.diff import DiffEntry, GoneEntry
from bot.digest.domain.digest import Digest
from bot.digest.domain.records import DigestSchedule, RunRecord
from bot.digest.schedule.slots import ScheduledRun
from bot.digest.views import text as told
from bot.domain.verdict import Verdict
from bot.history.domain.trends import Trends
from bot.render import cards as render
from bot.render import text as words

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
    head = f"## {words.MARK[verdict]} {_name(each)}: {verdict}\n{told.headline(each)}"
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
    whole = render.Attachment(FILE, told.text(each).encode())
    return render.with_files(made, (whole,))


def brief(each: Digest, rows: Sequence[render.Row] = ()) -> render.Card:
    """One line: all is healthy, or nothing is new; silence never looks like death."""
    verdict = each.report.verdict
    at = int(each.report.taken_at.timestamp())
    said = "" if each.healthy or each.difference.first else "nothing new · "
    late = f"\n-# {next(told.notes(each))}" if each.due else ""
    line = f"{words.MARK[verdict]} **{_name(each)}** · {said}{told.headline(each)} · <t:{at}:f>"
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


def _name(each: Digest) -> str:
    return "Digest" if each.name == "digest" else f"Digest {each.name}"


def _parts(each: Digest) -> Iterator[str]:
    parts = each.difference
    yield "\n".join(f"-# {one}" for one in told.notes(each))
    yield _spelled("New", parts.new, each)
    yield _spelled("Worse", parts.worse, each)
    yield _gone("Fixed", parts.fixed, each, words.MARK[Verdict.HEALTHY])
    yield _spelled("Better", parts.better, each)
    unseen = words.MARK[Verdict.UNKNOWN]
    yield _gone("Was there, not seen now", parts.lost, each, unseen)
    yield _same(parts.same, each)
    yield _coded("Still open", list(told.opened(each)))
    yield _coded("Certificates that end soon", list(told.expiring(each)))
    if each.muted:
        yield f"**Muted** ({len(each.muted):,}) " + render.code("; ".join(each.muted), 300)
    if each.trends:
        yield f"**The last 7 days**\n{_trends(each.trends)}"


def _spelled(name: str, entries: Sequence[DiffEntry], digest: Digest) -> str:
    if not entries:
        return ""
    shown = "\n".join(_entry(one, digest) for one in entries[:SPELLED])
    more = len(entries) - SPELLED
    rest = f"\n-# … and {more:,} more in the file" if more > 0 else ""
    return f"**{name}** ({len(entries):,})\n{shown}{rest}"


def _entry(each: DiffEntry, digest: Digest) -> str:
    finding = each.finding
    subject = finding.subject
    since = words.age(each.since, digest.report.taken_at)
    was = f" (was {each.was})" if each.was else ""
    age = f" for {since}" if since else ""
    more = f" · {each.downstream:,} downstream" if each.downstream else ""
    place = render.code(f"{subject.namespace}/{subject.name}".lstrip("/"), 100)
    reason = render.code(finding.reason, 60)
    said = render.code(words.brief(finding.message, LINE), LINE)
    return (
        f"{words.MARK[finding.verdict]} **{_kind(subject.kind)}** {place} {reason}{was}{age}\n"
        f"{said}\n-# {finding.code}{more}"
    )


def _same(entries: Sequence[DiffEntry], digest: Digest) -> str:
    """Collapsed, with ages: the oldest trouble is no news."""
    if not entries:
        return ""
    lines = []
    for diff_entry in entries[:BRIEF]:
        subject = diff_entry.finding.subject
        since = words.age(diff_entry.since, digest.report.taken_at)
        place = render.code(f"{subject.namespace}/{subject.name}".lstrip("/"), 80)
        age = f" for {since}" if since else ""
        more = f" · {diff_entry.downstream:,} downstream" if diff_entry.downstream else ""
        mark, reason = (
            words.MARK[diff_entry.finding.verdict],
            render.code(diff_entry.finding.reason, 40),
        )
        lines.append(f"{mark} {_kind(subject.kind)} {place} {reason}{age}{more}")
    if len(entries) > BRIEF:
        lines.append(f"-# … and {len(entries) - BRIEF:,} more in the file")
    return f"**As before** ({len(entries):,})\n" + "\n".join(lines)


def _gone(name: str, gone: Sequence[GoneEntry], digest: Digest, mark: str) -> str:
    if not gone:
        return ""
    lines = []
    for gone_entry in gone[:SPELLED]:
        kind, _, place = gone_entry.subject.partition(" ")
        subject = f"{_kind(kind)} {render.code(place, 80)}"
        reason = render.code(gone_entry.reason, 40)
        more = f" · {gone_entry.downstream:,} downstream" if gone_entry.downstream else ""
        lines.append(f"{mark} {subject} {reason} {told.first_seen(gone_entry, digest)}{more}")
    if len(gone) > SPELLED:
        lines.append(f"-# … and {len(gone) - SPELLED:,} more in the file")
    return f"**{name}** ({len(gone):,})\n" + "\n".join(lines)


def _trends(each: Trends) -> str:
    return "\n".join(
        f"• {one}" for one in told.trend_lines(each, lambda name: render.code(name, 80))
    )


def _coded(name: str, lines: Sequence[str], most: int = LINE) -> str:
    if not lines:
        return ""
    shown = "\n".join(render.code(one, most) for one in lines[:SPELLED])
    more = len(lines) - SPELLED
    rest = f"\n-# … and {more:,} more in the file" if more > 0 else ""
    return f"**{name}** ({len(lines):,})\n{shown}{rest}"


def _kind(kind: str) -> str:
    """A kind is a word; what is read out of a key may be anything."""
    return kind if kind.isascii() and kind.isalnum() else "object"


def _tail(each: Digest, picture: bytes | Undrawn | None) -> Iterator[str]:
    unseen = "; ".join(words.line(one, 300) for one in told.unseen(each, 8))
    if unseen:
        yield f"{words.MARK[Verdict.UNKNOWN]} **not seen** {render.code(unseen, 600)}"
    if isinstance(picture, Undrawn):
        yield f"-# No picture: {render.escape(picture.why)}"
    yield f"{HEARTBEAT}<t:{int(each.report.taken_at.timestamp())}:R>"
