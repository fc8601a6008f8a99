"""Workloads, jobs and claims, judged from saved objects by the rules of kstatus."""

from typing import Any

import pytest

from bot.domain.verdict import Verdict
from bot.health.checks import ALL_CHECKS
from bot.health.offline import type_of
from tests.builders import Plain, an_object
from tests.net.networks import ago, judged

GROUPS = {
    "ReplicationController": "v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "PersistentVolumeClaim": "v1",
}
AVAILABLE = {"type": "Available", "status": "True"}
FULL = {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}
SPREAD = {
    "desiredNumberScheduled": 2,
    "currentNumberScheduled": 2,
    "updatedNumberScheduled": 2,
    "numberAvailable": 2,
    "numberReady": 2,
}


KINDS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController")
KINDS += ("Job", "CronJob", "PersistentVolumeClaim")
JUDGES = {kind: judge for check in ALL_CHECKS for kind, judge in check.judges.items()}


def a_workload(kind: str, status: Plain, **spec: Any) -> Plain:
    return an_object(kind, "web", GROUPS.get(kind, "apps/v1"), spec=spec, status=status)


def said(workload: Plain) -> tuple[Verdict, str]:
    found = judged(JUDGES[type_of(workload)], workload, live=False)
    return found.verdict, found.reason


def a_deployment(*conditions: Plain, **status: Any) -> Plain:
    merged = {**FULL, "conditions": list(conditions) or [AVAILABLE], **status}
    return a_workload("Deployment", merged, replicas=2)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ({"replicas": 1}, "LessReplicas"),
        ({"updatedReplicas": 1}, "LessUpdated"),
        ({"replicas": 3}, "ExtraPods"),
        ({"availableReplicas": 1}, "LessAvailable"),
        ({"readyReplicas": 1}, "LessReady"),
    ],
)
def test_a_deployment_that_lacks_replicas_is_under_way(status: Plain, reason: str) -> None:
    """Each number that is short is told by kstatus's own reason."""
    assert said(a_deployment(**status)) == (Verdict.PROGRESSING, reason)


def test_a_deployment_with_all_its_replicas_is_healthy_once_it_says_available() -> None:
    """The numbers alone do not suffice."""
    assert said(a_deployment())[0] is Verdict.HEALTHY
    unavailable = {"type": "Available", "status": "False"}
    assert said(a_deployment(unavailable)) == (Verdict.PROGRESSING, "DeploymentNotAvailable")


def test_a_deployment_that_is_unavailable_for_long_is_degraded() -> None:
    """Past a rollout's time it is an outage."""
    unavailable = {"type": "Available", "status": "False", "lastTransitionTime": ago(hours=1)}
    found = said(a_deployment(unavailable, availableReplicas=0))
    assert found == (Verdict.DEGRADED, "LessAvailable")


def test_a_deployment_past_its_deadline_has_failed() -> None:
    """Its controller's own word."""
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    assert said(a_deployment(late))[0] is Verdict.FAILED


def test_a_deployment_or_replica_set_that_cannot_make_pods_fails_without_others() -> None:
    """A quota, say: it retries, and others may run meanwhile."""
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
    assert said(a_deployment(AVAILABLE, failure)) == (Verdict.DEGRADED, "FailedCreate")
    replica_set = a_workload("ReplicaSet", {"conditions": [failure]}, replicas=1)
    assert said(replica_set) == (Verdict.FAILED, "FailedCreate")


def test_a_paused_deployment_is_suspended() -> None:
    """Somebody's intention is neither health nor failure."""
    paused = a_workload("Deployment", FULL, replicas=2, paused=True)
    assert said(paused) == (Verdict.SUSPENDED, "Paused")


def test_a_generation_that_is_not_observed_comes_first() -> None:
    """The status then speaks of an elder specification."""
    for kind in ("Deployment", "StatefulSet", "ReplicaSet", "DaemonSet"):
        workload = a_workload(kind, {"observedGeneration": 1, **FULL, **SPREAD}, replicas=2)
        workload["metadata"]["generation"] = 2
        assert said(workload) == (Verdict.PROGRESSING, "NotObserved")


@pytest.mark.parametrize(
    ("status", "spec", "expected"),
    [
        ({"replicas": 1}, {}, (Verdict.PROGRESSING, "LessReplicas")),
        ({"currentReplicas": 1}, {}, (Verdict.PROGRESSING, "LessCurrent")),
        ({"updateRevision": "b"}, {}, (Verdict.PROGRESSING, "RollingUpdate")),
        ({}, {}, (Verdict.HEALTHY, "")),
        ({"updateRevision": "b"}, {"type": "OnDelete"}, (Verdict.HEALTHY, "")),
        ({"replicas": 1}, {"type": "OnDelete"}, (Verdict.PROGRESSING, "LessReplicas")),
        ({"updateRevision": "b"}, {"rollingUpdate": {"partition": 1}}, (Verdict.HEALTHY, "")),
        (
            {"updatedReplicas": 0},
            {"rollingUpdate": {"partition": 1}},
            (Verdict.PROGRESSING, "LessUpdated"),
        ),
    ],
)
def test_a_stateful_set_is_judged_by_replicas_then_revision(
    status: Plain, spec: Plain, expected: tuple[Verdict, str]
) -> None:
    """A partition holds back a part; with OnDelete a person updates the pods."""
    full = {**FULL, "currentReplicas": 2, "currentRevision": "a", "updateRevision": "a", **status}
    workload = a_workload("StatefulSet", full, replicas=2, updateStrategy=spec)
    assert said(workload) == expected


def test_a_replica_set_wants_labelled_available_and_ready_pods() -> None:
    """The three numbers that kstatus looks at."""
    full = {**FULL, "fullyLabeledReplicas": 2}
    assert said(a_workload("ReplicaSet", full, replicas=2))[0] is Verdict.HEALTHY
    short = a_workload("ReplicaSet", {**full, "readyReplicas": 1}, replicas=2)
    assert said(short) == (Verdict.PROGRESSING, "LessReady")


def test_a_daemon_set_wants_a_pod_on_each_node() -> None:
    """A status without counts is one that nobody wrote yet."""
    assert said(a_workload("DaemonSet", SPREAD))[0] is Verdict.HEALTHY
    assert said(a_workload("DaemonSet", {}))[1] == "NoDesiredNumber"
    stale = {**SPREAD, "updatedNumberScheduled": 1}
    assert said(a_workload("DaemonSet", stale)) == (Verdict.PROGRESSING, "LessUpdated")
    by_hand = a_workload("DaemonSet", stale, updateStrategy={"type": "OnDelete"})
    assert said(by_hand)[0] is Verdict.HEALTHY


@pytest.mark.parametrize(
    ("status", "spec", "expected"),
    [
        ({}, {}, (Verdict.PROGRESSING, "JobNotStarted")),
        ({}, {"suspend": True}, (Verdict.SUSPENDED, "Suspended")),
        ({"startTime": ago(hours=5), "active": 1}, {}, (Verdict.HEALTHY, "JobInProgress")),
        (
            {"startTime": ago(hours=5), "active": 1, "failed": 2},
            {},
            (Verdict.DEGRADED, "NoneSucceeded"),
        ),
        (
            {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]},
            {},
            (Verdict.HEALTHY, ""),
        ),
        (
            {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimit"}]},
            {},
            (Verdict.FAILED, "BackoffLimit"),
        ),
        (
            {
                "startTime": ago(hours=5),
                "succeeded": 1,
                "conditions": [{"type": "FailureTarget", "status": "True", "reason": "Policy"}],
            },
            {},
            (Verdict.FAILED, "Policy"),
        ),
    ],
)
def test_a_job_is_judged_by_its_end_or_by_its_attempts(
    status: Plain, spec: Plain, expected: tuple[Verdict, str]
) -> None:
    """At work is what a Job is for; a Job of which every attempt failed is worth a look."""
    assert said(a_workload("Job", status, **spec)) == expected


def test_a_cron_job_is_judged_by_its_last_run() -> None:
    """Only where it keeps lastSuccessfulTime, and no run is under way."""
    ran = {"lastScheduleTime": ago(hours=1), "lastSuccessfulTime": ago(hours=2)}
    assert said(a_workload("CronJob", ran)) == (Verdict.DEGRADED, "LastRunFailed")
    assert said(a_workload("CronJob", {**ran, "active": [{"name": "x"}]}))[0] is Verdict.HEALTHY
    assert said(a_workload("CronJob", {}, suspend=True))[0] is Verdict.SUSPENDED
    assert said(a_workload("CronJob", {}))[0] is Verdict.HEALTHY


@pytest.mark.parametrize(
    ("phase", "verdict"),
    [
        ("Bound", Verdict.HEALTHY),
        ("Pending", Verdict.PROGRESSING),
        ("Lost", Verdict.FAILED),
        ("", Verdict.PROGRESSING),
    ],
)
def test_a_claim_is_judged_by_its_phase(phase: str, verdict: Verdict) -> None:
    """Bound, waiting or lost."""
    assert said(a_workload("PersistentVolumeClaim", {"phase": phase}))[0] is verdict


@pytest.mark.parametrize("kind", KINDS)
def test_a_workload_that_is_being_deleted_is_under_way(kind: str) -> None:
    """Whatever else it says."""
    workload = a_workload(kind, {})
    workload["metadata"]["deletionTimestamp"] = ago(minutes=1)
    assert said(workload) == (Verdict.PROGRESSING, "Terminating")


def test_a_stateful_set_of_no_pods_has_none_to_update() -> None:
    """It was scaled to 0 between two revisions, which stay in its status."""
    status = {"replicas": 0, "currentRevision": "web-1", "updateRevision": "web-2"}
    assert said(a_workload("StatefulSet", status, replicas=0))[0] is Verdict.HEALTHY
