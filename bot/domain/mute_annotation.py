"""Silence by an annotation on a Kubernetes object, or on its namespace.

On a workload it silences the workload's own findings: pods are silenced by the pod template.

`meshmedic.dev/mute: "2026-12-24 the disk is on its way"`: the day or time (RFC 3339) until which,
and a reason. Both are optional. `false` or an impossible date silences nothing.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from bot.domain.redaction.redact import LONGEST, redact
from bot.domain.resources.base import Object
from bot.domain.resources.core import Namespace
from bot.domain.sentences import moment
from bot.domain.snapshot import Snapshot

MUTE = "meshmedic.dev/mute"

READS = (Namespace,)
"""The types whose annotations count besides those of the findings' own objects."""

READ = 1024
"""Characters of the reason that are searched for secrets."""

REASON = 120
UNTIL = re.compile(r"(\d{4}-\d{2}-\d{2})([T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?(?!\S)")


def line(resource: Object, snapshot: Snapshot) -> str:
    """Which annotation silences an object's findings, until when and why; empty for none."""
    namespace = snapshot.get(Namespace, "", resource.namespace)
    for marked in (resource, namespace):
        value = (marked.metadata.annotations or {}).get(MUTE) if marked else None
        silence = None if value is None else _read(value, snapshot.taken_at)
        if marked and silence is not None:
            return f"muted by the annotation of {marked.ref}{silence}"
    return ""


def _read(value: str, now: datetime) -> str | None:
    """Until when and why, as the end of a line; None where it silences nothing (any more)."""
    reason, until = value[:LONGEST].strip(), None
    if reason.lower() == "false":
        return None
    if date_and_time := UNTIL.match(reason):
        until = _moment(date_and_time[1], date_and_time[2] or "")
        if until is None or until <= now:
            return None
        reason = reason[date_and_time.end() :].strip()
    elif re.match(r"\d{4}-", reason):
        # It was meant to be a date: one that cannot be read silences nothing.
        return None
    shown = redact(" ".join(reason.split()), READ)[:REASON]
    why = f": {shown}" if shown and shown.lower() != "true" else ""
    return (f" until {moment(until)}" if until else "") + why


def _moment(day: str, clock: str) -> datetime | None:
    try:
        if clock:
            return datetime.fromisoformat(f"{day}T{clock[1:]}").astimezone(UTC)
        # Until the end of that day.
        return datetime.combine(date.fromisoformat(day), time(), UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
