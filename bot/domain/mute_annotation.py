"""Silence by an annotation on a Kubernetes object, or on its namespace.

Deployments and their kind are not read: theirs belongs into the pod template.

`meshmedic.dev/mute: "2026-12-24 the disk is on its way"`: a day or a time (RFC 3339) until which,
and a reason; both may be left out, and `false` is none. A day that there is not mutes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from bot.domain.finding import Ref
from bot.domain.redaction.redact import redact
from bot.domain.resources.base import Object
from bot.domain.resources.core import Namespace
from bot.domain.snapshot import Snapshot

MUTE = "meshmedic.dev/mute"

READS = (Namespace,)
"""What is looked at beside the objects of the findings themselves."""

REASON = 120
UNTIL = re.compile(r"(\d{4}-\d{2}-\d{2})([T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?(?!\S)")


def line(each: Object, kind: str, snapshot: Snapshot) -> str:
    """Which annotation silences what is found of an object, until when and why; empty for none."""
    for marked, ref in _marked(each, kind, snapshot):
        given = (marked.metadata.annotations or {}).get(MUTE)
        silenced = None if given is None else _read(given, snapshot.taken_at)
        if silenced is not None:
            return f"muted by the annotation of {ref}{silenced}"
    return ""


def _marked(each: Object, kind: str, snapshot: Snapshot) -> Iterator[tuple[Object, Ref]]:
    """The object, and its namespace as far as that was read."""
    yield each, Ref(kind, each.namespace, each.name)
    if place := snapshot.of(Namespace).by_name.get(("", each.namespace)):
        yield place, Ref("Namespace", "", each.namespace)


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
