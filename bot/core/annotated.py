"""Silence by an annotation on a Kubernetes object, or on its namespace.

Deployments and their kind are not read: theirs belongs into the pod template.

`meshmedic.dev/mute: "2026-12-24 the disk is on its way"`: a day or a time (RFC 3339) until which,
and a reason; both may be left out, and `false` is none. A day that there is not mutes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta

from bot.core.finding import Finding, Ref
from bot.core.kinds import KIND_OF
from bot.core.objects import Namespace, Object
from bot.core.redact import redact
from bot.core.snapshot import Snapshot

MUTE = "meshmedic.dev/mute"

READS = (Namespace,)
"""What is looked at beside the objects of the findings themselves."""

REASON = 120
UNTIL = re.compile(r"(\d{4}-\d{2}-\d{2})([T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?(?!\S)")
TYPES = {kind.name: kind.type for kind in KIND_OF.values()}


def muted(snapshot: Snapshot, findings: Iterable[Finding]) -> Mapping[str, str]:
    """By the key of each finding that an annotation silences, a line that says which and why."""
    lines = ((each.key, _line(snapshot, each)) for each in findings)
    return {key: line for key, line in lines if line}


def _line(snapshot: Snapshot, finding: Finding) -> str:
    for each, ref in _marked(snapshot, finding.subject):
        given = (each.metadata.annotations or {}).get(MUTE)
        silenced = None if given is None else _read(given, snapshot.taken_at)
        if silenced is not None:
            return f"muted by the annotation of {ref}{silenced}"
    return ""


def _marked(snapshot: Snapshot, ref: Ref) -> Iterator[tuple[Object, Ref]]:
    """The object and its namespace, as far as they were read."""
    for each in (ref, Ref("Namespace", "", ref.namespace)):
        if found := _named(snapshot, each):
            yield found, each


def _named(snapshot: Snapshot, ref: Ref) -> Object | None:
    kind = TYPES.get(ref.kind)
    return snapshot.of(kind).by_name.get((ref.namespace, ref.name)) if kind else None


def _read(given: str, now: datetime) -> str | None:
    """Until when and why, as the end of a line; None where it silences nothing (any more)."""
    text = given.strip()
    if text.lower() == "false":
        return None
    reason, until = text, None
    if found := UNTIL.match(text):
        until = _moment(found[1], found[2] or "")
        if until is None or until <= now:
            return None
        reason = text[found.end() :].strip()
    elif re.match(r"\d{4}-", text):
        # It was meant to be a day: what cannot be read silences nothing.
        return None
    shown = redact(" ".join(reason.split()))[:REASON]
    why = f": {shown}" if shown and shown.lower() != "true" else ""
    return (f" until {until:%Y-%m-%d %H:%M} UTC" if until else "") + why


def _moment(day: str, clock: str) -> datetime | None:
    try:
        if clock:
            return datetime.fromisoformat(f"{day}T{clock[1:]}").astimezone(UTC)
        # Through that whole day.
        return datetime.combine(date.fromisoformat(day), time(), UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
