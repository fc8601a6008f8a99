"""Next steps for nodes, and for the pod network between them."""

from collections.abc import Mapping

from bot.health.next_steps.template import Table, step

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

MATRIX = (
    step(
        "Ask `/net matrix` of node {name} to measure it now, and `/net diagnose` of a route for "
        "the cause.",
    ),
)

NODE: Table = {
    "NotReady": NOT_READY,
    "KubeletNotReady": NOT_READY,
    "NodeStatusUnknown": SILENT,
    "NodeStatusNeverUpdated": SILENT,
    "KubeletSilent": SILENT,
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
    **dict.fromkeys(
        (
            "OverlayDown",
            "OneWay",
            "Mtu",
            "DatagramsLost",
            "PairBroken",
            "PairsBroken",
        ),
        MATRIX,
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
