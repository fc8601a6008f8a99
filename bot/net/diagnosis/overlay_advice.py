"""What to do about a fault of the overlay, by the overlay that is really there.

Each function is the advice of one row of the decision table. Source: the documentation of k3s
(networking, distributed clusters), flannel's backends, and Tailscale's subnet routers.
"""

from __future__ import annotations

from bot.net.diagnosis.overlay_kind import OverlayFacts, OverlayKind

Steps = tuple[str, ...]

WHICH = (
    "See which overlay carries the pod network: `kubectl get nodes -o yaml | grep backend-type`. "
    "Another network than flannel has commands of its own."
)

APPROVED = (
    "In Tailscale's admin console, see that each node's pod subnet (spec.podCIDR) is an approved "
    "subnet route; autoApprovers in the tailnet's policy approves those of new nodes."
)

ACCEPTED = (
    "On the other nodes: `ip route show table 52`. It must list the pod subnet of the node named; "
    "if not: `tailscale set --accept-routes`."
)


def overlay_down(overlay: OverlayFacts) -> Steps:
    """Nothing passes between two nodes."""
    return (*_down(overlay), *_node_itself(overlay))


def _down(overlay: OverlayFacts) -> Steps:
    match overlay.kind:
        case OverlayKind.VXLAN:
            vanishes = " It vanishes when tailscale0 is made anew (k3s issues 12436 and 14142)."
            drops = "host firewall, tailnet ACL, Tailscale's stateful filtering"
            return (
                "On the node named: `ip -d link show flannel.1`."
                f"{vanishes if overlay.tailnet else ''} If it is missing, restart k3s (or "
                "k3s-agent) there, then upgrade k3s.",
                "If it is there: see whether UDP 8472 passes between the nodes "
                f"({drops if overlay.tailnet else 'host firewall, router, cloud firewall'}).",
            )
        case OverlayKind.WIREGUARD:
            return (
                "On the node named: `wg show flannel-wg`. A peer without a recent handshake is not "
                "reached; if the device is missing, restart k3s (or k3s-agent) there.",
                "See whether UDP 51820 (51821 for IPv6) passes between the nodes.",
            )
        case OverlayKind.HOST_GW:
            return (
                "On both nodes: `ip route`. The pod subnet of each other node must lead via that "
                "node's address; if not, restart k3s there.",
                "host-gw needs all nodes in one layer-2 network. Between networks, or over a VPN, "
                "take another flannel-backend.",
            )
        case OverlayKind.VPN:
            return (APPROVED, ACCEPTED, "See that the tailnet's ACL lets pod addresses through.")
    return (WHICH,)


def _node_itself(overlay: OverlayFacts) -> Steps:
    if overlay.tailnet:
        return (
            "If the node does not answer at its own address either: `tailscale status` on it "
            "first.",
        )
    return (
        "If the node does not answer at its own address either: mend the network between the "
        "nodes first.",
    )


def one_way(overlay: OverlayFacts) -> Steps:
    """Packets pass in one direction alone."""
    acl = ", and a tailnet ACL that names one direction" if overlay.tailnet else ""
    first = (
        f"Look for what drops {_packets(overlay)} in the direction named: the sender's outgoing "
        f"and the receiver's incoming firewall{acl}."
    )
    return first, _peers(overlay)


def pair_broken(overlay: OverlayFacts) -> Steps:
    """Nothing passes between two nodes that both reach others."""
    acl = ", and the tailnet's ACL" if overlay.tailnet else ""
    first = (
        f"Look for what drops {_packets(overlay)} between the nodes of that pair alone: the "
        f"firewalls of both{acl}."
    )
    return first, _peers(overlay)


def _packets(overlay: OverlayFacts) -> str:
    """What passes between the nodes, as a firewall sees it."""
    ports = {OverlayKind.VXLAN: "UDP 8472", OverlayKind.WIREGUARD: "UDP 51820"}
    return ports.get(overlay.kind, "the pods' packets")


def _peers(overlay: OverlayFacts) -> str:
    """Whether one node knows the way to the other."""
    return {
        OverlayKind.VXLAN: (
            "See that the sender knows the other's address: `bridge fdb show dev flannel.1`."
        ),
        OverlayKind.WIREGUARD: (
            "See that the sender knows the other's endpoint: `wg show flannel-wg`."
        ),
        OverlayKind.HOST_GW: (
            "See that the sender has a route to the other's pod subnet: `ip route`."
        ),
        OverlayKind.VPN: ACCEPTED,
    }.get(overlay.kind, WHICH)


def no_route(overlay: OverlayFacts) -> Steps:
    """The sender's own kernel refuses."""
    route = "On Traefik's node: `ip route get <pod IP>`. "
    first = {
        OverlayKind.VXLAN: (
            "It must lead to flannel.1; if not, flannel.1 or the route is missing: restart k3s "
            "there."
        ),
        OverlayKind.WIREGUARD: (
            "It must lead to flannel-wg; if not, the device or the route is missing: restart k3s "
            "there."
        ),
        OverlayKind.HOST_GW: (
            "It must lead via the address of the pod's node; if not, restart k3s there."
        ),
        OverlayKind.VPN: (
            "It must lead to tailscale0; if not, the subnet route is not approved or not accepted: "
            "see autoApprovers of the tailnet's policy, and `tailscale set --accept-routes`."
        ),
    }.get(
        overlay.kind, "It must lead to the other node; if not, restart the network's agent there."
    )
    return (
        f"{route}{first}",
        "If the route is there, look for a firewall rule that rejects (`iptables -S FORWARD`).",
    )


def mtu(overlay: OverlayFacts) -> Steps:
    """Small packets pass, large ones do not."""
    below = "`tailscale0`" if overlay.tailnet else "the device below"
    restart = f"Restart k3s on the node where it differs, so that flannel takes the MTU of {below}."
    match overlay.kind:
        case OverlayKind.VXLAN:
            number = ": 1230 over Tailscale" if overlay.tailnet else ""
            return (
                f"Compare `ip link show flannel.1` and {below} on both nodes: the MTU of "
                f"flannel.1 must be 50 less{number}.",
                restart,
            )
        case OverlayKind.WIREGUARD:
            number = ": 1200 over Tailscale" if overlay.tailnet else ""
            return (
                f"Compare `ip link show flannel-wg` and {below} on both nodes: the MTU of "
                f"flannel-wg must be 80 less{number}.",
                restart,
            )
        case OverlayKind.HOST_GW:
            return (
                "Compare the MTU of cni0 and of the device between the nodes, on both: they must "
                "be the same, and that of the path.",
            )
        case OverlayKind.VPN:
            return (
                "Compare `ip link show cni0` and `tailscale0` on both nodes: pods must not have a "
                "larger MTU than tailscale0, which has 1280.",
                "Restart k3s on the node where it differs.",
            )
    return (
        "Compare on both nodes the MTU of the pods' devices with that of the device below: an "
        "overlay needs 50 less with vxlan, 80 less with wireguard-native.",
        WHICH,
    )


def loss(overlay: OverlayFacts) -> Steps:
    """Some packets are lost."""
    ping = (
        (
            "`tailscale ping <node>` on Traefik's node: a path by a relay (DERP) or a bad link "
            "loses packets; open UDP 41641 so that the nodes connect directly."
        )
        if overlay.tailnet
        else "ping the other node from Traefik's node: a bad link loses packets there too."
    )
    devices = [overlay.device] if overlay.device != "any" else []
    if overlay.tailnet and "tailscale0" not in devices:
        devices.append("tailscale0")
    looks = [f"`ip -s link show {device}`" for device in devices] or ["`ip -s link`"]
    return ping, f"Look for drops: {' and '.join(looks)}, on both nodes."


def slow_path(overlay: OverlayFacts) -> Steps:
    """Packets pass, and take long."""
    first = (
        (
            "`tailscale ping <node>` on Traefik's node: `via DERP` is a relay; open UDP 41641 on "
            "one side for a direct path."
        )
        if overlay.tailnet
        else "`traceroute <node>` on Traefik's node shows where the time goes."
    )
    return first, "Or keep replicas of the application on Traefik's node."


def node_address(overlay: OverlayFacts) -> Steps:
    """Flannel announces an address that is not the node's."""
    device = " (and `--flannel-iface=tailscale0`)" if overlay.tailnet else " (or `--flannel-iface`)"
    return (
        f"On that node set `--node-ip`{device} to the address by which the others reach it, and "
        "restart k3s there.",
    )


def checksum_offload(overlay: OverlayFacts) -> Steps:
    """The VIP fails over the overlay, and works without checksums in hardware."""
    device = overlay.device if overlay.device != "any" else "<device>"
    return (
        f"On both nodes: `ethtool -K {device} tx-checksum-ip-generic off`. If that mends it, make "
        "it permanent and upgrade the kernel.",
        "Avoid nativeLB for routes to other nodes until then.",
    )
