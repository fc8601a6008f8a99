"""Deployments, StatefulSets and DaemonSets: as many pods as they want, of the newest revision.

Source: kstatus (sigs.k8s.io/cli-utils), its rules for each kind. Their pods say why: a workload
follows from those of its pods that do not run.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources import apps, core
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import workload_pods, workload_state
from bot.health.workload_state import EXTRA, miscounted, under_way

NO_DEADLINE = 2**31 - 1
"""`progressDeadlineSeconds` of a Deployment that has none: it keeps no Progressing condition."""

ROLLED_OUT = {"Available": "", "Progressing": "NewReplicaSetAvailable"}
"""The conditions of a Deployment that is rolled out, each with its reason; empty: any."""

PAUSED = Judgement(Verdict.SUSPENDED, "Paused", "The rollout is paused.")


def judge_deployment(deployment: apps.Deployment, snapshot: Snapshot) -> Judgement:
    """Pods that are refused go before the deadline, which separates a slow rollout from a failure.

    A Deployment whose pods are refused is the cause itself: there are no pods to look at.
    """
    if _runs_well(deployment):
        return HEALTHY
    spec, status = deployment.spec, deployment.status
    now = snapshot.taken_at
    first = workload_state.unsettled(deployment, now) or workload_state.refused(
        status.conditions, status.available_replicas
    )
    if first:
        return first
    judgement = (
        (PAUSED if spec.paused else None)
        or _past_deadline(status)
        or _rolling_out(deployment, now)
        or _unproven(deployment, now)
    )
    return _explained(deployment, judgement, snapshot)


def _runs_well(deployment: apps.Deployment) -> bool:
    """A quick test for most Deployments: seen, rolled out and available, with all of its pods."""
    meta, spec, status = deployment.metadata, deployment.spec, deployment.status
    if meta.deletion_timestamp or spec.paused:
        return False
    if status.observed_generation is None or status.observed_generation < meta.generation:
        return False
    if not spec.replicas == status.replicas == status.ready_replicas == status.available_replicas:
        return False
    if status.updated_replicas != spec.replicas or len(status.conditions) != len(ROLLED_OUT):
        return False
    for condition in status.conditions:
        if condition.status != "True" or ROLLED_OUT.get(condition.type) not in (
            "",
            condition.reason,
        ):
            return False
    return True


def judge_stateful_set(stateful_set: apps.StatefulSet, snapshot: Snapshot) -> Judgement:
    """Replicas, then the revision, which a partition may hold back for some pods."""
    judgement = _stateful(stateful_set, snapshot)
    if judgement is None or judgement.verdict is Verdict.PROGRESSING:
        judgement = _without_service(stateful_set, snapshot) or judgement
    return _explained(stateful_set, judgement, snapshot)


def judge_daemon_set(daemon_set: apps.DaemonSet, snapshot: Snapshot) -> Judgement:
    """One pod for each node that should have one."""
    return _explained(daemon_set, _spread(daemon_set, snapshot), snapshot)


def _explained(
    workload: apps.WorkloadObject | apps.DaemonSet, judgement: Judgement | None, snapshot: Snapshot
) -> Judgement:
    """The judgement, with the pods that it follows from, unless the workload is as it should be."""
    if judgement is None:
        return HEALTHY
    if judgement.verdict is Verdict.SUSPENDED or judgement.reason == "ServiceNotFound":
        return judgement
    unready = workload_pods.unready(workload.ref, snapshot)
    return workload_state.explained(judgement, unready, snapshot)


def _past_deadline(status: apps.WorkloadStatus) -> Judgement | None:
    progress = conditions.condition(status.conditions, "Progressing")
    if progress is None or progress.reason != "ProgressDeadlineExceeded":
        return None
    return conditions.judgement(progress, Verdict.FAILED)


def _rolling_out(deployment: apps.Deployment, now: datetime) -> Judgement | None:
    status, want = deployment.status, deployment.spec.replicas
    judgement = miscounted(
        ("LessReplicas", status.replicas, want),
        ("LessUpdated", status.updated_replicas, want),
        (EXTRA, status.replicas, want),
        ("LessAvailable", status.available_replicas, status.updated_replicas),
        ("LessReady", status.ready_replicas, want),
    )
    return judgement and _since_unavailable(judgement, deployment, now)


def _since_unavailable(
    judgement: Judgement, deployment: apps.Deployment, now: datetime
) -> Judgement | None:
    """Too few pods for long is an outage, not a rollout.

    Since when, Available says, or the last change of the status: within the deadline of a rollout
    that is no failure.
    """
    available = conditions.condition(deployment.status.conditions, "Available")
    if available and available.status == "False" and available.last_transition_time:
        return workload_state.aged(judgement, available.last_transition_time, now)
    deadline = timedelta(seconds=_deadline(deployment.spec) or 0)
    return workload_state.aged(
        judgement,
        workload_state.status_since(deployment),
        now,
        patience=max(conditions.PATIENCE, deadline),
    )


def _deadline(spec: apps.WorkloadSpec) -> int | None:
    """The seconds that a rollout may stand still; None for no limit."""
    seconds = spec.progress_deadline_seconds
    return None if seconds is None or not 0 <= seconds < NO_DEADLINE else seconds


def _unproven(deployment: apps.Deployment, now: datetime) -> Judgement | None:
    """The numbers are right, but the conditions do not confirm it yet."""
    status = deployment.status
    progress = conditions.is_true(status.conditions, "Progressing")
    has_deadline = deployment.spec.progress_deadline_seconds not in (None, NO_DEADLINE)
    if has_deadline and (progress is None or progress.reason != "NewReplicaSetAvailable"):
        return under_way("ReplicaSetNotAvailable", "The new ReplicaSet is not available yet.")
    if conditions.is_true(status.conditions, "Available"):
        return None
    message = "It does not report that it is available."
    return _since_unavailable(under_way("DeploymentNotAvailable", message), deployment, now)


def _stateful(stateful_set: apps.StatefulSet, snapshot: Snapshot) -> Judgement | None:
    status, want = stateful_set.status, stateful_set.spec.replicas
    strategy = stateful_set.spec.update_strategy
    since, now = workload_state.status_since(stateful_set), snapshot.taken_at
    if unsettled := workload_state.unsettled(stateful_set, now):
        return unsettled
    if want > status.replicas == 0 and (
        missing := workload_state.without_pods(stateful_set, since, snapshot)
    ):
        return missing
    # With OnDelete a person updates the pods, but the controller makes those that are missing.
    judgement = miscounted(
        ("LessReplicas", status.replicas, want),
        ("LessReady", status.ready_replicas, want),
        (EXTRA, status.replicas, want),
    )
    if judgement is None and want and strategy.type != "OnDelete":
        judgement = _revised(status, want, strategy.rolling_update.partition)
    return workload_state.aged(judgement, since, now)


def _revised(status: apps.WorkloadStatus, want: int, partition: int | None) -> Judgement | None:
    if partition is not None:
        return miscounted(("LessUpdated", status.updated_replicas, want - partition))
    fewer = miscounted(("LessCurrent", status.current_replicas, want))
    if fewer or status.current_revision == status.update_revision:
        return fewer
    return under_way("RollingUpdate", f"Updated: {status.updated_replicas}/{want}.")


def _without_service(stateful_set: apps.StatefulSet, snapshot: Snapshot) -> Judgement | None:
    """Without the Service that it names, its pods have no DNS names, and do not find each other."""
    namespace, name = stateful_set.namespace, stateful_set.spec.service_name
    if not name or not stateful_set.spec.replicas or not snapshot.sees(core.Service, namespace):
        return None
    if snapshot.get(core.Service, namespace, name):
        return None
    message = (
        f"Its serviceName {name} names no Service of this namespace, so its pods have no DNS "
        "names. Create that headless Service (clusterIP: None): the name itself cannot be changed."
    )
    return Judgement(Verdict.DEGRADED, "ServiceNotFound", message)


def _spread(daemon_set: apps.DaemonSet, snapshot: Snapshot) -> Judgement | None:
    status, now = daemon_set.status, snapshot.taken_at
    if unsettled := workload_state.unsettled(daemon_set, now):
        return unsettled
    want = status.desired_number_scheduled
    if want is None:
        return under_way("NoDesiredNumber", "Its controller has not counted the nodes yet.")
    since = workload_state.status_since(daemon_set)
    if want > status.current_number_scheduled == 0 and (
        missing := workload_state.without_pods(daemon_set, since, snapshot)
    ):
        return missing
    by_hand = daemon_set.spec.update_strategy.type == "OnDelete"
    judgement = miscounted(
        ("LessCurrent", status.current_number_scheduled, want),
        ("LessUpdated", want if by_hand else status.updated_number_scheduled, want),
        ("LessAvailable", status.number_available, want),
        ("LessReady", status.number_ready, want),
    )
    return workload_state.aged(judgement, since, now)


CHECK = Check(
    name="workloads",
    scope="workloads",
    title="Deployments, StatefulSets and DaemonSets that lack pods.",
    judges={
        apps.Deployment: judge_deployment,
        apps.StatefulSet: judge_stateful_set,
        apps.DaemonSet: judge_daemon_set,
    },
    documented_as="kubectl get deployments,statefulsets,daemonsets -A",
    advice="Check its pods: they say why. If it has none, check its own events.",
    refers_to=(core.Pod, core.Service),
)
