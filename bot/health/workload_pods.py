"""From a workload to its pods, by their owners, whether the workload itself was read or not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from bot.domain import containers
from bot.domain.finding import Ref
from bot.domain.grouping import grouped
from bot.domain.resources import apps, batch, core
from bot.domain.snapshot import Snapshot

MAX_PODS = 50
"""How many pods of one workload are followed: they fail for the same reason."""

AWAITED = (apps.Deployment, apps.StatefulSet, apps.DaemonSet, batch.Job)
"""The kinds with pods that Flux and Helm wait for."""

NAMED = re.compile(
    r"\b(?P<kind>[A-Z]\w{1,62})(?:/| ')"
    r"(?P<namespace>[a-z0-9-]{1,63})/(?P<name>[a-z0-9][a-z0-9.-]{0,252})"
)
"""How Flux and Helm name an object that they waited for: `Deployment/apps/web`, and in
kustomize-controller before 0.12 `Deployment 'apps/web'`."""


def named_in(message: str, snapshot: Snapshot) -> Iterator[Ref]:
    """The objects that a message names, each followed by what it is made of."""
    for awaited in NAMED.finditer(message):
        ref = Ref(awaited["kind"], awaited["namespace"], awaited["name"].rstrip(".-"))
        yield ref
        yield from behind(ref, snapshot)


def behind(workload: Ref, snapshot: Snapshot) -> Iterator[Ref]:
    """The ReplicaSets of a workload, then its pods that are not ready."""
    if workload.kind == "Deployment":
        replica_sets = snapshot.of(apps.ReplicaSet).by_controller.get(workload, ())
        yield from (replica_set.ref for replica_set in replica_sets)
    yield from (pod.ref for pod in unready(workload, snapshot))


def maker(pod: core.Pod, snapshot: Snapshot) -> Ref | None:
    """The workload that made a pod, by way of its ReplicaSet; None for one that nobody made.

    A Node makes none: the pods of its files have nothing in common.
    """
    owner = pod.controller
    if owner and owner.kind == "ReplicaSet":
        return _deployment(owner, snapshot) or owner
    return owner if owner and owner.kind != "Node" else None


def unready(workload: Ref, snapshot: Snapshot) -> Iterator[core.Pod]:
    """The pods of a workload that are not ready; those of a Deployment by its ReplicaSets."""
    by_owner = snapshot.once("workloads: unready pods", lambda: grouped(_owned(snapshot)))
    yield from islice(by_owner.get(workload, ()), MAX_PODS)


def _owned(snapshot: Snapshot) -> Iterator[tuple[Ref, core.Pod]]:
    """Each pod that is not ready, by what controls it, directly and by way of a ReplicaSet."""
    last_ready: core.PodStatus | None = None
    for pod in snapshot.of(core.Pod):
        # Thousands of pods that run well share one status: it is looked at once.
        if pod.status is last_ready:
            continue
        if containers.is_ready(pod):
            last_ready = pod.status
        elif (owner := pod.controller) and not _left_behind(pod, owner):
            yield owner, pod
            deployment = _deployment(owner, snapshot) if owner.kind == "ReplicaSet" else None
            if deployment:
                yield deployment, pod


def _left_behind(pod: core.Pod, owner: Ref) -> bool:
    """Whether a pod, such as an evicted one, has no part any more in how its owner does.

    Only a Job counts pods that have ended.
    """
    return owner.kind != "Job" and containers.has_ended(pod)


def _deployment(replica_set: Ref, snapshot: Snapshot) -> Ref | None:
    """What made a ReplicaSet: by its owner, or by its name where it was not read.

    Source: the Deployment controller names a ReplicaSet after its Deployment and a hash.
    """
    known = snapshot.get(apps.ReplicaSet, replica_set.namespace, replica_set.name)
    if known:
        return known.controller
    name, _, template = replica_set.name.rpartition("-")
    return Ref("Deployment", replica_set.namespace, name) if name and template else None
