"""The claims of pods: which of them a pod waits for, and which pods wait for a claim."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.domain import conditions, containers
from bot.domain.finding import Ref
from bot.domain.grouping import grouped
from bot.domain.resources import core
from bot.domain.snapshot import Snapshot

KIND = "PersistentVolumeClaim"

OF_VOLUMES = re.compile(r"persistent ?volume|volume ?binding|binding volumes", re.IGNORECASE)
"""How the scheduler says that a pod waits for its volumes, and not for room on a node.

A conflict of node affinity is none of these: only a bound volume has a node.
"""

SELECTED_NODE = "volume.kubernetes.io/selected-node"
"""The annotation by which the scheduler tells the provisioner which node it has chosen."""


def of_pod(pod: core.Pod) -> Iterator[Ref]:
    """The claims that a pod mounts; those of its ephemeral volumes are named after it."""
    for volume in pod.spec.volumes:
        if volume.persistent_volume_claim:
            yield Ref(KIND, pod.namespace, volume.persistent_volume_claim.claim_name)
        elif volume.ephemeral:
            yield Ref(KIND, pod.namespace, f"{pod.name}-{volume.name}")


def unbound(pod: core.Pod, snapshot: Snapshot) -> tuple[Ref, ...]:
    """The claims of a pod that are not bound to a volume, as far as claims were read."""
    claims = (
        snapshot.get(core.PersistentVolumeClaim, ref.namespace, ref.name) for ref in of_pod(pod)
    )
    return tuple(claim.ref for claim in claims if claim and claim.status.phase != "Bound")


def waiting_pods(claim: core.PersistentVolumeClaim, snapshot: Snapshot) -> Sequence[core.Pod]:
    """The pods that mount a claim and are not ready."""
    by_claim = snapshot.once("claims: waiting pods", lambda: grouped(_waiting(snapshot)))
    return by_claim.get(claim.ref, ())


def node_chosen(claim: core.PersistentVolumeClaim) -> bool:
    """Whether it is the provisioner's turn, since the scheduler has chosen a node."""
    return bool((claim.metadata.annotations or {}).get(SELECTED_NODE))


def held_by_volumes(pod: core.Pod) -> bool:
    """Whether the scheduler says that a pod waits for its volumes."""
    scheduled = conditions.condition(pod.status.conditions, "PodScheduled")
    return bool(scheduled and OF_VOLUMES.search(scheduled.message))


def _waiting(snapshot: Snapshot) -> Iterator[tuple[Ref, core.Pod]]:
    for pod in snapshot.of(core.Pod):
        if pod.spec.volumes and not containers.is_ready(pod):
            for ref in of_pod(pod):
                yield ref, pod
