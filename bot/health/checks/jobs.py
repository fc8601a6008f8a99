"""Failed Jobs, and CronJobs whose last run failed.

Source: kstatus for Jobs; suspension and a failed last run as Argo CD sees them.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bot.domain import conditions, containers
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources import batch, core
from bot.domain.resources.base import Condition
from bot.domain.sentences import moment, sentences
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import cron_runs, known_names, workload_pods, workload_state


def judge_job(job: batch.Job, snapshot: Snapshot) -> Judgement:
    """Complete or at work is healthy; one of which every attempt so far failed is degraded."""
    spec, status = job.spec, job.status
    if gone := conditions.terminating(job, snapshot.taken_at):
        return gone
    for type_ in ("Failed", "FailureTarget"):
        # FailureTarget (Kubernetes 1.31) comes first, while its last pods are still ending.
        if failed := conditions.is_true(status.conditions, type_):
            return _failed(job, failed, snapshot)
    if status.failed and not status.succeeded and not _tries_again(job, snapshot):
        message = f"{status.failed} of its pods failed, and none succeeded so far."
        judgement = Judgement(Verdict.DEGRADED, "NoneSucceeded", message)
        return workload_state.explained(
            judgement, workload_pods.unready(job.ref, snapshot), snapshot
        )
    if complete := conditions.is_true(status.conditions, "Complete"):
        return conditions.healthy(complete)
    if spec.suspend:
        return Judgement(Verdict.SUSPENDED, "Suspended", "The Job is suspended.")
    if status.start_time is None:
        message = "Its controller has not started it yet."
        since = job.metadata.creation_timestamp
        return conditions.progressing("JobNotStarted", message, since, snapshot.taken_at)
    return _at_work(job, snapshot)


def _tries_again(job: batch.Job, snapshot: Snapshot) -> bool:
    """Whether a pod of its present attempt is at work, as after a drain."""
    pods = snapshot.of(core.Pod).by_controller.get(job.ref, ())
    at_work = job.status.ready or any(containers.is_ready(pod) for pod in pods)
    return bool(job.status.active and at_work)


def _at_work(job: batch.Job, snapshot: Snapshot) -> Judgement:
    spec, status = job.spec, job.status
    started = status.active or status.succeeded or status.failed or not spec.parallelism
    if not started and (missing := workload_state.without_pods(job, status.start_time, snapshot)):
        return missing
    wanted = spec.parallelism if spec.completions is None else spec.completions
    message = f"Running: {status.succeeded}/{wanted} done, {status.active} active."
    if status.failed:
        attempts = "1 attempt" if status.failed == 1 else f"{status.failed} attempts"
        message = f"{message} {attempts} failed before."
    return Judgement(Verdict.HEALTHY, "JobInProgress", message)


def _failed(job: batch.Job, failed: Condition, snapshot: Snapshot) -> Judgement:
    """Failed, in the words of its pods too, from which it follows: they say why.

    It is over where a later run of its CronJob succeeded, which keeps its last failure for as long
    as no other comes.
    """
    unready = tuple(workload_pods.unready(job.ref, snapshot))
    ends = (next(containers.terminations(pod), None) for pod in unready)
    ended = next(filter(None, ends), None)
    cron_job = cron_runs.made_good(job, snapshot)
    judgement = conditions.judgement(
        failed,
        Verdict.HEALTHY if cron_job else Verdict.FAILED,
        follows=tuple(pod.ref for pod in unready),
    )
    message = sentences(
        judgement.message,
        containers.describe(ended) if ended else "",
        f"A later run of CronJob {cron_job.name} succeeded." if cron_job else "",
    )
    return msgspec.structs.replace(judgement, message=message)


def judge_cron_job(cron_job: batch.CronJob, snapshot: Snapshot) -> Judgement:
    """Suspended, overdue, or by whether its last finished run succeeded, where it keeps that."""
    status = cron_job.status
    if gone := conditions.terminating(cron_job, snapshot.taken_at):
        return gone
    if cron_job.spec.suspend:
        return Judgement(Verdict.SUSPENDED, "Suspended", "The CronJob is suspended.")
    if not status.active and (since := cron_runs.overdue_since(cron_job, snapshot)):
        message = f"It has not run since {moment(since)}, although a run was due."
        return Judgement(Verdict.DEGRADED, "NotScheduled", message, since)
    ran, succeeded = status.last_schedule_time, status.last_successful_time
    if status.active or not ran or not succeeded or succeeded >= ran:
        return HEALTHY
    message = "Its last run did not succeed."
    judgement = Judgement(Verdict.DEGRADED, "LastRunFailed", message, ran)
    return workload_state.explained(judgement, _failed_runs(cron_job, snapshot), snapshot)


def _failed_runs(cron_job: batch.CronJob, snapshot: Snapshot) -> Iterator[batch.Job]:
    """Its Jobs that failed and are no leftovers, which say why."""
    for job in snapshot.of(batch.Job).by_controller.get(cron_job.ref, ()):
        failed = conditions.is_true(job.status.conditions, "Failed")
        if failed and not cron_runs.made_good(job, snapshot):
            yield job


CHECK = Check(
    name="jobs",
    scope="workloads",
    title="Failed Jobs, and CronJobs whose last run failed.",
    judges={batch.Job: judge_job, batch.CronJob: judge_cron_job},
    documented_as="kubectl get jobs,cronjobs -A",
    advice="Check the log of the failed pod. If the Job has none, check its events.",
    refers_to=(core.Pod,),
    known_as=known_names.workload,
)
