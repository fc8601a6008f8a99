"""Whether an address belongs to a pod in some namespaces, by the watch cache."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from ipaddress import ip_address
from typing import Protocol

from bot.domain import containers
from bot.domain.resources import core

FRESH = 5.0
"""Seconds for which the addresses are kept, so that many connections do not read pods each time."""


class Pods(Protocol):
    """What is known of pods now."""

    def pods(self) -> Collection[core.Pod]:
        """All of them that are watched."""
        ...


class PodAddresses:
    """The addresses of the running pods of some namespaces.

    A pod in its node's own network has none of its own: its node's is that of many others.
    """

    def __init__(
        self,
        cache: Pods,
        namespaces: Collection[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cache = cache
        self._namespaces = frozenset(namespaces)
        self._clock = clock
        self._read_at = -FRESH
        self._addresses: frozenset[str] = frozenset()

    def __call__(self, address: str) -> bool:
        """Whether it is one of them."""
        now = self._clock()
        if self._namespaces and now - self._read_at >= FRESH:
            self._read_at, self._addresses = now, frozenset(self._read()) - {""}
        return address in self._addresses

    def _read(self) -> Iterator[str]:
        for pod in self._cache.pods():
            own = pod.metadata.namespace in self._namespaces and not pod.spec.host_network
            if own and not containers.has_ended(pod):
                yield _canonical(pod.status.pod_ip)
                yield from (_canonical(assigned.ip) for assigned in pod.status.pod_ips or ())


def _canonical(address: str) -> str:
    """An address as sockets write it; empty where the text is none."""
    try:
        return str(ip_address(address))
    except ValueError:
        return ""
