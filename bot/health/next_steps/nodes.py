"""Next steps for nodes, and for the pod network between them."""

import re
from collections.abc import Callable, Mapping

from bot.health.next_steps.template import Table, Template, step
from bot.net.diagnosis import overlay_advice
from bot.net.diagnosis.overlay_kind import OverlayFacts, OverlayKind

DESCRIBE = "kubectl describe node {name}"
AGENT = "systemctl status k3s-agent || systemctl status k3s"
LOG = "journalctl -u k3s-agent -u k3s --since -1h"

NOT_READY = (
    step(
        "On {name}, look at k3s: the kubelet runs but is not ready.",
        LOG,
        DESCRIBE,
        when="PLEG|runtime|network plugin|cni|container runtime",
    ),
    step(
        "Check that {name} is switched on and reachable. There, look at k3s: k3s-agent on a "
        "worker, k3s on a server.",
        AGENT,
        LOG,
    ),
)

SILENT = (
    step("Check whether {name} answers, and its k3s there: the kubelet posts nothing.", AGENT, LOG),
)

DISK = (
    step(
        "On {name}, free disk space: images that nobody uses, logs, volumes.",
        "df -h / /var/lib/rancher",
        "k3s crictl rmi --prune",
    ),
)

AGAIN = "`/net matrix` of node {name} measures it now."

MATRIX = (step("Ask `/net matrix` of node {name} to measure it now."),)

SHOWS = {
    OverlayKind.VXLAN: ("ip -d link show flannel.1", "bridge fdb show dev flannel.1"),
    OverlayKind.WIREGUARD: ("wg show flannel-wg",),
    OverlayKind.HOST_GW: ("ip route",),
    OverlayKind.VPN: ("tailscale status", "ip route show table 52"),
    OverlayKind.UNKNOWN: (
        "kubectl get nodes -o custom-columns='NAME:.metadata.name,"
        "BACKEND:.metadata.annotations.flannel\\.alpha\\.coreos\\.com/backend-type'",
    ),
}
"""What shows the state of each overlay, on a node of it."""


OVERLAYS = (
    *(OverlayFacts(kind, tailnet=True) for kind in OverlayKind if kind is not OverlayKind.UNKNOWN),
    *(OverlayFacts(kind) for kind in OverlayKind if kind is not OverlayKind.VPN),
)
"""Every overlay that a message may name; the last one is that of a message that names none."""

Advice = Callable[[OverlayFacts], tuple[str, ...]]


def _shows(overlay: OverlayFacts) -> tuple[str, ...]:
    return SHOWS[overlay.kind]


def _shows_mtu(overlay: OverlayFacts) -> tuple[str, ...]:
    return ("ip link" if overlay.device == "any" else f"ip link show {overlay.device}",)


def _by_overlay(advice: Advice, commands: Advice = _shows) -> tuple[Template, ...]:
    """A step for each overlay, by the advice of the diagnosis."""
    return tuple(
        step(
            f"{' '.join(advice(overlay)[:2]).replace('the node named', '{name}')} {AGAIN}",
            *commands(overlay),
            when="" if overlay.kind is OverlayKind.UNKNOWN else re.escape(overlay.title),
        )
        for overlay in OVERLAYS
    )


NODE: Table = {
    "NotReady": NOT_READY,
    "KubeletNotReady": NOT_READY,
    "NodeStatusUnknown": SILENT,
    "NodeStatusNeverUpdated": SILENT,
    "KubeletSilent": SILENT,
    "Uninitialized": (
        step(
            "Start k3s without --disable-cloud-controller, or install the cloud controller that is "
            "to take {name} on.",
            DESCRIBE,
        ),
    ),
    "NoStatus": SILENT,
    "MemoryPressure": (
        step(
            "See what takes the memory of {name}, and set limits in Git or move pods away.",
            "kubectl top pods -A --sort-by=memory",
            DESCRIBE,
        ),
    ),
    "DiskPressure": DISK,
    "PIDPressure": (
        step(
            "On {name}, see which program has so many processes.",
            "ps -eo user,comm | sort | uniq -c",
        ),
    ),
    "NetworkUnavailable": (
        step(
            "On {name}, see what k3s says of flannel.", "journalctl -u k3s-agent -u k3s -g flannel"
        ),
    ),
    "ReadonlyFilesystem": (
        step(
            "The kernel of {name} mounted a file system read-only: check the disk or SD card.",
            "dmesg --level=err,warn",
        ),
    ),
    "FlannelAddressDiffers": (
        step(
            "Set node-ip, or flannel-iface, in /etc/rancher/k3s/config.yaml of {name} to the "
            "address by which the other nodes reach it, and restart k3s there.",
            "kubectl get node {name} -o jsonpath='{{.metadata.annotations}}'",
        ),
    ),
    "FlannelBackendDiffers": (
        step(
            "Give every node the same flannel-backend or vpn-auth in /etc/rancher/k3s/config.yaml, "
            "and restart k3s there.",
            "kubectl get nodes -o custom-columns='NAME:.metadata.name,"
            "BACKEND:.metadata.annotations.flannel\\.alpha\\.coreos\\.com/backend-type'",
        ),
    ),
    "VersionSkew": (
        step(
            "Upgrade k3s on {name} to the version of the newest node, servers before agents.",
            "kubectl get nodes -o wide",
        ),
    ),
    "SchedulingDisabled": (
        step("Uncordon {name} once its maintenance is over.", "kubectl uncordon {name}"),
    ),
}

CONNECTIVITY: Table = {
    "OverlayDown": _by_overlay(overlay_advice.overlay_down),
    "OneWay": _by_overlay(overlay_advice.one_way),
    "Mtu": _by_overlay(overlay_advice.mtu, _shows_mtu),
    "PairBroken": _by_overlay(overlay_advice.pair_broken),
    "PairsBroken": _by_overlay(overlay_advice.pair_broken),
    "DatagramsLost": (
        step(
            "See which firewall rule or NetworkPolicy drops UDP of pods between {name} and the "
            f"other nodes; DNS needs it. {AGAIN}",
            "iptables-save | grep -i udp",
            "kubectl get networkpolicies -A",
        ),
    ),
    "WorkedAround": (
        step(
            "Fix the fault itself when there is time: `/net diagnose` of a route that leads past "
            "it names it."
        ),
    ),
    "ConnectivityNotSeen": (
        step(
            "See whether the agents of the prober run.",
            "kubectl -n meshmedic-probe get pods -o wide -l app.kubernetes.io/component=agent",
        ),
    ),
    "ConnectivityNotSettled": MATRIX,
}

TABLES: Mapping[str, Table] = {"nodes": NODE, "connectivity": CONNECTIVITY}
