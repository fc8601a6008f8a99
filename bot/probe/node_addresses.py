"""From which addresses a kubelet probes a pod of its node.

It connects from the node's side of the pod's network: the pod's default gateway with flannel and
Cilium (the address of `cni0`, or of `cilium_host`), else one of the node's own addresses, which the
downward API tells (`status.hostIPs`). The bot's own web server asks this module, too.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

ROUTES = Path("/proc/net")

MOST_ROUTES = 1000
"""A pod has a handful; a pod in its node's own network has those of the node."""


def kubelet_addresses(told: Iterable[str] = (), *, routes: Path = ROUTES) -> frozenset[str]:
    """The addresses that were told, and the default gateways; what is no address is left out."""
    gateways = (*_gateways(routes / "route"), *_gateways_6(routes / "ipv6_route"))
    return frozenset(map(canonical, (*told, *gateways))) - {"", "0.0.0.0", "::"}  # noqa: S104  # none


def canonical(address: str) -> str:
    """An IPv4 or IPv6 address as sockets write it; empty where the text is none."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            return socket.inet_ntop(family, socket.inet_pton(family, address.strip()))
        except (OSError, ValueError):
            continue
    return ""


def _gateways(path: Path) -> Iterator[str]:
    """Source: proc_net(5), /proc/net/route, whose numbers are in the machine's byte order."""
    for row in _rows(path):
        match row:
            case [_, "00000000", gateway, _, _, _, _, "00000000", *_]:
                yield socket.inet_ntoa(struct.pack("=I", int(gateway, 16)))


def _gateways_6(path: Path) -> Iterator[str]:
    """Source: Linux, rt6_info_route in net/ipv6/route.c."""
    for row in _rows(path):
        match row:
            case [_, "00", _, _, gateway, *_]:
                yield socket.inet_ntop(socket.AF_INET6, bytes.fromhex(gateway))


def _rows(path: Path) -> Iterator[list[str]]:
    """No row where there is no such file: no IPv6, or no Linux."""
    try:
        with path.open() as lines:
            yield from (line.split() for line in islice(lines, MOST_ROUTES))
    except OSError:
        return
