"""What Flux's kinds have in common: suspension, ownership, and waiting for other objects."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.domain import conditions
from bot.domain.finding import Judgement, Ref
from bot.domain.resources.base import Object
from bot.domain.resources.flux import FluxObject
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict

OWNERS = (
    ("HelmRelease", "helm.toolkit.fluxcd.io"),
    ("Kustomization", "kustomize.toolkit.fluxcd.io"),
)
"""Kinds that own other objects, and the prefix of the labels that name the owner."""

INSTANCE = "app.kubernetes.io/instance"
"""The label by which most charts name the release that a pod belongs to."""

WAITED = re.compile(r"deadline exceeded|timed? ?out|health check|not ready", re.IGNORECASE)
"""How Flux says that it gave up waiting for other objects: the fault is theirs."""


def suspended(resource: FluxObject) -> Judgement | None:
    """A verdict on a suspended object, None where it is not suspended or is being deleted.

    Flux does not record when it was suspended. The conditions are frozen, so `since` is the last
    time that they changed.
    """
    if not resource.spec.suspend or resource.metadata.deletion_timestamp:
        return None
    ready = conditions.condition(resource.status.conditions, "Ready")
    last = f" It last said: {ready.reason}." if ready and ready.reason else ""
    message = f"Reconciliation is suspended.{last}"
    since = ready.last_transition_time if ready else None
    return Judgement(Verdict.SUSPENDED, "Suspended", message, since)


def judge(resource: FluxObject, follows: Iterable[Ref], snapshot: Snapshot) -> Judgement:
    """Suspended comes first, since the conditions are frozen then; the rest is kstatus."""
    return suspended(resource) or conditions.by_ready(
        resource, snapshot.taken_at, follows=tuple(follows)
    )


def owners(resource: Object) -> tuple[Ref, ...]:
    """The Flux objects that created an object, by its labels, the nearest first."""
    labels = resource.metadata.labels or {}
    named = [
        Ref(kind, labels.get(f"{prefix}/namespace", resource.namespace), labels[f"{prefix}/name"])
        for kind, prefix in OWNERS
        if f"{prefix}/name" in labels
    ]
    if release := labels.get(INSTANCE):
        named.append(Ref("HelmRelease", resource.namespace, release))
    return tuple(named)
