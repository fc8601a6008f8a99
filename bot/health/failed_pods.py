"""Failed pods that their owner left lying: which of them is told, and whether it was replaced."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain import conditions, containers
from bot.domain.finding import Ref
from bot.domain.resources import core
from bot.domain.resources.base import Condition
from bot.domain.snapshot import Snapshot

INTERCHANGEABLE = frozenset({"Job", "ReplicaSet", "ReplicationController"})
"""Owners that replace a failed pod by another, and leave it lying."""


def evicted(pod: core.Pod) -> Condition | None:
    """The kubelet's word that it ended this pod, which `status.reason` does not always repeat."""
    disrupted = conditions.is_true(pod.status.conditions, "DisruptionTarget")
    return disrupted if disrupted and disrupted.reason == "TerminationByKubelet" else None


def first_sibling(pod: core.Pod, snapshot: Snapshot) -> tuple[Ref, ...]:
    """The first failed pod of the same owner, unless it is this one: said once, for all."""
    owner = _controller(pod)
    siblings = _of(owner, snapshot)
    first = snapshot.once(f"leftovers: first of {owner}", lambda: _first_failed(siblings))
    return () if first in ("", pod.name) else (Ref("Pod", pod.namespace, first),)


def replaced(pod: core.Pod, snapshot: Snapshot) -> bool:
    """Whether another pod of its owner does well, where any of them will do."""
    owner = _controller(pod)
    if owner is None or owner[1] not in INTERCHANGEABLE:
        return False
    siblings = _of(owner, snapshot)
    return snapshot.once(f"leftovers: {owner} does well", lambda: any(map(_does_well, siblings)))


Owner = tuple[str, str, str]
"""Namespace, kind and name."""


def _controller(pod: core.Pod) -> Owner | None:
    owners = pod.metadata.owner_references or ()
    return next(
        ((pod.namespace, owner.kind, owner.name) for owner in owners if owner.controller), None
    )


def _of(owner: Owner | None, snapshot: Snapshot) -> Sequence[core.Pod]:
    return snapshot.of(core.Pod).by_controller.get(owner, ()) if owner else ()


def _first_failed(pods: Sequence[core.Pod]) -> str:
    failed = (
        (str(pod.metadata.creation_timestamp), pod.name)
        for pod in pods
        if pod.status.phase == "Failed" or evicted(pod)
    )
    return min(failed, default=("", ""))[1]


def _does_well(pod: core.Pod) -> bool:
    return pod.status.phase == "Succeeded" or containers.is_ready(pod)
