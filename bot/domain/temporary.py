"""Objects that the bot creates for a test and removes again, which it does not judge.

They are recognized by the prober's namespace and a label together, so that a label alone hides
nothing. Objects with an owner other than a Job, such as the agents' pods, are permanent.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain import conditions
from bot.domain.resources.base import Object
from bot.domain.resources.core import Pod

MANAGED_BY = "app.kubernetes.io/managed-by"
NAMESPACE = "meshmedic-probe"
LABELS = {
    "app.kubernetes.io/name": "meshmedic-probe",
    "app.kubernetes.io/managed-by": "meshmedic",
}


LONGEST = timedelta(minutes=15)
"""No test takes as long: older objects of tests were left behind."""


def temporary(resource: Object) -> bool:
    """Whether it is a pod of a test's Job, or a Service or EndpointSlice that such a Job owns."""
    meta = resource.metadata
    if meta.namespace != NAMESPACE or (meta.labels or {}).get(MANAGED_BY) != LABELS[MANAGED_BY]:
        return False
    return all(owner.kind == "Job" for owner in meta.owner_references or ())


def left_behind(resource: Object, now: datetime) -> datetime | None:
    """When an object of a test was created that none can need any more; None of any other."""
    created = resource.metadata.creation_timestamp
    if created is None or not temporary(resource) or now - created <= LONGEST:
        return None
    return created


def unscheduled(resource: Object) -> bool:
    """Whether it is a pod that no node takes."""
    if not isinstance(resource, Pod):
        return False
    scheduled = conditions.condition(resource.status.conditions, "PodScheduled")
    return bool(scheduled and scheduled.status == "False" and scheduled.reason == "Unschedulable")
