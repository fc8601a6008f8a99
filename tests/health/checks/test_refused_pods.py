"""Workloads whose pods the API server refuses: told by a condition, or by there being none."""

from typing import Any

import pytest

from bot.domain.report import Report, examine
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from bot.health.next_steps.steps import next_step
from tests.builders import Plain, a_pod
from tests.health.checks.conditioned import a_thing, owned_by, said
from tests.net.networks import a_snapshot, ago

APPS = "apps/v1"
FORBIDDEN = (
    'pods "web-5d4-" is forbidden: violates PodSecurity "restricted:latest": '
    'allowPrivilegeEscalation != false (container "c" must set it)'
)
QUOTA = (
    'pods "web-5d4-" is forbidden: exceeded quota: small, requested: pods=1, used: pods=4, '
    "limited: pods=4"
)
LATE = said("Progressing", "False", reason="ProgressDeadlineExceeded", message="has timed out")


def report(*plain: Plain, **rest: Any) -> Report:
    return examine(a_snapshot(*plain, **rest), CHECKS)


def a_deployment(message: str, *, available: int = 0) -> Plain:
    failure = said("ReplicaFailure", reason="FailedCreate", message=message, minutes=60)
    return a_thing(
        "Deployment",
        "web",
        APPS,
        LATE,
        failure,
        spec={"replicas": 2},
        replicas=available,
        availableReplicas=available,
    )


def written(minutes: float) -> Plain:
    """Metadata of an object whose status was written that long ago."""
    return {"managedFields": [{"subresource": "status", "time": ago(minutes=minutes)}]}


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (FORBIDDEN, "pod-security.kubernetes.io/enforce"),
        (QUOTA, "Raise the quota"),
        ("failed quota: small: must specify limits.cpu", "Raise the quota"),
        ('serviceaccount "robot" not found', "Create ServiceAccount robot"),
        ('admission webhook "policy.example.org" denied the request: no', "as the admission"),
    ],
)
def test_a_deployment_without_any_pod_fails_by_why_they_are_refused(
    message: str, says: str
) -> None:
    """The reason goes before the deadline that follows from it, and says what helps."""
    (found,) = report(a_deployment(message)).findings
    assert (found.verdict, found.reason) == (Verdict.FAILED, "FailedCreate")
    assert message == found.message
    assert says in next_step(found).text


def test_a_refused_pod_beside_others_that_serve_is_degraded() -> None:
    """A quota that stops a rollout takes nothing away."""
    (found,) = report(a_deployment(QUOTA, available=1)).findings
    assert found.verdict is Verdict.DEGRADED


@pytest.mark.parametrize(
    ("kind", "api", "status"),
    [
        ("StatefulSet", APPS, {"replicas": 0}),
        ("DaemonSet", APPS, {"desiredNumberScheduled": 3, "currentNumberScheduled": 0}),
        ("Job", "batch/v1", {"startTime": ago(hours=1)}),
    ],
)
def test_a_workload_that_has_made_no_pod_for_long_has_failed(
    kind: str, api: str, status: Plain
) -> None:
    """These have no condition for it, so the message says where the reason stands."""
    plain = a_thing(kind, "web", api, meta=written(minutes=60), **status)
    (found,) = report(plain).findings
    assert (found.verdict, found.reason) == (Verdict.FAILED, "NoPods")
    assert f"The events of the {kind} say why" in found.message
    assert report(plain, live=False).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("kind", "api", "status", "spec"),
    [
        ("StatefulSet", APPS, {"replicas": 0}, {"replicas": 0}),
        ("DaemonSet", APPS, {"desiredNumberScheduled": 0}, {}),
        ("Job", "batch/v1", {"startTime": ago(minutes=2)}, {}),
        ("Job", "batch/v1", {"startTime": ago(hours=2), "active": 1}, {}),
        ("Job", "batch/v1", {"startTime": ago(hours=2)}, {"parallelism": 0}),
        ("CronJob", "batch/v1", {}, {}),
        ("Deployment", APPS, {}, {"replicas": 0}),
    ],
)
def test_nothing_is_said_of_what_needs_no_pods(
    kind: str, api: str, status: Plain, spec: Plain
) -> None:
    """Scaled to nothing, on no node, at work, or never run."""
    available = (said("Available"),) if kind == "Deployment" else ()
    plain = a_thing(kind, "web", api, *available, meta=written(minutes=60), spec=spec, **status)
    assert report(plain).findings == ()


def test_a_stateful_set_whose_status_just_changed_is_under_way() -> None:
    """It is old, and its pod was deleted a moment ago."""
    plain = a_thing("StatefulSet", "db", APPS, meta=written(minutes=1), replicas=0)
    (found,) = report(plain).findings
    assert found.verdict is Verdict.PROGRESSING


def test_a_pod_that_is_there_although_the_status_does_not_count_it_proves_life() -> None:
    """The controller is about to write it."""
    job = a_thing("Job", "web", "batch/v1", startTime=ago(hours=1))
    pod = a_pod("web-x")
    pod["metadata"] |= owned_by("Job", "web")
    assert report(job, pod).findings == ()


def test_a_stateful_set_that_lacks_a_pod_for_long_is_degraded() -> None:
    """Nobody wrote its status since, so nothing moves."""
    plain = a_thing("StatefulSet", "db", APPS, meta=written(minutes=60), spec={"replicas": 3})
    plain["status"] = {"replicas": 3, "readyReplicas": 2}
    (found,) = report(plain).findings
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "LessReady")


def test_a_stateful_set_without_its_service_is_degraded() -> None:
    """Only where Services are seen: a saved file proves no absence."""
    full = dict.fromkeys(("replicas", "readyReplicas", "currentReplicas", "updatedReplicas"), 1)
    plain = a_thing("StatefulSet", "db", APPS, spec={"serviceName": "db-pods"}, **full)
    (found,) = report(plain).findings
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "ServiceNotFound")
    assert report(plain, live=False).findings == ()
    service = a_thing("Service", "db-pods", "v1", spec={"clusterIP": "None"})
    assert report(plain, service).findings == ()
