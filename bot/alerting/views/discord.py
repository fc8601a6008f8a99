"""Messages of alerts: an incident, its timeline and end, a summary, and the board."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from discord import ui

from bot.alerting.domain import quiet
from bot.alerting.domain.incident import Alerts, Incident, Moment
from bot.alerting.views import silences
from bot.alerting.views.moments import ago, timeline_line
from bot.domain.finding import Finding, Ref, subject_of
from bot.domain.report import Report
from bot.domain.sentences import listed
from bot.domain.shares import shared
from bot.domain.situation.situation import situation
from bot.domain.story import LogTail
from bot.domain.verdict import Verdict
from bot.health.views import text as report_text
from bot.health.views.discord import next_step, note_line
from bot.render import cards as discord
from bot.render import text as words
from bot.sites.views import text as sites_text

LISTED, LIST = 15, 2500
"""Incidents of a list, and its characters."""

LINES = 3
NAMED = 8
"""Kinds that cannot be seen and are named in a sentence."""

SHORT = 2
"""Sites that are named in a line."""

THREAD_NAME = 100

REASON, KIND = 60, 60
SITES = 3
"""Sites that an alert names."""

FAULTS = frozenset({"Fault"})
"""Kinds of faults that people know only by the sites that do not answer."""

FIX = "**Next** Press *Fix…*: a test has proven that nativeLB works around it."

FAULT_STAYS = "The fault itself stays: `/health all` shows it as a note."
UNPROVEN = (
    "Traefik's log shows no failed request any longer. `/net diagnose` tests whether it works."
)


def incident(
    incident: Incident,
    rows: Sequence[discord.Row] = (),
    role: int | None = None,
    log: str = "",
) -> discord.Card:
    """An incident: what and where, since when, what it affects, why, and the next step.

    Of one that is over: how long it lasted. log: The last log lines as `last_lines` writes them;
    only the message itself has them.
    """
    what = _over(incident) if incident.ended else _open(incident)
    parts: list[str | ui.TextDisplay[Any]] = [
        f"### {what}{_place(incident.head)}\n{_times(incident)}{_affected(incident)}",
        _mention(role),
        _cause(incident),
        ui.TextDisplay(log, id=LOG) if log else "",
        _next(incident),
        "\n".join(map(timeline_line, _latest(incident))),
        _quiet(incident),
    ]
    return discord.card(_verdict(incident), parts, rows)


LOG = 1001
"""The id of the component that has the log lines of a message."""

LOG_LINES, LOG_TEXT = 3, 600


def last_lines(tail: LogTail) -> str:
    """The last log lines of a container in a block; empty where it wrote none."""
    lines = [line for line in tail.lines if line.strip()][-LOG_LINES:]
    return discord.fence(lines, LOG_TEXT) if lines else ""


def _open(incident: Incident) -> str:
    """What is wrong, the reader's noun first: the sites of a fault between them, or an app."""
    says = _sites_of_fault(incident) or situation(incident.head).sentence(_site, _fact)
    return f"{words.MARK[incident.head.verdict]} {says}"


def _over(incident: Incident) -> str:
    """That it is over, and after how long."""
    name, many = _name(incident), bool(_sites_of_fault(incident)) and incident.sites.count > 1
    lasted = words.age(incident.began, incident.ended) if incident.ended else ""
    recovered = not incident.silent and not incident.worked_around
    verb = "" if recovered else " are" if many else " is"
    mark = words.MARK[_end_verdict(incident)]
    return f"{mark} {name}{verb} {incident.end}{'' if incident.silent else f' after {lasted}'}"


def _name(incident: Incident) -> str:
    """The noun alone: its sites where the fault is between them, else the app."""
    if _sites_of_fault(incident):
        return incident.sites.listed(_site, SHORT)
    noun = situation(incident.head).noun
    return f"{noun.kind} {_site(noun.name)}".lstrip()


def _sites_of_fault(incident: Incident) -> str:
    """That the sites do not answer, where the fault is nothing that people know by name."""
    if incident.head.subject.kind not in FAULTS:
        return ""
    return incident.sites.sentence(_site, SHORT)


def _place(head: Finding) -> str:
    """` · `media` on `home-1``: the namespace, and the node of a pod."""
    place = discord.code(head.subject.namespace, 63) if head.subject.namespace else ""
    node = next((ref.name for ref in head.follows if ref.kind == "Node"), "")
    on = f" on {discord.code(node, discord.SUBJECT)}" if node and head.subject.kind == "Pod" else ""
    return f" · {place}{on}" if place else ""


def _times(incident: Incident) -> str:
    began = incident.began
    if not incident.ended:
        return f"Since {discord.stamp(began, 't')} ({discord.stamp(began, 'R')})"
    return f"From {discord.stamp(began)} to {discord.stamp(incident.ended, 't')}"


def _affected(incident: Incident) -> str:
    """What depends on it: its sites by host, else the objects that fail with it.

    Where sites are the headline, they are all that people know of it.
    """
    if _sites_of_fault(incident):
        return ""
    what = incident.sites.listed(_site, SITES)
    if not what:
        others = [subject_of(key) for key in incident.keys if key != incident.head.key]
        what = listed((_beside(other, incident.head.subject) for other in others), SHORT)
    verb = "Affected" if incident.ended else "Affects"
    return f"\n{verb} {what}" if what else ""


def _beside(other: Ref, subject: Ref) -> str:
    """An object that fails as well; its namespace only where that is another one."""
    name = other.name if other.namespace == subject.namespace else str(other).partition(" ")[2]
    kind = other.kind if other.kind.isalnum() and other.kind.isascii() else "Object"
    return f"{kind[:KIND]} {_site(name)}"


def _fact(text: str) -> str:
    """What the cluster says; a number needs no code."""
    return text if text.isascii() and text.isdecimal() else _site(text)


def _cause(incident: Incident) -> str:
    """Why: what the cluster said, beneath the fault's own name where sites stand above."""
    head = incident.head
    fault = f"{situation(head).sentence(_site, _fact)}\n" if _sites_of_fault(incident) else ""
    message = discord.prose(words.brief(head.message, discord.MESSAGE))
    reason = discord.code(head.reason, REASON)
    flaps = "\nIt keeps coming back: no further alerts until it is calm." * incident.flapping
    more = ("\n" + FAULT_STAYS) * incident.worked_around + ("\n" + UNPROVEN) * incident.silent
    return f"{fault}{reason} {message}".rstrip() + (more if incident.ended else flaps)


def _next(incident: Incident) -> str:
    if incident.ended:
        return ""
    return FIX if incident.repairs else next_step(incident.head, 1)


def _latest(incident: Incident) -> Sequence[Moment]:
    """The lines that the card does not say: neither the first, nor its sites, end or silence.

    One where a thread has them all, and none of what is over then.
    """
    said = incident.end if incident.ended else incident.silence and quiet.line(incident.silence)
    lines = [line for line in incident.timeline[1:] if line.what != said and not line.of_sites]
    if incident.thread.post:
        return () if incident.ended else lines[-1:]
    return lines[-LINES:]


def _quiet(incident: Incident) -> str:
    if incident.ended:
        return silences.still_quiet(incident.silence, incident.ended)
    return silences.quiet(incident.silence) if incident.silence else ""


def timeline(lines: Sequence[Moment], role: int | None = None) -> discord.Card:
    """What happened since the last message in the thread."""
    text = "\n".join(map(timeline_line, lines)) or "-# (earlier lines were not kept)"
    return discord.card(None, [text, _mention(role)], ())


def thread_name(incident: Incident) -> str:
    """The name of an incident's thread, without markup: `jellyfin is crash-looping`."""
    fault = incident.head.subject.kind in FAULTS
    says = incident.sites.sentence(most=1) if fault else ""
    return words.line(says or situation(incident.head).sentence(), THREAD_NAME)


def end(incident: Incident) -> discord.Card:
    """The reply that an incident is over, with its sites."""
    more = FAULT_STAYS * incident.worked_around + UNPROVEN * incident.silent
    lines = (
        f"### {_over(incident)}{_place(incident.head)}",
        "" if _sites_of_fault(incident) else incident.sites.listed(_site),
        more,
    )
    verdict = _end_verdict(incident)
    return discord.card(verdict, ["\n".join(line for line in lines if line)], ())


def _verdict(incident: Incident) -> Verdict:
    return _end_verdict(incident) if incident.ended else incident.head.verdict


def _end_verdict(incident: Incident) -> Verdict:
    """What is only not seen failing any longer is not known to be well."""
    return Verdict.UNKNOWN if incident.silent else Verdict.HEALTHY


def summary(incidents: Sequence[Incident], role: int | None = None) -> discord.Card:
    """All incidents that the budget of the hour held back, in one message."""
    lines = _lines(incidents, _head)
    parties = {incident.head.subject.namespace for incident in incidents}
    (only, *more_of) = sorted(parties)
    place = f" in {discord.code(only, 63)}" if only and not more_of else ""
    head = (
        f"### {words.plural(len(incidents), 'more problem')}{place}\n"
        "This channel has had its alerts for this hour, so these share one message."
    )
    return discord.card(Verdict.UNKNOWN, [head, _mention(role), "\n".join(lines)], ())


def withheld(incidents: Sequence[Incident], role: int | None = None) -> discord.Card:
    """Incidents without a word that somebody wrote in the cluster: the kind, and how to ask."""
    lines = _lines(incidents, _nameless)
    text = (
        "Discord rejected the text of this message, so it has no names.\n`/health all` shows them."
    )
    parts = (text, _mention(role), "\n".join(lines) or "No open incident.")
    return discord.card(Verdict.UNKNOWN, parts, ())


def _nameless(incident: Incident) -> str:
    kind, mark = incident.head.subject.kind, words.MARK[_verdict(incident)]
    if incident.ended:
        return f"{mark} {kind} {incident.end}"
    return f"{mark} {kind} {incident.head.verdict} · `/why {incident.head.code}`"


def board(report: Report, state: Alerts) -> discord.Card:
    """The present state and its age: first of all, how many sites answer."""
    lines = _lines(state.unfinished, lambda one: f"{_head(one)} since {ago(one.began)}")
    verdict = report.verdict
    unseen = report_text.unseen_lines(report.gaps, report.taken_at, discord.KINDS)
    first = sites_text.first_line(report.public)
    parts = [
        f"## {words.MARK[verdict]} {_situation(report, state)}\n{first}".rstrip("\n"),
        "\n".join(lines) or _no_incident(report),
        f"**not seen** {discord.code('; '.join(unseen), 700)}" if unseen else "",
        note_line(report.public),
        f"-# seen {ago(report.taken_at)}",
    ]
    return discord.card(verdict, parts, ())


def _situation(report: Report, state: Alerts) -> str:
    """The headline of `/health`; where no problem is new, that they are known.

    A problem that waits out its grace may be new, and so may one among kinds that can't be seen.
    """
    said = report_text.headline(report)
    if not (state.unfinished or state.pending or report.unseen):
        said = KNOWN.sub(r"\1 known \2, nothing new", said, count=1)
    return f"{said[:1].upper()}{said[1:]}"


KNOWN = re.compile(r"^(\d[\d,]{0,10}) (problems?)")
"""How the headline of a report with problems begins."""


def _lines(incidents: Sequence[Incident], line: Callable[[Incident], str]) -> list[str]:
    """A line for each incident for which there is room, and how many more there are."""
    lines = [*words.fitting([line(incident) for incident in _listed(incidents)], LIST)]
    if more := len(incidents) - len(lines):
        lines.append(f"and {more:,} more: `/health all`")
    return lines


def _listed(incidents: Sequence[Incident]) -> tuple[Incident, ...]:
    return shared(incidents, LISTED, lambda incident: incident.party)


def _head(incident: Incident) -> str:
    """An incident in one line: what is wrong, and which sites that affects."""
    says = f"{_open(incident)}{_place(incident.head)}"
    sites = "" if _sites_of_fault(incident) else incident.sites.listed(_site, SHORT)
    return f"{says} · {sites}" if sites else says


def _site(name: str) -> str:
    """A name as code. None in Kubernetes has a backtick, so a hostile one may lose it."""
    return discord.code(name.replace("`", "'"), discord.SUBJECT)


def _no_incident(report: Report) -> str:
    """Known and silenced findings are not incidents, but they are still bad.

    What cannot be seen may be an incident, so that there is none is said only of all that is seen.
    """
    wrong = any(root.verdict.rank >= Verdict.DEGRADED.rank for root in report.roots)
    known = wrong * " `/health all` lists what is known."
    if not report.judged_count:
        return "I see nothing now, so I cannot tell whether there is an incident."
    if hidden := tuple(dict.fromkeys(gap.kind for gap in report.unseen)):
        kinds = discord.code(listed(hidden, NAMED), 200)
        return f"I cannot see {kinds} now, and would not know of an incident there.{known}"
    unknown = sum(finding.verdict is Verdict.UNKNOWN for finding in report.findings)
    if unknown:
        objects = words.plural(unknown, "object")
        return f"I can't check {objects}: `/health all` says why.{known}"
    return f"No open incident.{known}"


def _mention(role: int | None) -> str:
    """The role that is called, in a part of its own: phones show the first words of a message."""
    return f"<@&{role}>" if role else ""
