"""A digest for Discord: what changed first, the rest in few lines, everything as a file."""

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
from bot.domain.shares import shared
from bot.domain.situation.situation import situation_of
from bot.domain.tenancy import party_of, party_of_key
from bot.domain.verdict import Verdict
from bot.health.views.discord import before, cause, next_step, prose, title
from bot.history.domain.trends import Trends
from bot.history.views import uptime
from bot.render import cards as render
from bot.render import text as words
from bot.sites.views import text as sites_text

T = TypeVar("T")

FILE = "digest.txt"
PICTURE = "health.png"
SPELLED = 6
"""Causes of a part that are shown in full."""

BRIEF = 10
"""Causes that are as before, in one line each at most."""

SITES = 3
"""Sites whose uptime a digest has: the worst. `/digest history` has more."""

LINE = 170

HEARTBEAT = "-# seen "
SEEN = re.compile(rf"^({HEARTBEAT}<t:\d+:R>)[^\n]*\Z", re.MULTILINE)
"""The last line of a digest. Text from the cluster is in code, so it cannot look like this."""

RENEWED = 60
"""Characters that a renewal may add to it."""


def digest(
    digest: Digest,
    picture: bytes | Undrawn | None = None,
    alt: str = "",
    rows: Sequence[render.Row] = (),
) -> render.Card:
    """One message; it says so where something did not fit, and the file has it."""
    verdict = digest.verdict
    first = sites_text.first_line(digest.report.public)
    nodes = text_view.nodes(digest)
    head = f"## {text_view.title(digest)}\n{first}{nodes}".rstrip("\n")
    tail = "\n".join(_tail(digest, picture))
    shown, room = [], render.TEXT - len(head) - len(tail) - RENEWED - 100
    parts = [part for part in _parts(digest) if part]
    if sum(map(len, parts)) > room:
        parts = [part for part in _parts(digest, steps=False) if part]
    for part in parts:
        if len(part) > room:
            break
        shown.append(part)
        room -= len(part)
    if len(shown) < len(parts):
        shown.append("-# The rest is in the file.")
    card = render.card(verdict, [head, *shown, tail], rows)
    if isinstance(picture, bytes):
        card = render.with_picture(card, render.Attachment(PICTURE, picture), alt)
    file = render.Attachment.of_text(FILE, text_view.text(digest))
    return render.with_files(card, (file,))


def brief(digest: Digest, rows: Sequence[render.Row] = ()) -> render.Card:
    """One line: all is healthy, or nothing is new."""
    verdict = digest.verdict
    at = int(digest.report.taken_at.timestamp())
    prefix = "" if digest.healthy or digest.difference.first else "nothing new · "
    late = f"\n-# {next(text_view.notes(digest))}" if digest.due else ""
    name, headline = text_view.name(digest), text_view.headline(digest)
    sites = text_view.sites(digest)
    first = f"{sites} · " if sites else ""
    line = f"{words.MARK[verdict]} **{name}** · {first}{prefix}{headline} · <t:{at}:f>"
    return render.card(verdict, [line + late], rows)


def withheld(digest: Digest, rows: Sequence[render.Row] = ()) -> render.Card:
    """A digest whose words Discord rejects: its counts, and all of it as a file."""
    text = f"## {text_view.title(digest)}\n{text_view.headline(digest)}"
    why = "Discord rejected the text of this digest. The file has all of it."
    card = render.card(digest.verdict, [text, why], rows)
    return render.with_files(card, (render.Attachment.of_text(FILE, text_view.text(digest)),))


def renewed(view: ui.LayoutView, at: datetime) -> bool:
    """Note the time of the last examination in a posted digest; False where it has no such line.

    Files that stay must be named as they were posted: Discord shows other addresses.
    """
    has_line = False
    for item in view.walk_children():
        if isinstance(item, ui.File):
            item.media = f"attachment://{FILE}"
        elif isinstance(item, ui.MediaGallery):
            for detail in item.items:
                detail.media = f"attachment://{PICTURE}"
        elif isinstance(item, ui.TextDisplay) and SEEN.search(item.content):
            now = f"nothing new when last looked, {render.stamp(at)}"
            item.content, has_line = SEEN.sub(rf"\1 · {now}", item.content), True
    return has_line


def listed(
    schedules: Iterable[tuple[DigestSchedule, RunRecord | None, ScheduledRun]], zone: str
) -> render.Card:
    """The digests that are set up, with the last and the next run of each."""
    lines = [_listed(*schedule) for schedule in schedules]
    text = "\n".join(lines) or (
        "No digest is set up. Use `/digest set`, or set `MESHMEDIC_DIGEST_CHANNEL`."
    )
    return render.card(None, [f"## Digests\n-# Times are in {render.code(zone, 60)}", text], ())


def history(runs: Sequence[tuple[str, RunRecord]], trends: Trends) -> render.Card:
    """The last runs, the latest first, and the trends of the history."""
    lines = "\n".join(_run(*run) for run in runs) or "Nothing yet."
    parts = ["## Digests sent", lines, f"**The last 7 days**\n{_trends(trends)}"]
    if trends.sites:
        parts.append(_uptime(trends, render.TEXT - sum(map(len, parts))))
    return render.card(None, parts, ())


def _listed(schedule: DigestSchedule, last: RunRecord | None, following: ScheduledRun) -> str:
    at = int(following.at.timestamp())
    when = "paused" if schedule.paused else f"next <t:{at}:R>"
    scopes = [*schedule.scopes, schedule.namespace and f"in {schedule.namespace}"]
    options = [
        f"from {schedule.threshold}" if schedule.threshold is not Verdict.PROGRESSING else "",
        "only changes" if schedule.only_changes else "",
        "with trends" if schedule.trends else "",
    ]
    scope = " · ".join(filter(None, [*scopes, *options])) or "everything"
    ended = f"last {last.stage} {render.stamp(last.at, 'R')}" if last else "nothing sent yet"
    where = f"<#{schedule.channel}>" if schedule.channel else "no channel"
    return (
        f"**{schedule.name}** {render.code(str(schedule.when), 60)} {where} · {when}\n"
        f"-# {render.code(scope, 120)} · {ended}"
    )


def _run(name: str, run: RunRecord) -> str:
    late = ", late" if run.late else ""
    count = f" · {run.new:,} new, {run.fixed:,} fixed" if run.message else ""
    return f"`{name}` {run.day} **{run.stage}**{late} {render.stamp(run.at, 'R')}{count}"


def _parts(digest: Digest, *, steps: bool = True) -> Iterator[str]:
    """All parts; `steps` says what to do next about what is new, worse or better."""
    parts = digest.difference
    yield "\n".join(f"-# {prose(note, LINE)}" for note in text_view.notes(digest))
    spelled = partial(_present, steps=steps)
    yield _part("New", parts.new, spelled)
    yield _part("Worse", parts.worse, spelled)
    well = partial(_gone, words.MARK[Verdict.HEALTHY])
    yield _part("Fixed", parts.fixed, well)
    yield _part("Worked around", parts.around, well)
    yield _part("Better", parts.better, spelled)
    unknown = partial(_gone, words.MARK[Verdict.UNKNOWN])
    yield _part("Was there, not seen now", parts.lost, unknown)
    yield _part("Unchanged", parts.same, _unchanged, BRIEF)

    def said(text: str) -> str:
        return prose(text, LINE)

    yield _part("Still open", list(text_view.opened(digest)), said)
    yield _part("Certificates that end soon", list(text_view.expiring(digest)), said)
    if digest.muted:
        yield f"**Muted** ({len(digest.muted):,}) " + render.code("; ".join(digest.muted), 300)
    if digest.trends:
        yield f"**The last 7 days**\n{_trends(digest.trends)}"
        yield _uptime(digest.trends, most=SITES) if digest.trends.sites else ""


def _part(name: str, entries: Sequence[T], line: Callable[[T], str], most: int = SPELLED) -> str:
    """A heading and the first entries, of each namespace some; how many more the file has."""
    if not entries:
        return ""
    shown = "\n".join(map(line, shared(entries, most, _party)))
    more = len(entries) - most
    hidden = f"\n-# and {more:,} more in the file" if more > 0 else ""
    return f"**{name}** ({len(entries):,})\n{shown}{hidden}"


def _party(entry: object) -> str:
    match entry:
        case DiffEntry(finding=finding):
            return party_of(finding.subject)
        case GoneEntry(key=key):
            return party_of_key(key)
        case _:
            return ""


def _present(entry: DiffEntry, *, steps: bool) -> str:
    """A cause, and what to do next, in a few lines."""
    finding = entry.finding
    following = f"\n{next_step(finding, 1)}" if steps else ""
    return f"{_unchanged(entry)}\n{cause(finding, LINE)}{following}"


def _unchanged(entry: DiffEntry) -> str:
    """A cause in one line with its age: the oldest trouble is no news."""
    # What failed and tries again is milder now only by its looks.
    was = f" (was {entry.was})" if entry.was else ""
    since = f" · {render.stamp(entry.since, 'R')}" if entry.since else ""
    return f"{title(entry.finding, bold=True)}{was}{since}{text_view.downstream(entry)}"


def _gone(mark: str, entry: GoneEntry) -> str:
    """What is gone, by what people know; when it ended is unknown."""
    said = situation_of(entry.subject, entry.reason, entry.verdict, entry.known_as)
    first = f"first seen {render.stamp(entry.first, 'R')}"
    return f"{before(mark, said)} · {first}{text_view.downstream(entry)}"


def _trends(trends: Trends) -> str:
    lines = text_view.trend_lines(trends, lambda name: render.code(name, 80))
    return "\n".join(f"• {line}" for line in lines)


def _uptime(trends: Trends, room: int = render.TEXT, most: int = uptime.SHOWN) -> str:
    """A line for each of the worst sites, as many as there is room for."""
    quoted = partial(render.code, most=uptime.NAME)
    for count in range(most, 0, -1):
        lines = uptime.lines(trends.sites, quoted, count)
        shown = "\n".join(f"• {line}" for line in lines)
        if len(text := f"**{uptime.TITLE}** ({len(trends.sites):,})\n{shown}") <= room:
            return text
    return f"-# {uptime.TITLE}: no room for it here."


def _tail(digest: Digest, picture: bytes | Undrawn | None) -> Iterator[str]:
    unseen = "; ".join(words.line(line, 300) for line in text_view.unseen(digest, 8))
    if unseen:
        yield f"{words.MARK[Verdict.UNKNOWN]} **not seen** {render.code(unseen, 600)}"
    if isinstance(picture, Undrawn):
        yield f"-# No picture: {render.prose(picture.why)}"
    yield f"{HEARTBEAT}{render.stamp(digest.report.taken_at, 'R')}"
