"""ReplicaSets and ReplicationControllers, for `meshmedic judge`. Source: kstatus.

A live cluster keeps ten old ReplicaSets for each Deployment, whose own conditions say the same.
"""

from __future__ import annotations

from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources import apps, core
from bot.domain.snapshot import Snapshot
from bot.health import known_names, workload_pods, workload_state
from bot.health.workload_state import EXTRA


def judge(
    replica_set: apps.ReplicaSet | core.ReplicationController, snapshot: Snapshot
) -> Judgement:
    """Enough labelled, available and ready pods, and none too many."""
    status, want, now = replica_set.status, replica_set.spec.replicas, snapshot.taken_at
    first = workload_state.unsettled(replica_set, now) or workload_state.refused(
        status.conditions, status.available_replicas
    )
    if first:
        return first
    miscounted = workload_state.miscounted(
        ("LessLabelled", status.fully_labeled_replicas, want),
        ("LessAvailable", status.available_replicas, want),
        ("LessReady", status.ready_replicas, want),
        (EXTRA, status.replicas, want),
    )
    since = workload_state.status_since(replica_set)
    judgement = workload_state.aged(miscounted, since, now)
    if judgement is None:
        return HEALTHY
    unready = workload_pods.unready(replica_set.ref, snapshot)
    return workload_state.explained(judgement, unready, snapshot)


CHECK = Check(
    name="replica-sets",
    title="ReplicaSets and ReplicationControllers that lack pods.",
    judges={apps.ReplicaSet: judge, core.ReplicationController: judge},
    documented_as="kubectl get replicasets,replicationcontrollers -A",
    advice="Check its pods: they say why. If it has none, check its own events.",
    known_as=known_names.workload,
)
