"""A LAN of network namespaces: a bridge in one of its own, and a pair of interfaces for each node.

Nothing of it is seen on the machine, and nothing on the machine is changed.
"""

from __future__ import annotations

from pathlib import Path

from tests.nodes.commands import run
from tests.nodes.place import ADDRESSES, LAN_ADDRESS, MTU

PREFIX = "meshmedic-"
LAN = "lan"


def namespace(name: str) -> Path:
    """The file of a network namespace."""
    return Path("/run/netns") / f"{PREFIX}{name}"


def make_lan() -> None:
    """Make the bridge, where it is missing."""
    if namespace(LAN).exists():
        return
    run("ip", "netns", "add", f"{PREFIX}{LAN}")
    _ip(LAN, "link", "set", "lo", "up")
    _ip(LAN, "link", "add", "lan0", "type", "bridge")
    _ip(LAN, "addr", "add", f"{LAN_ADDRESS}/24", "dev", "lan0")
    _ip(LAN, "link", "set", "lan0", "mtu", MTU, "up")


def make(node: str) -> None:
    """Make a node's network, where it is missing. Without a default route VIPs fail on the node."""
    if namespace(node).exists():
        return
    run("ip", "netns", "add", f"{PREFIX}{node}")
    peer = ("peer", "name", node, "netns", f"{PREFIX}{LAN}")
    _ip(node, "link", "add", "eth0", "type", "veth", *peer)
    _ip(LAN, "link", "set", node, "master", "lan0", "mtu", MTU, "up")
    _ip(node, "link", "set", "lo", "up")
    _ip(node, "link", "set", "eth0", "mtu", MTU, "up")
    _ip(node, "addr", "add", f"{ADDRESSES[node]}/24", "dev", "eth0")
    _ip(node, "route", "add", "default", "via", LAN_ADDRESS)


def remove(name: str) -> None:
    """Remove a namespace, with its interfaces."""
    if namespace(name).exists():
        run("ip", "netns", "delete", f"{PREFIX}{name}")


def _ip(name: str, *words: object) -> None:
    run("ip", "-n", f"{PREFIX}{name}", *words)
