"""Reading the instants that logs carry: the node's own offset, and any part of a second."""

from __future__ import annotations

import re
from datetime import UTC, datetime

RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)
"""A time with its zone. A kubelet and a container runtime write up to nanoseconds, in Go's
RFC3339Nano: without the zeros at the end, and with the offset of the node."""


def instant(text: str) -> datetime | None:
    """The instant in UTC, to its microsecond; None for what is no RFC 3339 time, or none at all."""
    if RFC3339.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
