"""What the agents read from ConfigMaps: the public keys of who signs jobs, and their peers.

Of the keys, each process that signs has one. The peers are those whom an agent probes in the
background.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import msgspec

from bot.net.probing.protocol import ListenerAddress

KEYS = "meshmedic-probe-keys"

KEY_LIFE = 7200.0
"""Seconds for which a key is valid after it was published. It is published again long before."""

KEYS_EVERY = 1800.0
"""Seconds from one publication to the next; a kubelet brings it to its agent within about two
minutes."""

MOST_KEYS = 12
"""An agent reads no more than 16."""

PEERS = "meshmedic-probe-peers"
PEERS_FILE = "peers.json"

LOOK_EVERY = 60.0
"""Seconds from one look at both ConfigMaps to the next: somebody may have overwritten them."""

MOST_PEERS = 5000
"""A ConfigMap and an agent take no more than 1 MiB."""


class _Key(msgspec.Struct, frozen=True):
    not_after: float


def renewed_keys(
    present: Mapping[str, str], name: str, line: str, now: float
) -> dict[str, str | None]:
    """The merge patch of the ConfigMap's `data` that adds our key and removes those that are over.

    Of too many, those that end first go: a process that is restarted again and again makes them.
    """
    ends = {key: _not_after(text) for key, text in present.items() if key != name}
    valid = sorted((key for key in ends if ends[key] > now), key=lambda key: -ends[key])
    return {**dict.fromkeys(ends.keys() - valid[: MOST_KEYS - 1]), name: line}


def peers_file(peers: Iterable[ListenerAddress]) -> str:
    """The file of all peers. The same peers always make the same text."""
    return msgspec.json.encode(sorted(set(peers))[:MOST_PEERS]).decode()


def _not_after(text: str) -> float:
    """When a key ends; zero where that cannot be read."""
    try:
        end = msgspec.json.decode(text, type=_Key).not_after
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return 0.0
    return end if math.isfinite(end) else 0.0
