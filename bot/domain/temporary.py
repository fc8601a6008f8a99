"""What the bot makes for a test and removes again: no part of the cluster that it judges.

It is told by the prober's own namespace and the label together, so that a label alone hides
nothing. What something else than a Job keeps, such as the agents' DaemonSet, is there to stay.
"""

from __future__ import annotations

from bot.domain.resources.base import Object

MANAGED_BY = "app.kubernetes.io/managed-by"
NAMESPACE = "meshmedic-probe"
LABELS = {
    "app.kubernetes.io/name": "meshmedic-probe",
    "app.kubernetes.io/managed-by": "meshmedic",
}


def temporary(each: Object) -> bool:
    """Whether it is a pod of a test's Job, or a Service or slice that such a Job owns."""
    meta = each.metadata
    if meta.namespace != NAMESPACE or (meta.labels or {}).get(MANAGED_BY) != LABELS[MANAGED_BY]:
        return False
    return all(owner.kind == "Job" for owner in meta.owner_references or ())
