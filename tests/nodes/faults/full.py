"""A full node: no CPU is left for another pod, or its disk is under pressure."""

from __future__ import annotations

from tests.nodes.cluster import RealNodes
from tests.nodes.faults.archive import restore
from tests.nodes.faults.fault import REACHED, Fault, Undo
from tests.nodes.images import BUSYBOX
from tests.nodes.kubectl import apply, get, kubectl, wait_until
from tests.nodes.modes import AGENTS, JOBS, MIXED

FILLER = "fills-n2"
LEFT = 5
"""Thousandths of a core that are left: fewer than the prober's pod asks for."""

NO_CPU = r"Not all nodes could be tested(?s:.*)Not seen(?s:.*)n2: [^\n]*OutOfcpu"
EVICTED = r"Not all nodes could be tested(?s:.*)Not seen(?s:.*)n2: [^\n]*DiskPressure"


def _fill_cpu(_: RealNodes) -> Undo:
    allocatable = _thousandths(get("node", "n2")["status"]["allocatable"]["cpu"])
    cpu = allocatable - _requested("n2") - LEFT
    container = {
        "name": "sleep",
        "image": BUSYBOX,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "1000000"],
        "resources": {"requests": {"cpu": f"{cpu}m"}},
    }
    apply(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": FILLER, "namespace": "media"},
            "spec": {
                "nodeName": "n2",
                "terminationGracePeriodSeconds": 0,
                "containers": [container],
            },
        }
    )
    kubectl("-n", "media", "wait", "--for=condition=Ready", f"pod/{FILLER}", "--timeout=60s")

    def mend() -> None:
        kubectl("-n", "media", "delete", "pod", FILLER, "--wait=true")

    return mend


def _requested(node: str) -> int:
    """Thousandths of a core that the pods of a node have asked for."""
    of_node = f"--field-selector=spec.nodeName={node},status.phase!=Failed,status.phase!=Succeeded"
    return sum(
        _thousandths(container.get("resources", {}).get("requests", {}).get("cpu", "0"))
        for pod in get("pods", "--all-namespaces", of_node)["items"]
        for container in pod["spec"]["containers"]
    )


def _thousandths(cpu: str) -> int:
    return int(cpu[:-1]) if cpu.endswith("m") else int(float(cpu) * 1000)


def _fill_disk(cluster: RealNodes) -> Undo:
    """The kubelet is told to keep more of the disk free than there is."""
    node = cluster.nodes["n2"]
    node.kubelet_settings = {
        "evictionHard": {"nodefs.available": "99%"},
        "evictionPressureTransitionPeriod": "5s",
    }
    node.stop("kubelet")
    node.start_agent()
    wait_until("n2 is under disk pressure", lambda: _disk_pressure("n2") == "True", 90)

    def mend() -> None:
        node.kubelet_settings = {}
        node.stop("kubelet")
        cluster.start()
        wait_until("n2 has room again", lambda: _disk_pressure("n2") == "False", 90)
        _remove_evicted()
        restore(node)  # the kubelet has removed images that no pod used

    return mend


def _disk_pressure(node: str) -> str:
    conditions = get("node", node)["status"]["conditions"]
    return next(str(each["status"]) for each in conditions if each["type"] == "DiskPressure")


def _remove_evicted() -> None:
    failed = get("pods", "--all-namespaces", "--field-selector=status.phase=Failed")["items"]
    for pod in failed:
        about = pod["metadata"]
        kubectl("-n", about["namespace"], "delete", "pod", about["name"], "--ignore-not-found")


FAULTS = (
    Fault(
        "n2 has no CPU left",
        _fill_cpu,
        otherwise={JOBS: {"matrix": NO_CPU}, MIXED: {"matrix": NO_CPU}},
    ),
    Fault(
        "the disk of n2 is full",
        _fill_disk,
        matrix=EVICTED,
        # The kubelet evicts one pod after the other: perhaps not the agent yet.
        otherwise={AGENTS: {"matrix": f"{EVICTED}|{REACHED}"}},
        health=r"Node.*`n2`(?s:.*)DiskPressure",
        settle=10,
        recovers=60,
    ),
)
