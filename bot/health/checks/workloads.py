"""Workloads, Jobs and volume claims, judged from saved objects.

Source: kstatus (sigs.k8s.io/cli-utils), its rules for each kind; suspension and a failed last run
as Argo CD sees them. A live cluster is judged by its pods instead, which say why.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from bot.domain import conditions, containers
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources import apps, batch, core
from bot.domain.resources.base import Condition
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import cron_runs

NO_DEADLINE = 2**31 - 1
"""`progressDeadlineSeconds` of a Deployment that has none: it keeps no Progressing condition."""

PAUSED = Judgement(Verdict.SUSPENDED, "Paused", "The rollout is paused.")

EXTRA = "ExtraPods"
"""The reason where there are too many; the others are of too few."""

Count = tuple[str, int, int]
"""The reason where the numbers differ, how many pods there are, and how many there should be."""


def judge_deployment(deployment: apps.Deployment, snapshot: Snapshot) -> Judgement:
    """The deadline of the Deployment separates a slow rollout from a failed one."""
    spec, status = deployment.spec, deployment.status
    return (
        _unsettled(deployment, snapshot.taken_at)
        or (PAUSED if spec.paused else None)
        or _past_deadline(status)
        or _replica_failure(status)
        or _rolling_out(spec, status, snapshot.taken_at)
        or _unproven(spec, status, snapshot.taken_at)
        or HEALTHY
    )


def judge_replica_set(
    replica_set: apps.ReplicaSet | core.ReplicationController, snapshot: Snapshot
) -> Judgement:
    """Enough labelled, available and ready pods, and none too many."""
    status, want = replica_set.status, replica_set.spec.replicas
    return (
        _unsettled(replica_set, snapshot.taken_at)
        or _replica_failure(status)
        or _miscounted(
            ("LessLabelled", status.fully_labeled_replicas, want),
            ("LessAvailable", status.available_replicas, want),
            ("LessReady", status.ready_replicas, want),
            (EXTRA, status.replicas, want),
        )
        or HEALTHY
    )


def judge_stateful_set(stateful_set: apps.StatefulSet, snapshot: Snapshot) -> Judgement:
    """Replicas, then the revision, which a partition may hold back for some pods."""
    status, want = stateful_set.status, stateful_set.spec.replicas
    strategy = stateful_set.spec.update_strategy
    unsettled = _unsettled(stateful_set, snapshot.taken_at)
    if unsettled or strategy.type == "OnDelete":
        return unsettled or HEALTHY
    return (
        _miscounted(
            ("LessReplicas", status.replicas, want),
            ("LessReady", status.ready_replicas, want),
            (EXTRA, status.replicas, want),
        )
        or _revised(status, want, strategy.rolling_update.partition)
        or HEALTHY
    )


def judge_daemon_set(daemon_set: apps.DaemonSet, snapshot: Snapshot) -> Judgement:
    """One pod for each node that should have one."""
    status = daemon_set.status
    if unsettled := _unsettled(daemon_set, snapshot.taken_at):
        return unsettled
    want = status.desired_number_scheduled
    if want is None:
        return _under_way("NoDesiredNumber", "Its controller has not counted the nodes yet.")
    by_hand = daemon_set.spec.update_strategy.type == "OnDelete"
    miscounted = _miscounted(
        ("LessCurrent", status.current_number_scheduled, want),
        ("LessUpdated", want if by_hand else status.updated_number_scheduled, want),
        ("LessAvailable", status.number_available, want),
        ("LessReady", status.number_ready, want),
    )
    return miscounted or HEALTHY


def judge_job(job: batch.Job, snapshot: Snapshot) -> Judgement:
    """Complete or at work is healthy; a Job of which every attempt so far failed is degraded."""
    spec, status = job.spec, job.status
    if gone := conditions.terminating(job, snapshot.taken_at):
        return gone
    for type_ in ("Failed", "FailureTarget"):
        # FailureTarget (Kubernetes 1.31) comes first, while its last pods are still ending.
        if failed := conditions.is_true(status.conditions, type_):
            return _failed_job(job, failed, snapshot)
    if status.failed and not status.succeeded:
        message = f"{status.failed} of its pods failed, and none succeeded so far."
        return Judgement(Verdict.DEGRADED, "NoneSucceeded", message)
    if complete := conditions.is_true(status.conditions, "Complete"):
        return conditions.healthy(complete)
    if spec.suspend:
        return Judgement(Verdict.SUSPENDED, "Suspended", "The Job is suspended.")
    if status.start_time is None:
        message = "Its controller has not started it yet."
        since = job.metadata.creation_timestamp
        return conditions.progressing("JobNotStarted", message, since, snapshot.taken_at)
    wanted = spec.parallelism if spec.completions is None else spec.completions
    message = f"At work: {status.succeeded}/{wanted} done, {status.active} active."
    return Judgement(Verdict.HEALTHY, "JobInProgress", message)


def _failed_job(job: batch.Job, failed: Condition, snapshot: Snapshot) -> Judgement:
    """Failed, in the words of its pods too; a leftover where a later run of its CronJob succeeded.

    Its pods are what it follows from: they say why.
    """
    pods = snapshot.of(core.Pod).by_controller.get(job.ref, ())
    ends = (next(containers.terminations(pod), None) for pod in pods)
    ended = next(filter(None, ends), None)
    cron_job = cron_runs.made_good(job, snapshot)
    judgement = conditions.judgement(
        failed,
        Verdict.DEGRADED if cron_job else Verdict.FAILED,
        follows=tuple(pod.ref for pod in pods),
    )
    sentences = [judgement.message.rstrip(". ")]
    sentences += [containers.describe(ended)] if ended else []
    sentences += [f"A later run of CronJob {cron_job.name} succeeded"] if cron_job else []
    return msgspec.structs.replace(judgement, message=". ".join(sentences) + ".")


def judge_cron_job(cron_job: batch.CronJob, snapshot: Snapshot) -> Judgement:
    """Suspended, or by whether its last finished run succeeded, where it keeps that."""
    status = cron_job.status
    if gone := conditions.terminating(cron_job, snapshot.taken_at):
        return gone
    if cron_job.spec.suspend:
        return Judgement(Verdict.SUSPENDED, "Suspended", "The CronJob is suspended.")
    ran, succeeded = status.last_schedule_time, status.last_successful_time
    if status.active or not ran or not succeeded or succeeded >= ran:
        return HEALTHY
    return Judgement(Verdict.DEGRADED, "LastRunFailed", "Its last run did not succeed.", ran)


def judge_claim(claim: core.PersistentVolumeClaim, snapshot: Snapshot) -> Judgement:
    """Bound is healthy, Lost is failed; anything else waits for a volume."""
    if gone := conditions.terminating(claim, snapshot.taken_at):
        return gone
    phase = claim.status.phase or "not reported"
    if phase == "Bound":
        return HEALTHY
    message = f"It is not bound to a volume: phase {phase}."
    if phase == "Lost":
        return Judgement(Verdict.FAILED, "Lost", message)
    since = claim.metadata.creation_timestamp
    return conditions.progressing("NotBound", message, since, snapshot.taken_at)


def _unsettled(workload: apps.WorkloadObject | apps.DaemonSet, now: datetime) -> Judgement | None:
    """Being deleted, or changed since its controller last looked."""
    if gone := conditions.terminating(workload, now):
        return gone
    generation, observed = workload.metadata.generation, workload.status.observed_generation
    if observed is None or observed >= generation:
        return None
    return _under_way("NotObserved", f"Generation {generation} is not observed yet.")


def _under_way(reason: str, message: str) -> Judgement:
    # These kinds do not record since when, so their age proves nothing.
    return Judgement(Verdict.PROGRESSING, reason, message)


def _miscounted(*counts: Count) -> Judgement | None:
    """The first of the counts that is not as it should be."""
    for reason, have, want in counts:
        if reason == EXTRA and have > want:
            return _under_way(EXTRA, f"{have - want} pods too many are to end.")
        if reason != EXTRA and have < want:
            return _under_way(reason, f"{reason.removeprefix('Less')}: {have}/{want}.")
    return None


def _past_deadline(status: apps.WorkloadStatus) -> Judgement | None:
    progress = conditions.condition(status.conditions, "Progressing")
    if progress is None or progress.reason != "ProgressDeadlineExceeded":
        return None
    return conditions.judgement(progress, Verdict.FAILED)


def _replica_failure(status: apps.WorkloadStatus) -> Judgement | None:
    """Its pods cannot be created (a quota, an admission webhook): it retries, others may run."""
    failure = conditions.is_true(status.conditions, "ReplicaFailure")
    return conditions.judgement(failure, Verdict.DEGRADED) if failure else None


def _rolling_out(
    spec: apps.WorkloadSpec, status: apps.WorkloadStatus, now: datetime
) -> Judgement | None:
    want = spec.replicas
    miscounted = _miscounted(
        ("LessReplicas", status.replicas, want),
        ("LessUpdated", status.updated_replicas, want),
        (EXTRA, status.replicas, want),
        ("LessAvailable", status.available_replicas, status.updated_replicas),
        ("LessReady", status.ready_replicas, want),
    )
    return miscounted and _since_unavailable(miscounted, status, now)


def _since_unavailable(
    judgement: Judgement, status: apps.WorkloadStatus, now: datetime
) -> Judgement:
    """Too few pods for long is an outage, not a rollout, where Available says since when."""
    available = conditions.condition(status.conditions, "Available")
    since = available.last_transition_time if available and available.status == "False" else None
    return conditions.progressing(judgement.reason, judgement.message, since, now)


def _unproven(
    spec: apps.WorkloadSpec, status: apps.WorkloadStatus, now: datetime
) -> Judgement | None:
    """The numbers are right, but the conditions do not confirm it yet."""
    progress = conditions.is_true(status.conditions, "Progressing")
    has_deadline = spec.progress_deadline_seconds not in (None, NO_DEADLINE)
    if has_deadline and (progress is None or progress.reason != "NewReplicaSetAvailable"):
        return _under_way("ReplicaSetNotAvailable", "The new ReplicaSet is not available yet.")
    if conditions.is_true(status.conditions, "Available"):
        return None
    message = "It is not said to be available."
    return _since_unavailable(_under_way("DeploymentNotAvailable", message), status, now)


def _revised(status: apps.WorkloadStatus, want: int, partition: int | None) -> Judgement | None:
    if partition is not None:
        return _miscounted(("LessUpdated", status.updated_replicas, want - partition))
    miscounted = _miscounted(("LessCurrent", status.current_replicas, want))
    if miscounted or status.current_revision == status.update_revision:
        return miscounted
    return _under_way("RollingUpdate", f"Updated: {status.updated_replicas}/{want}.")


CHECK = Check(
    name="workloads",
    title="Workloads and claims that are not as their specification wants them.",
    judges={
        apps.Deployment: judge_deployment,
        apps.ReplicaSet: judge_replica_set,
        core.ReplicationController: judge_replica_set,
        apps.StatefulSet: judge_stateful_set,
        apps.DaemonSet: judge_daemon_set,
        batch.Job: judge_job,
        batch.CronJob: judge_cron_job,
        core.PersistentVolumeClaim: judge_claim,
    },
    documented_as="kubectl get deployments,statefulsets,daemonsets,jobs,pvc -A",
    advice="Look at its pods: they say why.",
)
