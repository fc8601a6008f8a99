"""Failed pods that their owner left behind: which one is reported, and whether it was replaced."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain import conditions, containers
from bot.domain.finding import Ref
from bot.domain.resources import core
from bot.domain.resources.base import Condition
from bot.domain.snapshot import Snapshot

INTERCHANGEABLE = frozenset({"Job", "ReplicaSet", "ReplicationController"})
"""Owners that replace a failed pod by another and leave it behind."""


def evicted(pod: core.Pod) -> Condition | None:
    """The condition by which the kubelet says that it ended this pod."""
    disrupted = conditions.is_true(pod.status.conditions, "DisruptionTarget")
    return disrupted if disrupted and disrupted.reason == "TerminationByKubelet" else None


def first_sibling(pod: core.Pod, snapshot: Snapshot) -> tuple[Ref, ...]:
    """The first failed pod of the same owner, unless it is this one: reported once, for all."""
    owner = pod.controller
    siblings = _pods_of(owner, snapshot)
    first = snapshot.once(f"failed pods: first of {owner}", lambda: _first_failed(siblings))
    return () if first in (None, pod.ref) else (first,)


def replaced(pod: core.Pod, snapshot: Snapshot) -> bool:
    """Whether another pod of its owner does well, where its pods are interchangeable."""
    owner = pod.controller
    if owner is None or owner.kind not in INTERCHANGEABLE:
        return False
    siblings = _pods_of(owner, snapshot)
    return snapshot.once(f"failed pods: {owner} does well", lambda: any(map(_does_well, siblings)))


def _pods_of(owner: Ref | None, snapshot: Snapshot) -> Sequence[core.Pod]:
    return snapshot.of(core.Pod).by_controller.get(owner, ()) if owner else ()


def _first_failed(pods: Sequence[core.Pod]) -> Ref | None:
    failed = (
        (str(pod.metadata.creation_timestamp), pod.ref)
        for pod in pods
        if pod.status.phase == "Failed" or evicted(pod)
    )
    return min(failed, default=("", None))[1]


def _does_well(pod: core.Pod) -> bool:
    return pod.status.phase == "Succeeded" or containers.is_ready(pod)
