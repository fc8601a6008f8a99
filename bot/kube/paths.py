"""The API server's paths and selectors, which are made here alone: no name can lead elsewhere."""

from __future__ import annotations

import re
from typing import NewType

from bot.errors import ClusterError

ApiPath = NewType("ApiPath", str)
"""A path as it is sent. Only `path` makes one, and `Api` takes no other."""

SEGMENT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:-]{0,258}[A-Za-z0-9])?")
"""A name of Kubernetes (RFC 1123, 253 characters), behind which `:8080` may name a port.

None of these characters is ever quoted, so that no reader of the path can unquote them into a
separator, and neither `.` nor `..` is among the texts that fit.
"""

SHOWN = 60
"""Characters of a name that an error shows."""


def path(root: str, *segments: str) -> ApiPath:
    """The path of some names below `root`, which is a literal or a path that was made here.

    Raises:
        ClusterError: One of the names is not a valid one, and could lead elsewhere.
    """
    return ApiPath("/".join((root, *map(_segment, segments))))


def field_selector(**fields: str) -> str:
    """A field selector by which an object is listed; a dot in a field's name is written `__`.

    Source: EscapeValue in k8s.io/apimachinery/pkg/fields.
    """
    return ",".join(f"{name.replace('__', '.')}={_escaped(is_)}" for name, is_ in fields.items())


def _segment(name: str) -> str:
    if not SEGMENT.fullmatch(name):
        msg = f"{name[:SHOWN]!r} is not a valid name of a Kubernetes object: it was not looked up."
        raise ClusterError(msg)
    return name


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")
