"""Messages of alerts: an incident, its timeline and end, a summary, and the board."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.alerting.domain.incident import Alerts, Incident, Moment
from bot.domain.report import Report
from bot.domain.shares import shared
from bot.domain.verdict import Verdict
from bot.health.views import text as report_text
from bot.health.views.discord import next_step, note_line
from bot.render import cards as discord
from bot.render import text as words
from bot.sites.views import text as sites_text

LISTED = 15
LINES = 6
NAMED = 8
"""Kinds that cannot be seen and are named in a sentence."""

SHORT = 2
"""Sites that are named in a line."""

THREAD_NAME = 100

FAULT_STAYS = "\nThe fault itself stays: `/health all` has it as a note."
UNPROVEN = "\nThat Traefik's log is silent is no proof that it works: `/net diagnose` tests it."


def incident(
    incident: Incident, rows: Sequence[discord.Row] = (), role: int | None = None
) -> discord.Card:
    """An incident: which sites do not answer, why, since when, how it developed, and its end.

    Where a thread has its timeline, the latest line is enough.
    """
    head, lines = incident.head, 1 if incident.thread.post else LINES
    verdict, state = _verdict(incident), _state(incident)
    more = f" · {len(incident.keys) - 1:,} downstream" if len(incident.keys) > 1 else ""
    flaps = "\nIt comes and goes: said once, until it is calm." if incident.flapping else ""
    cause = (
        f"{state}: {head.subject.kind} "
        f"{discord.code(str(head.subject).partition(' ')[2], discord.SUBJECT)}"
    )
    sites = incident.sites.sentence(_site, over=bool(incident.ended))
    below = f"**{cause}**\n" if sites else ""
    parts = [
        f"{_mention(role)}## {words.MARK[verdict]} {sites or cause}",
        f"{below}{discord.code(head.reason, 60)} "
        f"{discord.code(words.brief(head.message, discord.MESSAGE), discord.MESSAGE)}{flaps}",
        "" if incident.ended else next_step(head, 2),
        "\n".join(map(_moment, incident.timeline[-lines:])),
        f"-# since {_time(incident.began)} · {head.code}{more}",
    ]
    return discord.card(verdict, [part for part in parts if part], rows)


def timeline(lines: Sequence[Moment], role: int | None = None) -> discord.Card:
    """What happened since the last message in the thread."""
    text = "\n".join(map(_moment, lines)) or "-# (what happened was not kept)"
    return discord.card(None, [f"{_mention(role)}{text}"], ())


def thread_name(incident: Incident) -> str:
    """The name of an incident's thread: sites, reason and object. It has no markup."""
    sites = words.line(incident.sites.listed(most=1), THREAD_NAME // 2)
    parts = (sites, incident.head.reason, str(incident.head.subject))
    return words.line(" · ".join(filter(None, parts)), THREAD_NAME)


def end(incident: Incident) -> discord.Card:
    """The reply that an incident is over."""
    lasted = words.age(incident.began, incident.ended) if incident.ended else ""
    subject = discord.code(str(incident.head.subject), discord.SUBJECT)
    verdict = _end_verdict(incident)
    sites = incident.sites.listed(_site)
    cause = f"\n{subject}" if sites else ""
    what = sites or subject
    text = f"{words.MARK[verdict]} **{incident.end.capitalize()}** {what} after {lasted}{cause}"
    more = FAULT_STAYS * incident.worked_around + UNPROVEN * incident.silent
    return discord.card(verdict, [f"{text}{more}"], ())


def _verdict(incident: Incident) -> Verdict:
    return _end_verdict(incident) if incident.ended else incident.head.verdict


def _state(incident: Incident) -> str:
    return (incident.end if incident.ended else str(incident.head.verdict)).capitalize()


def _end_verdict(incident: Incident) -> Verdict:
    """What is only not seen failing any more is not known to be well."""
    return Verdict.UNKNOWN if incident.silent else Verdict.HEALTHY


def summary(incidents: Sequence[Incident], role: int | None = None) -> discord.Card:
    """All incidents that the budget of the hour held back, in one message."""
    lines = [_head(incident) for incident in _listed(incidents)]
    more = len(incidents) - LISTED
    if more > 0:
        lines.append(f"and {more:,} more: ask `/health all`.")
    count = words.plural(len(incidents), "further incident")
    parties = {incident.head.subject.namespace for incident in incidents}
    (only, *more_of) = sorted(parties)
    whose = f"about {discord.code(only, 63)} " if only and not more_of else ""
    head = (
        f"{_mention(role)}## {count}\n"
        f"This channel's messages {whose}for the hour are used up; these have none."
    )
    return discord.card(Verdict.UNKNOWN, [head, "\n".join(lines)], ())


def withheld(incidents: Sequence[Incident], role: int | None = None) -> discord.Card:
    """Incidents without a word that somebody wrote in the cluster: how bad, the kind, the code."""
    lines = [
        f"{words.MARK[_verdict(incident)]} {_state(incident)}: {incident.head.subject.kind}"
        f" · {incident.head.code}"
        for incident in _listed(incidents)
    ]
    if len(incidents) > LISTED:
        lines.append(f"and {len(incidents) - LISTED:,} more")
    text = f"{_mention(role)}Discord rejects what is to be said here. `/health all` tells more."
    return discord.card(Verdict.UNKNOWN, [text, "\n".join(lines) or "No open incident."], ())


def board(report: Report, state: Alerts) -> discord.Card:
    """The present state and its age: first of all, how many sites answer."""
    unfinished = [incident for incident in state.incidents if not incident.ended]
    lines = [f"{_head(incident)} since {_time(incident.began)}" for incident in _listed(unfinished)]
    if len(unfinished) > LISTED:
        lines.append(f"and {len(unfinished) - LISTED:,} more")
    verdict = report.verdict
    unseen = report_text.unseen_lines(report.gaps, report.taken_at, discord.KINDS)
    first = sites_text.first_line(report.public)
    parts = [
        f"## {words.MARK[verdict]} {verdict.capitalize()}\n{first}{report_text.headline(report)}",
        "\n".join(lines) or _no_incident(report),
        f"**not seen** {discord.code('; '.join(unseen), 700)}" if unseen else "",
        note_line(report.public),
        f"-# seen {_time(report.taken_at)}",
    ]
    return discord.card(verdict, [part for part in parts if part], ())


def _listed(incidents: Sequence[Incident]) -> tuple[Incident, ...]:
    return shared(incidents, LISTED, lambda incident: incident.party)


def _head(incident: Incident) -> str:
    head = incident.head
    subject, reason = discord.code(str(head.subject), 80), discord.code(head.reason, 40)
    sites = incident.sites.listed(_site, SHORT)
    first = f"{sites} · " if sites else ""
    return f"{words.MARK[head.verdict]} {first}{subject} {reason}"


def _site(name: str) -> str:
    return discord.code(name, discord.SUBJECT)


def _no_incident(report: Report) -> str:
    """Known and silenced findings are not incidents, but they are still bad.

    What cannot be seen may be an incident, so that there is none is said only of all that is seen.
    """
    wrong = any(root.verdict.rank >= Verdict.DEGRADED.rank for root in report.roots)
    known = wrong * " What is wrong is no news: `/health all` tells it."
    if not report.judged_count:
        return "I see nothing now, so I cannot tell whether there is an incident."
    if hidden := tuple(dict.fromkeys(gap.kind for gap in report.unseen)):
        more = f" and {len(hidden) - NAMED:,} more" if len(hidden) > NAMED else ""
        kinds = discord.code(", ".join(hidden[:NAMED]) + more, 200)
        return f"I cannot see {kinds} now, and would not know of an incident there.{known}"
    unknown = sum(finding.verdict is Verdict.UNKNOWN for finding in report.findings)
    if unknown:
        objects = words.plural(unknown, "object")
        return f"I cannot judge {objects}: `/health all` says why.{known}"
    return f"No open incident.{known}"


def _mention(role: int | None) -> str:
    return f"<@&{role}>\n" if role else ""


def _moment(moment: Moment) -> str:
    return f"-# {_time(moment.at)} {discord.code(moment.what, 160)}"


def _time(at: datetime) -> str:
    return f"<t:{int(at.timestamp())}:R>"
