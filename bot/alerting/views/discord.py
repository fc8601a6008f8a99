"""Messages of alerts: an incident as it stands, its end, what was held back, and the board."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.alerting.domain.incident import Alerts, Incident, Moment
from bot.domain.report import Report
from bot.domain.verdict import Verdict
from bot.health.views import text as report_text
from bot.render import cards as discord
from bot.render import text as words

LISTED = 15
LINES = 6
THREAD_NAME = 100


def incident(
    one: Incident, rows: Sequence[discord.Row] = (), role: int | None = None
) -> discord.Card:
    """One incident: what, since when, how it developed, and that it is over once it is.

    Where a thread tells its timeline, the latest line is enough.
    """
    head = one.head
    verdict = Verdict.HEALTHY if one.ended else head.verdict
    state = "Recovered" if one.ended else str(head.verdict).capitalize()
    more = f" · {len(one.keys) - 1:,} downstream" if len(one.keys) > 1 else ""
    flaps = "\nIt comes and goes: said once, until it is calm." if one.flapping else ""
    parts = [
        f"{_mention(role)}## {words.MARK[verdict]} {state}: {head.subject.kind} "
        f"{discord.code(str(head.subject).partition(' ')[2], discord.SUBJECT)}",
        f"{discord.code(head.reason, 60)} "
        f"{discord.code(words.brief(head.message, discord.MESSAGE), discord.MESSAGE)}{flaps}",
        "\n".join(_moment(moment) for moment in one.timeline[-(1 if one.thread.post else LINES) :]),
        f"-# since {_time(one.opened)} · {head.code}{more} · incident {one.id}",
    ]
    return discord.card(verdict, [part for part in parts if part], rows)


def timeline(lines: Sequence[Moment], mark: str, role: int | None = None) -> discord.Card:
    """What happened since the thread was told last."""
    told = "\n".join(map(_moment, lines)) or "-# (what happened was not kept)"
    return discord.card(None, [f"{_mention(role)}{told}", f"-# {mark}"], ())


def thread_name(one: Incident) -> str:
    """Of the thread of an incident: the reason, and of what. No markup is read in it."""
    return words.line(f"{one.head.reason} · {one.head.subject}", THREAD_NAME)


def lost(channel: int, why: str) -> discord.Card:
    """A word to the owner that alerts cannot be posted in a channel."""
    text = (
        f"Alerts cannot be posted in <#{channel}>: {discord.code(why, 200)}\n"
        "Give the bot its permissions there again, or name another channel in the settings. What "
        "happens meanwhile is said there once that works, and stands in the digest. This is said "
        "once."
    )
    return discord.note(text, raw=True)


def end(one: Incident, mark: str) -> discord.Card:
    """The answer that it is over; the mark is how it is known again."""
    lasted = words.age(one.opened, one.ended) if one.ended else ""
    subject = discord.code(str(one.head.subject), discord.SUBJECT)
    text = f"{words.MARK[Verdict.HEALTHY]} **Recovered** {subject} after {lasted}\n-# {mark}"
    return discord.card(Verdict.HEALTHY, [text], ())


def summary(incidents: Sequence[Incident], mark: str) -> discord.Card:
    """All that the budget of the hour held back, in one message."""
    lines = [
        f"{words.MARK[one.head.verdict]} {discord.code(str(one.head.subject), 80)} "
        f"{discord.code(one.head.reason, 40)}"
        for one in incidents[:LISTED]
    ]
    more = len(incidents) - LISTED
    if more > 0:
        lines.append(f"and {more:,} more: ask `/health all`.")
    count = words.plural(len(incidents), "further incident")
    head = f"## {count}\nThis channel's messages for the hour are used up; these have none."
    return discord.card(Verdict.UNKNOWN, [head, "\n".join(lines), f"-# {mark}"], ())


def board(report: Report, state: Alerts, mark: str) -> discord.Card:
    """The present state with its age."""
    unfinished = [one for one in state.incidents if not one.ended]
    lines = [
        f"{words.MARK[one.head.verdict]} {discord.code(str(one.head.subject), 80)} "
        f"{discord.code(one.head.reason, 40)} since {_time(one.opened)}"
        for one in unfinished[:LISTED]
    ]
    if len(unfinished) > LISTED:
        lines.append(f"and {len(unfinished) - LISTED:,} more")
    verdict = report.verdict
    unseen = report_text.unseen_lines(report.gaps, report.taken_at, discord.KINDS)
    parts = [
        f"## {words.MARK[verdict]} {verdict.capitalize()}\n{report_text.headline(report)}",
        "\n".join(lines) or _no_incident(report),
        f"**not seen** {discord.code('; '.join(unseen), 500)}" if unseen else "",
        f"-# seen {_time(report.taken_at)} · {mark}",
    ]
    return discord.card(verdict, [part for part in parts if part], ())


def _no_incident(report: Report) -> str:
    """What was wrong when alerts began, or is muted, is none, and still wrong."""
    wrong = any(root.verdict.rank >= Verdict.DEGRADED.rank for root in report.roots)
    return "No open incident." + wrong * " What is wrong is no news: `/health all` tells it."


def _mention(role: int | None) -> str:
    return f"<@&{role}>\n" if role else ""


def _moment(each: Moment) -> str:
    return f"-# {_time(each.at)} {discord.code(each.what, 160)}"


def _time(at: datetime) -> str:
    return f"<t:{int(at.timestamp())}:R>"
