"""Failed runs of a CronJob, and later runs that made them good."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.finding import Judgement
from bot.domain.report import examine
from bot.domain.resources.batch import CronJob
from bot.domain.verdict import Verdict
from bot.health.checks import jobs, pods
from bot.health.cron_runs import overdue_since
from tests.builders import Plain, a_pod, an_object
from tests.health.checks.conditioned import owned_by, said
from tests.net.networks import a_snapshot, ago, judged

DAYS = 24 * 60


def a_cron_job(*, succeeded: str | None = None, ran: str = "", **spec: Any) -> Plain:
    status = {"lastScheduleTime": ran or ago(hours=5)}
    status |= {"lastSuccessfulTime": succeeded} if succeeded else {}
    return an_object("CronJob", "backup", "batch/v1", spec=spec, status=status)


def a_run(name: str, days: float, outcome: str, owner: str = "backup") -> Plain:
    entry = said(outcome, minutes=days * DAYS, reason="BackoffLimitExceeded", message="No more.")
    plain = an_object("Job", name, "batch/v1", status={"conditions": [entry], "failed": 1})
    plain["metadata"] |= {"creationTimestamp": ago(days=days), **owned_by("CronJob", owner)}
    return plain


def a_pod_of(job: str, days: float, *, failed: bool) -> Plain:
    end = {"exitCode": 7 if failed else 0, "finishedAt": ago(days=days)}
    end |= {"reason": "Error" if failed else "Completed"}
    status = {
        "phase": "Failed" if failed else "Succeeded",
        "containerStatuses": [{"name": "main", "state": {"terminated": end}}],
    }
    plain = an_object("Pod", f"{job}-x", status=status)
    plain["metadata"] |= {"creationTimestamp": ago(days=days), **owned_by("Job", job)}
    return plain


def job(*others: Plain) -> Judgement:
    return judged(jobs.judge_job, a_run("backup-1", 8, "Failed"), *others)


def test_a_failed_run_before_the_last_success_is_over() -> None:
    """The CronJob keeps the time of its last success."""
    found = job(a_cron_job(succeeded=ago(hours=5)))
    assert found.verdict is Verdict.HEALTHY
    assert found.message.endswith("A later run of CronJob backup succeeded.")


def test_a_later_job_that_completed_makes_it_good_where_the_cron_job_was_not_read() -> None:
    """The Jobs name it as their owner."""
    assert job(a_run("backup-2", 7, "Complete")).verdict is Verdict.HEALTHY


def test_the_last_run_that_failed_stays_failed() -> None:
    """Successes before it prove nothing, nor do those of another CronJob, nor a later failure."""
    assert job(a_cron_job(succeeded=ago(days=9))).verdict is Verdict.FAILED
    assert job(a_run("backup-0", 9, "Complete")).verdict is Verdict.FAILED
    assert job(a_run("other-2", 7, "Complete", "other")).verdict is Verdict.FAILED
    assert job(a_run("backup-2", 7, "Failed")).verdict is Verdict.FAILED


def test_a_pod_is_made_good_by_a_later_run_where_no_job_was_read() -> None:
    """A live cluster may be read without its Jobs: their names hold the scheduled minute."""
    old = a_pod_of("backup-29001000", 8, failed=True)
    new = a_pod_of("backup-29002440", 7, failed=False)
    found = judged(pods.judge, old, new)
    assert found.verdict is Verdict.HEALTHY
    assert found.message.startswith("Container main ended: Error, exit code 7 at ")
    assert found.message.endswith("A later run of CronJob backup succeeded.")
    assert judged(pods.judge, old).verdict is Verdict.FAILED
    assert judged(pods.judge, a_pod_of("backup-29003880", 6, failed=True), new).verdict is (
        Verdict.FAILED
    )


def test_a_job_without_a_cron_job_is_no_run() -> None:
    """Nothing will run it again, whatever its name looks like."""
    lone = a_run("backup-29001000", 8, "Failed")
    lone["metadata"].pop("ownerReferences")
    found = judged(jobs.judge_job, lone, a_cron_job(succeeded=ago(hours=5)))
    assert found.verdict is Verdict.FAILED


def test_a_failed_job_tells_the_exit_code_and_is_one_root_with_its_pod() -> None:
    """The pod is the cause."""
    plain = (a_run("backup-1", 8, "Failed"), a_pod_of("backup-1", 8, failed=True))
    report = examine(a_snapshot(*plain), [pods.CHECK, jobs.CHECK])
    assert [root.subject.kind for root in report.roots] == ["Pod"]
    (effect,) = report.downstream[report.roots[0].key]
    assert effect.message.startswith("No more. Container main ended: Error, exit code 7 at ")


def test_a_run_that_began_earlier_and_ended_later_makes_nothing_good() -> None:
    """The time of the last success is when that run ended; a run that is gone counts by it."""
    early = a_run("backup-0", 9, "Complete")
    early["status"]["completionTime"] = ago(days=7)
    assert job(early).verdict is Verdict.FAILED
    assert job(early, a_cron_job(succeeded=ago(days=7))).verdict is Verdict.FAILED
    assert job(early, a_cron_job(succeeded=ago(days=6))).verdict is Verdict.HEALTHY


def test_a_job_that_tries_again_after_a_drain_is_at_work() -> None:
    """By its own count of ready pods, or by a pod of it that is ready; else it is degraded."""
    status = {"startTime": ago(hours=1), "active": 1, "failed": 1}
    plain = an_object("Job", "once", "batch/v1", status=status)
    assert judged(jobs.judge_job, plain).verdict is Verdict.DEGRADED
    pod = a_pod("once-x")
    pod["metadata"] |= owned_by("Job", "once")
    assert judged(jobs.judge_job, plain, pod).verdict is Verdict.HEALTHY
    found = judged(jobs.judge_job, {**plain, "status": {**status, "ready": 1}})
    assert found.verdict is Verdict.HEALTHY
    assert found.message == "Running: 0/1 done, 1 active. 1 attempt failed before."


@pytest.mark.parametrize(
    ("schedule", "days", "overdue"),
    [
        ("0 2 * * *", 1, False),
        ("0 2 * * *", 2, True),
        ("*/5 * * * ?", 2, True),
        ("@hourly", 1, True),
        ("0 2 * * 0", 7, False),
        ("0 2 * * MON-FRI", 9, True),
        ("0 2 1,15 * *", 30, False),
        ("0 2 1 * *", 33, True),
        ("0 2 31 * *", 50, False),
        ("0 2 */2 * *", 50, False),
        ("0 0 1 */3 *", 80, False),
        ("@yearly", 300, False),
        ("CRON_TZ=UTC 0 2 * * *", 9, False),
        ("nonsense", 9, False),
    ],
)
def test_a_cron_job_that_should_have_run_since_is_degraded(
    schedule: str, days: int, overdue: bool
) -> None:
    """By how far apart two runs are at most; where that may be long, nothing is said."""
    ran = ago(days=days)
    plain = a_cron_job(ran=ran, succeeded=ran, schedule=schedule)
    found = judged(jobs.judge_cron_job, plain)
    assert (found.reason == "NotScheduled") is overdue
    assert found.verdict is (Verdict.DEGRADED if overdue else Verdict.HEALTHY)


@pytest.mark.parametrize(
    ("schedule", "hours", "overdue"),
    [
        ("30 2 * * *", 36, False),
        ("30 2 * * *", 51, True),
        ("30 02 * * 0", 8 * 24, False),
        ("30 2 * * 0", 15 * 24, True),
        ("30 4 * * *", 36, True),
        ("30 */2 * * *", 36, True),
    ],
)
def test_a_run_in_the_hour_that_the_clock_skips_is_not_overdue(
    schedule: str, hours: int, overdue: bool
) -> None:
    """Kubernetes leaves it out, by the time zone of the CronJob or of the host of k3s."""
    ran = datetime(2026, 3, 28, 2, 30, tzinfo=UTC)
    plain = a_cron_job(ran=ran.isoformat(), schedule=schedule)
    snapshot = replace(a_snapshot(plain), taken_at=ran + timedelta(hours=hours))
    (cron_job,) = snapshot.of(CronJob)
    assert (overdue_since(cron_job, snapshot) == ran) is overdue


def test_a_cron_job_that_may_have_been_held_back_is_not_overdue() -> None:
    """By a run at work, or a starting deadline after a pause; nor is one in a file of any age."""
    ran = ago(days=9)
    plain = a_cron_job(ran=ran, succeeded=ran, schedule="0 2 * * *")
    assert judged(jobs.judge_cron_job, plain, live=False).verdict is Verdict.HEALTHY
    active = {**plain, "status": {**plain["status"], "active": [{"name": "backup-1"}]}}
    assert judged(jobs.judge_cron_job, active).verdict is Verdict.HEALTHY
    plain["spec"]["startingDeadlineSeconds"] = 60
    assert judged(jobs.judge_cron_job, plain).verdict is Verdict.HEALTHY


def test_a_new_cron_job_that_never_ran_is_overdue_once_its_first_run_was_due() -> None:
    """It has no run to count from but its own making."""
    for days, verdict in ((0, Verdict.HEALTHY), (3, Verdict.DEGRADED)):
        plain = an_object("CronJob", "backup", "batch/v1", spec={"schedule": "@daily"}, status={})
        plain["metadata"]["creationTimestamp"] = ago(days=days)
        assert judged(jobs.judge_cron_job, plain).verdict is verdict
