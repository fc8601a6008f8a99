"""Paths of the API server: the only place where one is made, so that no name leads elsewhere."""

from __future__ import annotations

from typing import NewType
from urllib.parse import quote

from bot.errors import ClusterError

ApiPath = NewType("ApiPath", str)
"""A path as it is sent: made by `path` alone, and the only kind that `Api` takes."""

LONGEST = 260
"""Characters of a segment: a name has 253 at most, and a port may follow it."""

SHOWN = 60
"""Characters of a name that an error shows."""


def path(root: str, *segments: str) -> ApiPath:
    """`root` as it is, which the code has written or this function has made, and names beneath it.

    Raises:
        ClusterError: One of the names could lead elsewhere, or is none.
    """
    return ApiPath("/".join((root, *map(_segment, segments))))


def _segment(name: str) -> str:
    """One name, quoted whole but for the colon, which stands before a port.

    Source: k8s.io/apimachinery/pkg/api/validation/path. The API server takes the path apart only
    after it has undone the quoting, so a quoted slash would be a slash again.
    """
    try:
        quoted = quote(name, safe=":")
    except UnicodeEncodeError:
        quoted = ""
    if not quoted or name in (".", "..") or len(name) > LONGEST or "/" in name or "%" in name:
        msg = f"{name[:SHOWN]!r} is no name of an object in Kubernetes, so it was not asked for."
        raise ClusterError(msg)
    return quoted
