"""The faults of a homelab, made on real nodes and mended again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.nodes.cluster import RealNodes
from tests.nodes.kubectl import kubectl, rolled_out, wait_until
from tests.nodes.manifests import HOST
from tests.nodes.node import Node

MARK = ("-m", "comment", "--comment", "meshmedic-fault")
VXLAN_PORT = 8472

Undo = Callable[[], None]


@dataclass(frozen=True)
class Fault:
    """One fault: how it is made, and what the bot must say of it."""

    name: str
    make: Callable[[RealNodes], Undo]
    """Makes it, and returns what mends it."""
    diagnosis: str
    """A pattern for `/net diagnose`."""
    matrix: str
    """A pattern for `/net matrix`."""
    health: str = ""
    """A pattern for `/health all`; empty where it is not asked."""
    settle: float = 0.0
    """Seconds that Kubernetes takes until the fault is seen."""


@contextmanager
def made(fault: Fault, cluster: RealNodes) -> Iterator[None]:
    """While the block runs, the fault is there."""
    mend = fault.make(cluster)
    try:
        time.sleep(fault.settle)
        yield
    finally:
        mend()


def rule(node: Node, table: str, chain: str, *words: object, first: bool = True) -> Undo:
    """Add a rule of iptables; what takes it out again."""
    spec = (chain, *words, *MARK)
    node.run("iptables", "-w", "-t", table, "-I" if first else "-A", *_with_target_last(spec))

    def remove() -> None:
        node.run("iptables", "-w", "-t", table, "-D", *_with_target_last(spec))

    return remove


def _with_target_last(words: Sequence[object]) -> list[object]:
    """`-j` and what belongs to it stand behind the comment."""
    at = words.index("-j")
    target, rest = words[at : len(words) - len(MARK)], words[:at]
    return [*rest, *MARK, *target]


def _every(undo: Sequence[Undo]) -> Undo:
    def mend() -> None:
        for each in undo:
            each()

    return mend


def _drop(sender: str, receiver: str) -> Callable[[RealNodes], Undo]:
    def make(cluster: RealNodes) -> Undo:
        source = cluster.nodes[sender].address
        match = ("-s", source, "-p", "udp", "--dport", VXLAN_PORT, "-j", "DROP")
        return rule(cluster.nodes[receiver], "filter", "INPUT", *match)

    return make


def _together(*makers: Callable[[RealNodes], Undo]) -> Callable[[RealNodes], Undo]:
    return lambda cluster: _every([make(cluster) for make in makers])


def _redirect(cluster: RealNodes) -> Undo:
    match = ("-p", "tcp", "--dport", 80, "-j", "REDIRECT", "--to-ports", 9)
    return rule(cluster.server, "nat", "PREROUTING", *match, first=False)


def _reject(cluster: RealNodes) -> Undo:
    match = ("-i", "flannel.1", "-j", "REJECT", "--reject-with", "icmp-host-unreachable")
    return rule(cluster.nodes["n3"], "filter", "FORWARD", *match)


def _vanish(cluster: RealNodes) -> Undo:
    node = cluster.nodes["n3"]
    node.stop("flannel")  # it would make the device anew
    node.run("ip", "link", "delete", "flannel.1")
    return lambda: _start_again(cluster)


def _lose_routes(cluster: RealNodes) -> Undo:
    """Flannel makes a device that is gone anew, but neither its routes nor its peers' entries."""
    node = cluster.nodes["n3"]
    node.run("ip", "link", "delete", "flannel.1")
    back = ("ip", "link", "show", "flannel.1")
    wait_until("flannel.1 is back", lambda: node.succeeds(*back), 30)

    def mend() -> None:
        node.stop("flannel")
        _start_again(cluster)

    return mend


def _without(name: str, node: str) -> Callable[[RealNodes], Undo]:
    def make(cluster: RealNodes) -> Undo:
        cluster.nodes[node].stop(name)
        return lambda: _start_again(cluster)

    return make


def _dead_kubelet(cluster: RealNodes) -> Undo:
    node = cluster.nodes["n3"]
    node.stop("kubelet")
    wait_until("the API calls n3 not ready", lambda: not _is_ready(node), 90)
    return lambda: _start_again(cluster)


def _is_ready(node: Node) -> bool:
    path = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
    return kubectl("get", "node", node.name, "-o", path) == "True"


def _start_again(cluster: RealNodes) -> None:
    cluster.start()


def _no_dns(cluster: RealNodes) -> Undo:
    kubectl("-n", "kube-system", "scale", "deployment/coredns", "--replicas=0")
    wait_until("CoreDNS is gone", lambda: not _pods("k8s-app=kube-dns"), 60)

    def mend() -> None:
        kubectl("-n", "kube-system", "scale", "deployment/coredns", "--replicas=1")
        rolled_out("kube-system", "deployment/coredns")

    return mend


def _pods(selector: str) -> str:
    return kubectl("-n", "kube-system", "get", "pods", "-l", selector, "-o", "name")


FAULTS = (
    Fault(
        "VXLAN dropped between two nodes",
        _together(_drop("n1", "n3"), _drop("n3", "n1")),
        diagnosis="The overlay is down · proven",
        matrix="n1 <.?-> n3 by pod IP:.? timeout",
    ),
    Fault(
        "VXLAN dropped from n1 to n3",
        _drop("n1", "n3"),
        diagnosis="One direction is lost · proven(?s:.*)`n1 -> n3`",
        matrix="n1 <.?-> n3 by pod IP:.? timeout",
    ),
    Fault(
        "REDIRECT on Traefik's node",
        _redirect,
        diagnosis="A rule on Traefik's node catches the traffic · proven(?s:.*)nativeLB would help",
        matrix="All nodes reach each other",
    ),
    Fault(
        "n3 rejects what comes by the overlay",
        _reject,
        diagnosis="There is no route to the node · proven",
        matrix="to or from n3 by pod IP:.? no route",
    ),
    Fault(
        "flannel.1 of n3 is gone",
        _vanish,
        diagnosis="The overlay is down · proven",
        matrix="to or from n3 by pod IP",
    ),
    Fault(
        "flannel.1 of n3 is back without its routes",
        _lose_routes,
        diagnosis="One direction is lost · proven(?s:.*)`n3 -> n1`",
        matrix="to or from n3 by pod IP",
    ),
    Fault(
        "kube-proxy of n1 is dead",
        _without("kube-proxy", "n1"),
        diagnosis="kube-proxy",
        matrix="Nothing gets from n1 by VIP",
    ),
    Fault(
        "CoreDNS is gone",
        _no_dns,
        diagnosis="DNS does not answer · proven",
        matrix="DNS from n1:.? refused",
        settle=2,
    ),
    Fault(
        "the kubelet of n3 is dead",
        _dead_kubelet,
        diagnosis=r"node n3",
        matrix="n3: the node is not ready",
        health=r"Node.*`n3`\n\*\*NodeStatusUnknown",
        settle=2,
    ),
)
SHORT = (
    "VXLAN dropped between two nodes",
    "VXLAN dropped from n1 to n3",
    "REDIRECT on Traefik's node",
    "n3 rejects what comes by the overlay",
    "CoreDNS is gone",
    "the kubelet of n3 is dead",
)
"""The faults of the short form."""


def status_through_traefik(cluster: RealNodes, host: str = HOST) -> int:
    """The HTTP status of a request that comes in at Traefik, asked on its node; 0 for no answer."""
    path = "jsonpath={.items[0].status.podIP}"
    traefik = "app.kubernetes.io/name=traefik"
    address = kubectl("-n", "kube-system", "get", "pods", "-l", traefik, "-o", path)
    quiet = ("curl", "--silent", "--output", "/dev/null", "--max-time", "5")
    shown = ("--write-out", "%{http_code}", "--header", f"Host: {host}", f"http://{address}:8000/")
    said = cluster.server.run("sh", "-c", '"$@" || true', "sh", *quiet, *shown)
    return int(said or 0)
