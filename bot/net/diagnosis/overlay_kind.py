"""Which overlay carries the pod network, by what flannel writes at the nodes.

Source: flannel's annotation backend-type; k3s's options flannel-backend and vpn-auth, of which the
latter uses flannel's backend "extension" to let Tailscale route the pods' subnets.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.net.diagnosis.subject import NodeAt

TAILNET = (
    ipaddress.ip_network("100.64.0.0/10"),
    ipaddress.ip_network("fd7a:115c:a1e0::/48"),
)
"""The addresses that Tailscale gives to its nodes."""


class OverlayKind(StrEnum):
    """What carries packets from a pod to a pod of another node."""

    VXLAN = "vxlan"
    WIREGUARD = "wireguard-native"
    HOST_GW = "host-gw"
    VPN = "vpn-auth"
    UNKNOWN = "another"
    """No flannel, or nodes that differ."""


BACKENDS = {
    "vxlan": OverlayKind.VXLAN,
    "wireguard": OverlayKind.WIREGUARD,
    "wireguard-native": OverlayKind.WIREGUARD,
    "host-gw": OverlayKind.HOST_GW,
    "extension": OverlayKind.VPN,
}
"""By the value of flannel's annotation."""


@dataclass(frozen=True, slots=True)
class OverlayFacts:
    """The overlay, and whether the nodes reach each other by a tailnet below it."""

    kind: OverlayKind
    tailnet: bool = False

    @property
    def title(self) -> str:
        """`overlay (vxlan over Tailscale)`, or `overlay` where nobody knows which it is."""
        if self.kind is OverlayKind.UNKNOWN:
            return "overlay"
        over = " over Tailscale" if self.tailnet and self.kind is not OverlayKind.VPN else ""
        return f"overlay ({self.kind}{over})"

    @property
    def device(self) -> str:
        """The network device by which packets leave a node for another node's pods."""
        return {
            OverlayKind.VXLAN: "flannel.1",
            OverlayKind.WIREGUARD: "flannel-wg",
            OverlayKind.VPN: "tailscale0",
        }.get(self.kind, "any")


def facts_of(nodes: Iterable[NodeAt]) -> OverlayFacts:
    """The one backend that all nodes announce, else UNKNOWN."""
    nodes = tuple(nodes)
    kinds = {BACKENDS.get(node.backend, OverlayKind.UNKNOWN) for node in nodes}
    kind = next(iter(kinds)) if len(kinds) == 1 else OverlayKind.UNKNOWN
    addresses = [address for node in nodes for address in node.addresses]
    return OverlayFacts(kind, kind is OverlayKind.VPN or any(map(_in_tailnet, addresses)))


def _in_tailnet(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in TAILNET)
