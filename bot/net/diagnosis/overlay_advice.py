"""What to do about a fault of the overlay, by the overlay that is really there.

Each function is the advice of one row of the decision table. Source: the documentation of k3s
(networking, distributed clusters), flannel's backends, and Tailscale's subnet routers.
"""

from __future__ import annotations

from bot.net.diagnosis.overlay_kind import OverlayFacts, OverlayKind

Steps = tuple[str, ...]

WHICH = (
    "Find out which overlay carries the pod network: "
    "`kubectl get nodes -o yaml | grep backend-type`. Networks other than flannel have their own "
    "commands."
)

APPROVED = (
    "In Tailscale's admin console, check that each node's pod subnet (`spec.podCIDR`) is an "
    "approved subnet route. `autoApprovers` in the tailnet's policy approves those of new nodes."
)

ACCEPTED = (
    "On the other nodes, run `ip route show table 52`. It must list the pod subnet of the broken "
    "node. If it doesn't, run `tailscale set --accept-routes`."
)


def overlay_down(overlay: OverlayFacts) -> Steps:
    """Nothing passes between two nodes."""
    return (*_down(overlay), *_node_itself(overlay))


def _down(overlay: OverlayFacts) -> Steps:
    match overlay.kind:
        case OverlayKind.VXLAN:
            vanishes = (
                " The device disappears when `tailscale0` is recreated (k3s issues 12436 and "
                "14142)."
            )
            drops = "host firewall, tailnet ACL, Tailscale's stateful filtering"
            return (
                "On the broken node, run `ip -d link show flannel.1`. If the device is missing, "
                "restart k3s (or k3s-agent) there, then upgrade k3s."
                f"{vanishes if overlay.tailnet else ''}",
                "If it exists, check that UDP 8472 passes between the nodes "
                f"({drops if overlay.tailnet else 'host firewall, router, cloud firewall'}).",
            )
        case OverlayKind.WIREGUARD:
            return (
                "On the broken node, run `wg show flannel-wg`. A peer without a recent handshake "
                "can't be reached. If the device is missing, restart k3s (or k3s-agent) there.",
                "Check that UDP 51820 (51821 for IPv6) passes between the nodes.",
            )
        case OverlayKind.HOST_GW:
            return (
                "On both nodes, run `ip route`. The pod subnet of each other node must go through "
                "that node's address. If it doesn't, restart k3s there.",
                "host-gw needs all nodes in one layer-2 network. Between networks, or over a VPN, "
                "use another `flannel-backend`.",
            )
        case OverlayKind.VPN:
            return (APPROVED, ACCEPTED, "Check that the tailnet's ACL lets pod addresses through.")
    return (WHICH,)


def _node_itself(overlay: OverlayFacts) -> Steps:
    if overlay.tailnet:
        return (
            "If the node's own address doesn't answer either, run `tailscale status` on it first.",
        )
    return (
        "If the node's own address doesn't answer either, fix the network between the nodes first.",
    )


def one_way(overlay: OverlayFacts) -> Steps:
    """Packets pass in one direction alone."""
    acl = ", and a tailnet ACL for one direction only" if overlay.tailnet else ""
    first = (
        f"Find out what drops {_packets(overlay)} in the broken direction: the sender's outgoing "
        f"and the receiver's incoming firewall{acl}."
    )
    return first, _peers(overlay)


def pair_broken(overlay: OverlayFacts) -> Steps:
    """Nothing passes between two nodes that both reach others."""
    acl = ", and the tailnet's ACL" if overlay.tailnet else ""
    first = (
        f"Find out what drops {_packets(overlay)} only between these two nodes: the firewalls of "
        f"both{acl}."
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
            "Check that the sender knows the other's address: `bridge fdb show dev flannel.1`"
        ),
        OverlayKind.WIREGUARD: (
            "Check that the sender knows the other's endpoint: `wg show flannel-wg`"
        ),
        OverlayKind.HOST_GW: (
            "Check that the sender has a route to the other's pod subnet: `ip route`"
        ),
        OverlayKind.VPN: ACCEPTED,
    }.get(overlay.kind, WHICH)


def no_route(overlay: OverlayFacts) -> Steps:
    """The sender's own kernel refuses."""
    route = "On Traefik's node, run `ip route get POD_IP`. "
    first = {
        OverlayKind.VXLAN: (
            "It must go through `flannel.1`. If it doesn't, the device or the route is missing: "
            "restart k3s there."
        ),
        OverlayKind.WIREGUARD: (
            "It must go through `flannel-wg`. If it doesn't, the device or the route is missing: "
            "restart k3s there."
        ),
        OverlayKind.HOST_GW: (
            "It must go through the address of the pod's node. If it doesn't, restart k3s there."
        ),
        OverlayKind.VPN: (
            "It must go through `tailscale0`. If it doesn't, the subnet route isn't approved or "
            "accepted: check `autoApprovers` in the tailnet's policy, and run "
            "`tailscale set --accept-routes`."
        ),
    }.get(
        overlay.kind,
        "It must go to the other node. If it doesn't, restart the network's agent there.",
    )
    return (
        f"{route}{first}",
        "If the route exists, look for a firewall rule that rejects: `iptables -S FORWARD`",
    )


def mtu(overlay: OverlayFacts) -> Steps:
    """Small packets pass, large ones do not."""
    below = "`tailscale0`" if overlay.tailnet else "the device below"
    restart = f"Restart k3s on the node where it differs, so that flannel uses the MTU of {below}."
    match overlay.kind:
        case OverlayKind.VXLAN:
            number = ": 1230 over Tailscale" if overlay.tailnet else ""
            return (
                f"On both nodes, compare the MTU of `flannel.1` and {below} with `ip link show`. "
                f"That of `flannel.1` must be 50 less{number}.",
                restart,
            )
        case OverlayKind.WIREGUARD:
            number = ": 1200 over Tailscale" if overlay.tailnet else ""
            return (
                f"On both nodes, compare the MTU of `flannel-wg` and {below} with `ip link show`. "
                f"That of `flannel-wg` must be 80 less{number}.",
                restart,
            )
        case OverlayKind.HOST_GW:
            return (
                "On both nodes, compare the MTU of `cni0` and of the device between the nodes. "
                "They must be equal, and no larger than the path allows.",
            )
        case OverlayKind.VPN:
            return (
                "On both nodes, compare the MTU of `cni0` and `tailscale0` with `ip link show`. "
                "That of pods must not be larger than that of `tailscale0`, which is 1280.",
                "Restart k3s on the node where it differs.",
            )
    return (
        "On both nodes, compare the MTU of the pods' devices with that of the device below. An "
        "overlay needs 50 less with vxlan and 80 less with wireguard-native.",
        WHICH,
    )


def loss(overlay: OverlayFacts) -> Steps:
    """Some packets are lost."""
    ping = (
        (
            "On Traefik's node, run `tailscale ping NODE`. A relay (DERP) or a bad link loses "
            "packets. Open UDP 41641 so that the nodes connect directly."
        )
        if overlay.tailnet
        else "Ping the other node from Traefik's node: a bad link loses packets there too."
    )
    devices = [overlay.device] if overlay.device != "any" else []
    if overlay.tailnet and "tailscale0" not in devices:
        devices.append("tailscale0")
    looks = [f"`ip -s link show {device}`" for device in devices] or ["`ip -s link`"]
    return ping, f"Look for drops on both nodes: {' and '.join(looks)}"


def slow_path(overlay: OverlayFacts) -> Steps:
    """Packets pass, and take long."""
    first = (
        (
            "On Traefik's node, run `tailscale ping NODE`. If it says `via DERP`, that's a relay: "
            "open UDP 41641 on one side for a direct path."
        )
        if overlay.tailnet
        else "On Traefik's node, `traceroute NODE` shows where the time goes."
    )
    return first, "Or run replicas of the application on Traefik's node."


def node_address(overlay: OverlayFacts) -> Steps:
    """Flannel announces an address that is not the node's."""
    device = " (and `--flannel-iface=tailscale0`)" if overlay.tailnet else " (or `--flannel-iface`)"
    return (
        f"On that node, set `--node-ip`{device} to the address at which the others reach it, and "
        "restart k3s there.",
    )


def checksum_offload(overlay: OverlayFacts) -> Steps:
    """The VIP fails over the overlay, and works without checksums in hardware."""
    device = overlay.device if overlay.device != "any" else "DEVICE"
    return (
        f"On both nodes, run `ethtool -K {device} tx-checksum-ip-generic off`. If that fixes it, "
        "make it permanent and upgrade the kernel.",
        "Until then, avoid nativeLB for routes to other nodes.",
    )
