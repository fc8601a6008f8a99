"""The API server's paths, which are made here alone, so that no name can lead elsewhere."""

from __future__ import annotations

from typing import NewType
from urllib.parse import quote

from bot.errors import ClusterError

ApiPath = NewType("ApiPath", str)
"""A path as it is sent. Only `path` makes one, and `Api` takes no other."""

LONGEST = 260
"""Characters of a segment: a name has 253 at most, and a port may follow it."""

SHOWN = 60
"""Characters of a name that an error shows."""


def path(root: str, *segments: str) -> ApiPath:
    """The path of some names below `root`, which is a literal or a path that was made here.

    Raises:
        ClusterError: One of the names is not a valid one, and could lead elsewhere.
    """
    return ApiPath("/".join((root, *map(_segment, segments))))


def _segment(name: str) -> str:
    """One name, quoted except for the colon that precedes a port.

    Source: k8s.io/apimachinery/pkg/api/validation/path. The API server unquotes a path before it
    splits it, so a quoted slash would count as a slash.
    """
    try:
        quoted = quote(name, safe=":")
    except UnicodeEncodeError:
        quoted = ""
    if not quoted or name in (".", "..") or len(name) > LONGEST or "/" in name or "%" in name:
        msg = f"{name[:SHOWN]!r} is no name of an object in Kubernetes, so it was not asked for."
        raise ClusterError(msg)
    return quoted
