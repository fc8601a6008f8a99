"""Whom the agents try in their background round: a ConfigMap with a file of all of them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bot.net.probing.protocol import ListenerAddress

CONFIG_MAP = "meshmedic-probe-peers"
FILE = "peers.json"

AGAIN = 60.0
"""Seconds from one look at who is there to the next; a kubelet brings it in about two minutes."""

MOST = 5000
"""Agents: a ConfigMap and an agent take no more than 1 MiB."""


def peers_file(peers: Iterable[ListenerAddress]) -> str:
    """The file. The same peers always make the same text."""
    return msgspec.json.encode(sorted(set(peers))[:MOST]).decode()
