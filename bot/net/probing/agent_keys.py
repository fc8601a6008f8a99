"""The public keys that agents know: a ConfigMap with one for each process that signs jobs."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

CONFIG_MAP = "meshmedic-probe-keys"

LIFE = 7200.0
"""Seconds that a key is good after it was published. It is published again long before."""

AGAIN = 1800.0
"""Seconds from one publication to the next: a kubelet brings it to its agent within about two
minutes."""

MOST = 12
"""Keys: an agent reads no more than 16."""


class _Key(msgspec.Struct, frozen=True):
    not_after: float


def renewed(present: Mapping[str, str], name: str, line: str, now: float) -> dict[str, str | None]:
    """The merge patch of the ConfigMap's `data` that adds ours and leaves out what is over.

    Of too many, those that end first go: a process that is restarted again and again makes them.
    """
    ends = {key: _not_after(text) for key, text in present.items() if key != name}
    good = sorted((key for key in ends if ends[key] > now), key=lambda key: -ends[key])
    return {**dict.fromkeys(ends.keys() - good[: MOST - 1]), name: line}


def _not_after(text: str) -> float:
    """When a key ends; at the beginning of time where nobody can tell."""
    try:
        end = msgspec.json.decode(text, type=_Key).not_after
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return 0.0
    return end if math.isfinite(end) else 0.0
