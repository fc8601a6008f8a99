"""Whose connections keep room of their own at an agent: its node's kubelet and its peers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.probe.node_addresses import canonical, kubelet_addresses
from bot.probe.rounds import all_peers

_Version = tuple[int, int, int]


class KnownAddresses:
    """Knows the addresses of this node, and those in the file of peers, if there is one."""

    def __init__(self, node: Iterable[str], peers: Path | None) -> None:
        self._node = kubelet_addresses(node)
        self._path = peers
        self._version: _Version | None = None
        self._peers: frozenset[str] = frozenset()

    def __call__(self, address: str) -> bool:
        """Whether an address is one of them. The file is read anew where it has changed."""
        if self._path and self._version != (version := _version(self._path)):
            self._version = version
            self._peers = frozenset(canonical(peer.address) for peer in all_peers(self._path))
        return address in self._node or address in self._peers


def _version(path: Path) -> _Version | None:
    """Changes with the file, also where a volume swaps a link; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
