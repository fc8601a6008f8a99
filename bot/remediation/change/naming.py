"""The name of a Change: when, and for what, so that a list of names reads like a log book."""

from __future__ import annotations

import re
from datetime import UTC, datetime

MOST = 40
"""Characters of the route's name in it."""

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,80}")


def change_name(target: str, at: datetime, token: str) -> str:
    """`20260131-1200-web-3f9c`: sorted by time, unique by its token of hexadecimal digits."""
    bare = target.rpartition("/")[2] or target.rpartition(" ")[2]
    slug = re.sub(r"[^a-z0-9]+", "-", bare.casefold())[:MOST].strip("-") or "route"
    return f"{at.astimezone(UTC):%Y%m%d-%H%M}-{slug}-{token}"
