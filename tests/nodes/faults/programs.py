"""A program of a node is dead, or the node's power is cut."""

from __future__ import annotations

from tests.nodes.cluster import RealNodes
from tests.nodes.faults.fault import WORKS, Fault, Make, Undo
from tests.nodes.kubectl import kubectl, wait_until

UNTIL_NOT_READY = 90.0
"""Seconds: a node is not Ready once its kubelet was not heard of for 40."""

SETTLES = 2.0
UNTIL_PODS_RUN = 90.0


def _without(name: str, node: str) -> Make:
    def make(cluster: RealNodes) -> Undo:
        cluster.nodes[node].stop(name)

        def mend() -> None:
            cluster.start()

        return mend

    return make


def _until_not_ready(make: Make) -> Make:
    def waited(cluster: RealNodes) -> Undo:
        mend = make(cluster)
        wait_until("the API calls n3 not ready", lambda: not _is_ready("n3"), UNTIL_NOT_READY)
        return mend

    return waited


def _is_ready(node: str) -> bool:
    path = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
    return kubectl("get", "node", node, "-o", path) == "True"


def cut_power(cluster: RealNodes) -> Undo:
    """The power of n3 is gone, until it is mended."""
    cluster.nodes["n3"].power_off()

    def mend() -> None:
        cluster.start()

    return mend


SILENT = "Kubelet stopped posting node status"


def _not_ready(name: str, make: Make, *, health: str, diagnosis: str = "node n3") -> Fault:
    """Something that makes the API call n3 not ready, the application's only node."""
    return Fault(
        name,
        _until_not_ready(make),
        diagnosis=diagnosis,
        matrix="n3: the node isn't ready",
        health=rf"Node \*\*n3\*\* isn't ready(?s:.*){health}",
        settle=SETTLES,
        recovers=UNTIL_PODS_RUN,
    )


FAULTS = (
    Fault(
        "kube-proxy of n1 is dead",
        _without("kube-proxy", "n1"),
        diagnosis=r"kube-proxy has stopped applying changes(?s:.*)\(proven\)",
        matrix="Nothing gets from n1 by VIP",
    ),
    _not_ready("the kubelet of n3 is dead", _without("kubelet", "n3"), health=SILENT),
    _not_ready(
        "containerd of n3 is dead",
        _without("containerd", "n3"),
        health="container runtime",
        # Its containers go on, and the kubelet soon calls their pods ready again.
        diagnosis=f"node n3|{WORKS}",
    ),
    _not_ready("the power of n3 is cut", cut_power, health=SILENT),
)
