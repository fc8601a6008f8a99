"""The Deployments and DaemonSets of a homelab's pods, with the status that their pods give them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.domain.grouping import grouped
from bot.sandbox.scenarios.plain import Plain, a_condition, an_object
from bot.sandbox.scenarios.scenario import Homelab

OwnerKey = tuple[str, str, str]
"""Kind, namespace and name of a workload."""

COMPLETE = 'ReplicaSet "{name}" has successfully progressed.'
ENOUGH = "Deployment has minimum availability."
TOO_FEW = "Deployment does not have minimum availability."


def add_workloads(lab: Homelab, pods: Iterable[Plain]) -> None:
    """Add what made these pods: a Deployment for those of a ReplicaSet, or their DaemonSet."""
    for (kind, namespace, name), own in grouped((_owner(pod), pod) for pod in pods).items():
        meta, labels = own[0]["metadata"], dict(own[0]["metadata"]["labels"])
        containers = [dict(container) for container in own[0]["spec"]["containers"]]
        template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
        workload = an_object(
            kind,
            name,
            namespace,
            born=meta["creationTimestamp"],
            labels=dict(meta["labels"]),
            spec={"selector": {"matchLabels": labels}, "template": template},
        )
        if kind == "Deployment":
            workload["spec"] |= {"replicas": len(own), "progressDeadlineSeconds": 600}
        lab.add(workload)
        _count(workload, own, meta["creationTimestamp"])


def recount(lab: Homelab, pod: Plain, since: str) -> None:
    """Let the workload of a pod, if there is one, say how many of its pods are ready since then."""
    workload = workload_of(lab, pod)
    if workload:
        own = [other for other in lab.of("Pod") if _owner(other) == _owner(pod)]
        _count(workload, own, since)


def workload_of(lab: Homelab, pod: Plain) -> Plain | None:
    """What made a pod, None where the homelab has no such object."""
    kind, namespace, name = _owner(pod)
    for workload in lab.of(kind):
        if (workload["metadata"].get("namespace"), workload["metadata"]["name"]) == (
            namespace,
            name,
        ):
            return workload
    return None


def _owner(pod: Plain) -> OwnerKey:
    """A ReplicaSet is named after its Deployment and a hash."""
    meta = pod["metadata"]
    owners = meta.get("ownerReferences") or [{"kind": "", "name": ""}]
    kind, name = owners[0]["kind"], owners[0]["name"]
    if kind == "ReplicaSet":
        kind, name = "Deployment", name.rpartition("-")[0]
    return kind, meta["namespace"], name


def _count(workload: Plain, pods: Sequence[Plain], since: str) -> None:
    """Write the status that a controller would write."""
    ready = sum(_is_ready(pod) for pod in pods)
    if workload["kind"] == "DaemonSet":
        wanted = len(pods)
        workload["status"] = {
            "desiredNumberScheduled": wanted,
            "currentNumberScheduled": wanted,
            "updatedNumberScheduled": wanted,
            "numberReady": ready,
            "numberAvailable": ready,
        }
        return
    enough = ready >= workload["spec"]["replicas"]
    born = workload["metadata"]["creationTimestamp"]
    complete = COMPLETE.format(name=pods[0]["metadata"]["ownerReferences"][0]["name"])
    available = ("True", "MinimumReplicasAvailable", ENOUGH)
    if not enough:
        available = ("False", "MinimumReplicasUnavailable", TOO_FEW)
    status, reason, message = available
    workload["status"] = {
        "replicas": len(pods),
        "updatedReplicas": len(pods),
        "readyReplicas": ready,
        "availableReplicas": ready,
        "conditions": [
            a_condition("Progressing", born, reason="NewReplicaSetAvailable", message=complete),
            a_condition("Available", since, status=status, reason=reason, message=message),
        ],
    }


def _is_ready(pod: Plain) -> bool:
    return any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in pod["status"]["conditions"]
    )
