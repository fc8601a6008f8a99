"""Reasons that only events tell, added to what an object says itself."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.event_reasons import (
    EventReasons,
    Told,
    beside_message,
    explained,
    kept,
    told,
    wanted,
)
from bot.domain.finding import Evidence, Finding, Judgement, Ref
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SUBJECT = Ref("ExternalSecret", "apps", "env")
UNSYNCED = Judgement(Verdict.FAILED, "SecretSyncedError", "could not get secret data from provider")


def explain(judgement: Judgement, *events: Told, subject: Ref = SUBJECT) -> Judgement:
    reasons = EventReasons({subject: events})
    return explained(judgement, subject, Snapshot(NOON, supplements={EventReasons: reasons}))


def test_the_reason_follows_the_words_of_the_object_and_is_kept_as_evidence() -> None:
    """The condition of External Secrets is the same for every reason."""
    found = explain(UNSYNCED, Told("UpdateFailed", "status 403: permission denied"))
    assert found.message == (
        "could not get secret data from provider: status 403: permission denied"
    )
    assert found.evidence == (Evidence("event", "UpdateFailed: status 403: permission denied"),)


def test_the_newest_event_that_says_more_counts() -> None:
    """Some repeat the condition, others are about something else."""
    found = explain(
        UNSYNCED,
        Told("Updated", "secret updated"),
        Told("UpdateFailed", "could not get secret data from provider"),
        Told("UpdateFailed", "Secret does not exist"),
        Told("UpdateFailed", "an older reason"),
    )
    assert found.message.endswith(": Secret does not exist")


@pytest.mark.parametrize(
    ("kind", "reason", "event", "message"),
    [
        ("Pod", "ContainerCreating", "FailedAttachVolume", "Multi-Attach error for volume"),
        ("Pod", "ContainerCreating", "FailedMount", "mount.nfs: Connection timed out"),
        ("Pod", "ContainerCreating", "FailedCreatePodSandBox", "no subnet.env"),
        ("Pod", "ImagePullBackOff", "Failed", "Failed to pull image: 401 Unauthorized"),
        ("Pod", "ContainersNotReady", "Unhealthy", "Readiness probe failed: 503"),
        ("Pod", "CrashLoopBackOff", "Unhealthy", "Liveness probe failed: 503"),
        ("PersistentVolumeClaim", "NotBound", "ProvisioningFailed", "no such class"),
        ("Order", "NoChallenge", "Solver", "no configured challenge solvers can be used"),
        ("StatefulSet", "LessReplicas", "FailedCreate", "violates PodSecurity"),
    ],
)
def test_each_kind_has_events_that_explain_it(
    kind: str, reason: str, event: str, message: str
) -> None:
    """And such findings are worth asking for events."""
    subject = Ref(kind, "apps", "web")
    judgement = Judgement(Verdict.DEGRADED, reason, "Something is wrong.")
    found = explain(judgement, Told(event, message), subject=subject)
    assert found.message == f"Something is wrong: {message}"
    finding = Finding(
        check="c", subject=subject, verdict=Verdict.DEGRADED, reason=reason, message=""
    )
    assert wanted(finding)


@pytest.mark.parametrize(
    ("reason", "event", "message"),
    [
        ("CrashLoopBackOff", "FailedMount", "not mounted an hour ago"),
        ("CrashLoopBackOff", "Unhealthy", "Readiness probe failed: 503"),
        ("ImagePullBackOff", "Failed", "Error: ImagePullBackOff"),
        ("Unschedulable", "FailedScheduling", "its condition says so already"),
    ],
)
def test_an_event_of_another_trouble_explains_nothing(
    reason: str, event: str, message: str
) -> None:
    """Events outlive what they are about."""
    judgement = Judgement(Verdict.FAILED, reason, "Something is wrong.")
    subject = Ref("Pod", "apps", "web")
    assert explain(judgement, Told(event, message), subject=subject) == judgement


def test_pods_that_cannot_be_made_are_not_under_way() -> None:
    """The numbers of a StatefulSet look like a rollout."""
    judgement = Judgement(Verdict.PROGRESSING, "LessReplicas", "Replicas: 0/1.")
    event = Told("FailedCreate", "exceeded quota", NOON)
    found = explain(judgement, event, subject=Ref("StatefulSet", "apps", "db"))
    assert found.verdict is Verdict.DEGRADED


def test_pods_that_could_not_be_made_before_hinder_no_later_start() -> None:
    """Either one was made since, or it is long ago."""
    judgement = Judgement(Verdict.PROGRESSING, "LessReady", "Ready: 0/1.")
    subject = Ref("StatefulSet", "apps", "db")
    failed = Told("FailedCreate", "no service account", NOON - timedelta(minutes=2))
    made = Told("SuccessfulCreate", "create Pod db-0 successful", NOON - timedelta(minutes=1))
    assert explain(judgement, made, failed, subject=subject) == judgement
    again = Told("FailedCreate", "exceeded quota", NOON)
    assert explain(judgement, again, made, failed, subject=subject).verdict is Verdict.DEGRADED
    old = Told("FailedCreate", "exceeded quota", NOON - timedelta(minutes=11))
    assert explain(judgement, old, subject=subject).verdict is Verdict.PROGRESSING


def test_an_event_from_before_an_object_was_created_is_about_another() -> None:
    """Of the same name."""
    event = Told("UpdateFailed", "permission denied", NOON - timedelta(minutes=5))
    reasons = {EventReasons: EventReasons({SUBJECT: (event,)})}
    snapshot = Snapshot(NOON, supplements=reasons)
    found = explained(UNSYNCED, SUBJECT, snapshot, born=NOON - timedelta(minutes=1))
    assert found == UNSYNCED


def test_only_the_beginning_of_a_long_message_is_read_by_whole_words() -> None:
    """Half a secret would not be recognised."""
    event = told("UpdateFailed", " " * 4090 + "password=hunter2hunter2 " + "x" * 100_000, NOON)
    assert event.message == ""


def test_a_healthy_object_has_no_reason() -> None:
    """Its events are old."""
    healthy = Judgement(Verdict.HEALTHY)
    assert explain(healthy, Told("UpdateFailed", "it was down")) is healthy


def test_an_event_is_redacted_before_it_is_shortened_and_comes_back_from_a_finding() -> None:
    """A secret at the cut must not lose what gives it away."""
    event = told("UpdateFailed", "x" * 280 + " password=hunter2hunter2", NOON)
    assert "hunter2" not in event.message
    assert len(event.message) <= 300
    evidence = explain(UNSYNCED, event).evidence
    finding = Finding(
        check="c", subject=SUBJECT, verdict=Verdict.FAILED, reason="", message="", evidence=evidence
    )
    assert kept(finding) == Told("UpdateFailed", event.message)
    assert beside_message(finding) == ()


def test_why_a_load_balancer_gave_no_address_is_in_an_event() -> None:
    """MetalLB's controller has no other place for it."""
    service = Ref("Service", "media", "web")
    pending = Judgement(Verdict.DEGRADED, "NoAddress", "No load balancer has given it an address.")
    event = Told("AllocationFailed", "no available IPs")
    found = explain(pending, event, subject=service)
    assert found.message == "No load balancer has given it an address: no available IPs"
    unserved = Judgement(Verdict.FAILED, "NoReadyEndpoints", "No pod that it selects is ready.")
    assert explain(unserved, event, subject=service) == unserved
