"""What the kinds that make pods have in common: counts, the time of a status, refused pods."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from bot.domain import conditions, containers
from bot.domain.finding import Judgement
from bot.domain.resources import apps, core
from bot.domain.resources.base import Condition, Object
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict

STATUS = "status"
"""The subresource under which controllers write what they saw."""

EXTRA = "ExtraPods"
"""The reason where there are too many; the others are of too few."""

STARTING = timedelta(minutes=5)
"""How long a new pod may start before that is a finding of its own."""

USUAL = frozenset({"", "ContainerCreating", "PodInitializing"})
"""What every container waits for at first."""

Count = tuple[str, int, int]
"""The reason where the numbers differ, how many pods there are, and how many there should be."""


def unsettled(workload: apps.WorkloadObject | apps.DaemonSet, now: datetime) -> Judgement | None:
    """Being deleted, or changed since its controller last looked."""
    if gone := conditions.terminating(workload, now):
        return gone
    generation, observed = workload.metadata.generation, workload.status.observed_generation
    if observed is None or observed >= generation:
        return None
    message = f"Generation {generation} has not been observed yet."
    since = _written(workload.metadata, status=False)
    return conditions.progressing("NotObserved", message, since, now)


def status_since(workload: apps.WorkloadObject | apps.DaemonSet) -> datetime | None:
    """When its controller last changed the status: since then it is as it is."""
    return _written(workload.metadata, status=True)


def _written(meta: apps.WrittenMeta, *, status: bool) -> datetime | None:
    times = [
        entry.time
        for entry in meta.managed_fields or ()
        if entry.time and (entry.subresource == STATUS) is status
    ]
    return max(times, default=None)


def under_way(reason: str, message: str) -> Judgement:
    """Under way since nobody knows when."""
    return Judgement(Verdict.PROGRESSING, reason, message)


def miscounted(*counts: Count) -> Judgement | None:
    """The first of the counts that is not as it should be."""
    for reason, have, want in counts:
        if reason == EXTRA and have > want:
            return under_way(EXTRA, f"{have - want} surplus pods still have to end.")
        if reason != EXTRA and have < want:
            return under_way(reason, f"{reason.removeprefix('Less')}: {have}/{want}.")
    return None


def aged(
    judgement: Judgement | None,
    since: datetime | None,
    now: datetime,
    *,
    patience: timedelta = conditions.PATIENCE,
) -> Judgement | None:
    """Degraded instead of under way, where it has been so for longer than `patience`."""
    if judgement is None or judgement.verdict is not Verdict.PROGRESSING:
        return judgement
    return conditions.progressing(
        judgement.reason, judgement.message, since, now, patience=patience
    )


def without_pods(resource: Object, since: datetime | None, snapshot: Snapshot) -> Judgement | None:
    """Failed where a controller has made none of the pods that it should, for too long.

    Without a time of its status it is as old as its creation. Why, only events tell: these kinds
    have no condition for it.
    """
    since = since or resource.metadata.creation_timestamp
    if since is None or snapshot.taken_at - since <= conditions.PATIENCE:
        return None
    if snapshot.of(core.Pod).by_controller.get(resource.ref):
        return None
    message = (
        "None of its pods exists: the API server refuses them, or the controller does not run. "
        f"The events of the {resource.kind_name()} say why (FailedCreate): often Pod Security, "
        "a quota, a webhook or a missing ServiceAccount."
    )
    return Judgement(Verdict.FAILED, "NoPods", message, since)


def refused(entries: Iterable[Condition], available: int) -> Judgement | None:
    """Its pods cannot be created (Pod Security, a quota, an admission webhook): it retries.

    Failed where nothing is available, degraded while other pods serve.
    """
    failure = conditions.is_true(entries, "ReplicaFailure")
    if failure is None:
        return None
    verdict = Verdict.DEGRADED if available else Verdict.FAILED
    return conditions.judgement(failure, verdict)


def explained(judgement: Judgement, causes: Iterable[Object], snapshot: Snapshot) -> Judgement:
    """A judgement that follows from those pods that are bad enough to be its cause.

    A pod that only starts explains no outage. Since when a workload lacks pods says nothing about
    which came first: a controller may have made the pod anew since then.
    """
    if judgement.reason == "Terminating":
        return judgement
    lasting = judgement.verdict.rank > Verdict.UNKNOWN.rank
    follows = tuple(
        cause.ref
        for cause in causes
        if not (lasting and isinstance(cause, core.Pod) and _only_starts(cause, snapshot.taken_at))
    )
    if not follows:
        return judgement
    return msgspec.structs.replace(judgement, since=None, follows=(*judgement.follows, *follows))


def _only_starts(pod: core.Pod, now: datetime) -> bool:
    """Whether a pod is new, and nothing is wrong with it so far."""
    born = pod.metadata.creation_timestamp
    if born is None or now - born > STARTING or next(containers.terminations(pod), None):
        return False
    scheduled = conditions.condition(pod.status.conditions, "PodScheduled")
    if scheduled and scheduled.status == "False":
        return False
    waiting = (container.state.waiting for container in containers.containers(pod))
    return all(state is None or state.reason in USUAL for state in waiting)
