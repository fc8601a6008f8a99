"""How a tool ended, and whether it may run as it has to."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

ENFORCE = "pod-security.kubernetes.io/enforce"

WIDE = frozenset({"", "baseline", "privileged"})
"""Levels of Pod Security that let a container keep NET_RAW. Without a label it is `privileged`."""


class Ran(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a tool said. The output is hostile text.

    `exit_code` is None where nobody said it: `cut` then tells that the output was too long, and
    `late` that the time was over.
    """

    node: str
    argv: tuple[str, ...]
    output: str
    exit_code: int | None = None
    cut: bool = False
    late: bool = False


def raw_obstacle(labels: Mapping[str, str] | None) -> str:
    """Why no raw socket is to be had in a namespace with these labels; empty where one is.

    Source: Pod Security Standards; `restricted` drops every capability.
    """
    level = (labels or {}).get(ENFORCE, "")
    if level in WIDE:
        return ""
    return (
        f"It needs raw sockets, which Pod Security {level!r} of meshmedic-probe forbids. Set the "
        f"namespace's label {ENFORCE} to baseline to allow them; tracepath works without."
    )
