"""Pods: what decides their health."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.finding import Evidence, Finding, Judgement, Ref
from bot.domain.report import examine
from bot.domain.resources.core import Pod
from bot.domain.situation.situation import situation
from bot.domain.verdict import Verdict
from bot.health.checks import nodes, pods
from tests.builders import a_pod, an_object
from tests.fakes import snapshot_of

NOW = datetime(2026, 11, 23, 13, tzinfo=UTC)


def ago(**delta: float) -> str:
    return (NOW - timedelta(**delta)).isoformat()


def judged(pod: dict[str, Any], *others: dict[str, Any]) -> Judgement:
    snapshot = snapshot_of(pod, *others, now=NOW)
    return pods.judge(snapshot.of(Pod)[0], snapshot)


def a_starting_pod(since: str, **status: Any) -> dict[str, Any]:
    pod = a_pod()
    pod["status"]["conditions"] = [
        {"type": "Ready", "status": "False", "lastTransitionTime": since, **status}
    ]
    pod["status"]["containerStatuses"][0]["ready"] = False
    return pod


def a_crashed_pod(finished: str, reason: str = "OOMKilled") -> dict[str, Any]:
    pod = a_pod()
    pod["status"]["containerStatuses"][0] |= {
        "restartCount": 4,
        "lastState": {"terminated": {"reason": reason, "exitCode": 137, "finishedAt": finished}},
    }
    return pod


def test_a_pod_that_runs_is_healthy():
    """Running, ready, never restarted."""
    assert judged(a_pod()).verdict is Verdict.HEALTHY


@pytest.mark.parametrize("reason", sorted(pods.STUCK))
def test_a_container_that_cannot_start_is_failed_although_its_phase_is_running(reason: str):
    """The documented field selector on the phase would hide it."""
    said = judged(a_pod(waiting=reason))
    assert (said.verdict, said.reason) == (Verdict.FAILED, reason)


def test_a_crash_loop_shows_how_the_last_run_ended():
    """Exit code and reason are the evidence, and the container is named."""
    pod = a_pod(waiting="CrashLoopBackOff")
    pod["status"]["containerStatuses"][0]["lastState"] = {
        "terminated": {"reason": "OOMKilled", "exitCode": 137, "finishedAt": ago(minutes=1)}
    }
    evidence = {each.label: each.value for each in judged(pod).evidence}
    assert evidence["container"] == "main"
    assert "OOMKilled, exit code 137" in evidence["last termination of main"]
    assert judged(pod).message.startswith("Container main ended: OOMKilled, exit code 137 at ")


def test_an_init_container_that_fails_holds_up_the_pod():
    """Native sidecars and init containers count as containers."""
    pod = a_starting_pod(ago(minutes=1))
    pod["status"]["initContainerStatuses"] = [
        {"name": "init", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    ]
    assert judged(pod).reason == "CrashLoopBackOff"


def test_an_unschedulable_pod_is_failed_in_the_schedulers_words():
    """The scheduler says which nodes do not fit."""
    pod = a_pod()
    pod["status"] = {
        "phase": "Pending",
        "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3"}
        ],
    }
    said = judged(pod)
    assert (said.verdict, said.reason, said.message) == (Verdict.FAILED, "Unschedulable", "0/3")


def test_a_gated_pod_waits_on_purpose_however_long():
    """A queue holds it back; it says so in the scheduler's words."""
    pod = a_pod()
    gated = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}
    pod["status"] = {"phase": "Pending", "conditions": [gated | {"message": "gates"}]}
    pod["metadata"]["creationTimestamp"] = ago(days=2)
    said = judged(pod)
    assert (said.verdict, said.reason) == (Verdict.PROGRESSING, "SchedulingGated")


def test_between_two_tries_of_an_init_container_its_end_is_told():
    """Init:Error in kubectl: which container, and its exit code, rather than "not ready"."""
    pod = a_starting_pod(ago(minutes=1), message="containers with incomplete status: [init]")
    ended = {"reason": "Error", "exitCode": 3}
    pod["status"]["initContainerStatuses"] = [{"name": "init", "state": {"terminated": ended}}]
    said = judged(pod)
    assert (said.verdict, said.reason) == (Verdict.DEGRADED, "Error")
    assert said.message == "Container init ended: Error, exit code 3."
    assert said.evidence[0] == Evidence("container", "init"), "whose log explains it"


@pytest.mark.parametrize("minutes", [1, 90])
def test_between_two_tries_the_container_is_named_whose_log_explains_the_end(minutes: int):
    """Now and long ago; the container that only waits beside it has nothing to say."""
    pod = a_starting_pod(ago(minutes=minutes), message="containers with unready status: [web]")
    ended = {"reason": "Error", "exitCode": 3}
    pod["status"]["containerStatuses"] = [
        {"name": "proxy", "state": {"waiting": {"reason": "ContainerCreating"}}},
        {"name": "web", "state": {"terminated": ended}},
    ]
    said = judged(pod)
    assert said.verdict is Verdict.DEGRADED
    assert said.evidence[0] == Evidence("container", "web")


@pytest.mark.parametrize(("minutes", "verdict"), [(1, Verdict.PROGRESSING), (30, Verdict.DEGRADED)])
def test_a_pod_that_is_not_ready_is_under_way_for_a_while_only(minutes: int, verdict: Verdict):
    """After the grace it is degraded."""
    assert judged(a_starting_pod(ago(minutes=minutes))).verdict is verdict


@pytest.mark.parametrize(("hours", "verdict"), [(0.5, Verdict.DEGRADED), (5, Verdict.HEALTHY)])
def test_a_crash_counts_while_it_is_recent(hours: float, verdict: Verdict):
    """A container that runs again is judged by its last crash, not by its total of restarts."""
    assert judged(a_crashed_pod(ago(hours=hours))).verdict is verdict


@pytest.mark.parametrize("reason", ["Unknown", "ContainerStatusUnknown"])
def test_a_container_that_runs_again_after_a_restart_of_its_node_has_not_crashed(reason: str):
    """Nobody saw how it ended: the node was rebooted, or the container runtime restarted."""
    assert judged(a_crashed_pod(ago(hours=0.1), reason)).verdict is Verdict.HEALTHY


def test_a_finished_pod_is_healthy():
    """A Job's pod that succeeded is not running, and that is right."""
    pod = a_pod()
    pod["status"] |= {"phase": "Succeeded"}
    pod["status"]["containerStatuses"][0] |= {
        "ready": False,
        "state": {"terminated": {"reason": "Completed", "exitCode": 0}},
    }
    assert judged(pod).verdict is Verdict.HEALTHY


def test_evicted_pods_of_one_owner_are_said_once():
    """Three leftovers of one ReplicaSet are one root with two downstream."""
    leftovers = []
    for number in range(3):
        pod = a_pod(f"web-{number}")
        pod["metadata"] |= {
            "creationTimestamp": ago(hours=number),
            "ownerReferences": [{"kind": "ReplicaSet", "name": "web", "controller": True}],
        }
        pod["status"] = {"phase": "Failed", "reason": "Evicted", "message": "low on memory"}
        leftovers.append(pod)
    report = examine(snapshot_of(*leftovers, now=NOW), (pods.CHECK,))
    assert [each.subject.name for each in report.roots] == ["web-2"]
    assert len(report.findings) == 3
    assert {each.reason for each in report.findings} == {"Evicted"}


@pytest.mark.parametrize("phase", ["Running", "Succeeded"])
def test_a_failed_pod_whose_owner_has_one_that_does_well_is_only_degraded(phase: str):
    """A ReplicaSet has replaced it, or a Job's next try succeeded."""
    owner = [{"kind": "Job", "name": "backup", "controller": True}]
    left, well = a_pod("left"), a_pod("well")
    left["status"] = {"phase": "Failed", "reason": "Error"}
    well["status"]["phase"] = phase
    for each in (left, well):
        each["metadata"]["ownerReferences"] = owner
    assert judged(left).verdict is Verdict.FAILED
    found = judged(left, well)
    assert found.verdict is Verdict.DEGRADED
    assert found.message.endswith("Another pod of its owner is healthy.")


def test_an_eviction_is_known_by_the_kubelets_condition_alone():
    """`status.reason` is not always filled in."""
    pod = a_starting_pod(ago(minutes=1))
    pod["status"]["conditions"].append(
        {"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet"}
    )
    assert judged(pod).reason == "Evicted"


@pytest.mark.parametrize(("minutes", "verdict"), [(1, Verdict.PROGRESSING), (60, Verdict.DEGRADED)])
def test_a_pod_that_is_deleted_for_too_long_is_degraded(minutes: int, verdict: Verdict):
    """Terminating is normal for minutes, not for hours."""
    pod = a_pod()
    pod["metadata"]["deletionTimestamp"] = ago(minutes=minutes)
    assert judged(pod).verdict is verdict


def a_node(name: str, ready: str) -> dict[str, Any]:
    entry = {"type": "Ready", "status": ready, "reason": "NodeStatusUnknown"}
    entry |= {"lastTransitionTime": ago(hours=2), "lastHeartbeatTime": ago(minutes=1)}
    return an_object("Node", name, namespace="", status={"conditions": [entry]})


@pytest.mark.parametrize("ready", ["Unknown", "False"])
def test_a_pod_that_cannot_end_since_its_node_is_dead_says_so(ready: str):
    """It is no root: it follows the node."""
    pod = a_pod()
    pod["metadata"]["deletionTimestamp"] = ago(minutes=60)
    said = judged(pod, a_node("home-1", ready))
    assert said.verdict is Verdict.DEGRADED
    assert "Its node home-1 is down" in said.message
    report = examine(snapshot_of(pod, a_node("home-1", ready), now=NOW), [nodes.CHECK, pods.CHECK])
    assert [root.subject.kind for root in report.roots] == ["Node"]


def test_a_pod_on_a_node_that_went_silent_says_so_too():
    """Ready, but its kubelet posts nothing any more."""
    pod, node = a_pod(), a_node("home-1", "True")
    pod["metadata"]["deletionTimestamp"] = ago(minutes=60)
    node["status"]["conditions"][0]["lastHeartbeatTime"] = ago(hours=1)
    assert "Its node home-1 is down" in judged(pod, node).message


def test_a_pod_that_does_not_end_on_a_node_that_is_well_names_its_kubelet():
    """So does one whose node was not read, and none in its first minutes."""
    pod = a_pod()
    pod["metadata"]["deletionTimestamp"] = ago(minutes=60)
    for others in ((), (a_node("home-1", "True"),)):
        assert "waits for the kubelet on node home-1" in judged(pod, *others).message
    pod["metadata"]["deletionTimestamp"] = ago(minutes=1)
    assert judged(pod, a_node("home-1", "True")).message == "It is being deleted."


def test_a_pod_whose_node_is_lost_is_unknown():
    """Phase Unknown is never healthy."""
    pod = a_pod()
    pod["status"] = {"phase": "Unknown"}
    said = judged(pod)
    assert said.verdict is Verdict.UNKNOWN
    assert Ref("Node", "", "home-1") in said.follows


def test_a_missing_secret_points_at_the_external_secret_that_should_bring_it():
    """The chain SecretStore -> ExternalSecret -> pod begins here."""
    pod = a_pod(waiting="CreateContainerConfigError")
    waiting = pod["status"]["containerStatuses"][0]["state"]["waiting"]
    waiting["message"] = 'secret "db-credentials" not found'
    bringer = an_object(
        "ExternalSecret",
        "db",
        "external-secrets.io/v1",
        spec={"target": {"name": "db-credentials"}},
    )
    assert Ref("ExternalSecret", "apps", "db") in judged(pod, bringer).follows


def test_a_container_that_runs_again_says_how_it_ended():
    """The number of restarts alone tells nobody what to look for."""
    said = judged(a_crashed_pod(ago(hours=0.5)))
    assert said.message.startswith("Container main ended: ")
    assert "It is running again" in said.message


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("OOMKilled", "Pod web was killed for lack of memory, 4 restarts"),
        ("Error", "Pod web crashed, and runs again"),
    ],
)
def test_the_sentence_of_a_crash_has_what_its_message_says(reason: str, sentence: str):
    """The phrases search the very words that the check writes."""
    said = judged(a_crashed_pod(ago(hours=0.5), reason))
    subject = Ref("Pod", "apps", "web")
    finding = Finding(
        check="pods",
        subject=subject,
        verdict=said.verdict,
        reason=said.reason,
        message=said.message,
    )
    assert situation(finding).sentence() == sentence


@pytest.mark.parametrize(("reason", "told"), [("StartError", True), ("Error", False)])
def test_the_runtimes_own_words_are_told_and_the_end_of_a_log_is_not(reason: str, told: bool):
    """A container that never ran wrote nothing: the runtime says why it did not begin."""
    pod = a_pod(waiting="CrashLoopBackOff")
    ended = {"reason": reason, "exitCode": 128, "message": 'exec "/run": exec format error'}
    pod["status"]["containerStatuses"][0]["lastState"] = {"terminated": ended}
    assert ("exec format error" in judged(pod).message) is told
