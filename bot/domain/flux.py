"""What Flux's kinds have in common: suspension, ownership, and waiting for others."""

from __future__ import annotations

import re

from bot.domain.finding import Judgement, Ref
from bot.domain.resources import flux
from bot.domain.resources.base import Condition, Meta, Object
from bot.domain.verdict import Verdict

OWNERS = (
    ("HelmRelease", "helm.toolkit.fluxcd.io"),
    ("Kustomization", "kustomize.toolkit.fluxcd.io"),
)
"""Kinds that own others, and the prefix of the labels by which they say so."""

INSTANCE = "app.kubernetes.io/instance"
"""The label by which most charts name the release that a pod belongs to."""

WAITED = re.compile(r"deadline exceeded|timed? ?out|health check|not ready", re.IGNORECASE)
"""How Flux says that it waited for others in vain: then the fault is theirs."""


def suspended(meta: Meta, spec: flux.FluxSpec, ready: Condition | None) -> Judgement | None:
    """A verdict on an object that somebody suspended, None where it is not, or is being deleted.

    Flux keeps no time of the suspension; the conditions are frozen as they were, so `since` is
    the last time that they changed.
    """
    if not spec.suspend or meta.deletion_timestamp:
        return None
    last = f" It last said: {ready.reason}." if ready and ready.reason else ""
    return Judgement(
        verdict=Verdict.SUSPENDED,
        reason="Suspended",
        message=f"Reconciliation is suspended.{last}",
        since=ready.last_transition_time if ready else None,
    )


def owners(each: Object) -> tuple[Ref, ...]:
    """The Flux objects that brought an object, by its labels, the nearest first."""
    labels = each.metadata.labels or {}
    named = [
        Ref(kind, labels.get(f"{prefix}/namespace", each.namespace), labels[f"{prefix}/name"])
        for kind, prefix in OWNERS
        if f"{prefix}/name" in labels
    ]
    if release := labels.get(INSTANCE):
        named.append(Ref("HelmRelease", each.namespace, release))
    return tuple(named)
