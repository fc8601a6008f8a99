"""What keeps an incident quiet: a mute, an acknowledgement or an annotation, for its card."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from bot.alerting.domain.incident import Alerts, Incident, Silence
from bot.alerting.domain.silences import Mute, Mutes
from bot.domain.report import Report

LONGEST = 200
"""Characters of a name or a reason that are stored with an incident."""


def with_silences(state: Alerts, mutes: Mutes, report: Report) -> Alerts:
    """The state in which each open incident knows what keeps it quiet now.

    A change is a line of its timeline, so that its message and its thread say it to everybody.
    """
    now = report.taken_at
    heads = [incident.head for incident in state.unfinished]
    muted = mutes.silencing(heads, now)
    incidents = tuple(
        incident if incident.ended else _with(incident, _silence(incident, muted, report), now)
        for incident in state.incidents
    )
    return replace(state, incidents=incidents)


def _with(incident: Incident, silence: Silence | None, now: datetime) -> Incident:
    if silence == incident.silence:
        return incident
    before = incident.silence
    what = line(silence) if silence else f"no longer {done(before)}"
    return replace(incident, silence=silence).with_line(now, what)


def line(silence: Silence) -> str:
    """Who keeps it quiet, without a time: the card has that in the reader's own time zone."""
    if not silence.by:
        return silence.reason
    return f"{silence.within} {done(silence)} by {silence.by}".lstrip()


def done(silence: Silence | Mute | None) -> str:
    """What a person did to keep it quiet."""
    return "acknowledged" if silence and silence.acknowledged else "muted"


def _silence(incident: Incident, muted: Mapping[str, Mute], report: Report) -> Silence | None:
    key = incident.head.key
    if mute := muted.get(key):
        return Silence(
            by=mute.by[:LONGEST],
            until=mute.until,
            acknowledged=mute.acknowledged,
            within="" if mute.finding else mute.target,
            reason=mute.reason[:LONGEST],
        )
    annotated = report.muted.get(key)
    return Silence(reason=annotated[:LONGEST]) if annotated else None
