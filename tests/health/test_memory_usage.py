"""What a container uses that was killed for lack of memory: part of the story of its pod."""

from bot.domain.finding import Ref
from bot.errors import Forbidden
from bot.health.service import Health
from tests.builders import Plain, a_pod
from tests.fakes import FakeCluster

POD = Ref("Pod", "apps", "web")


def a_killed_pod(reason: str = "OOMKilled") -> Plain:
    pod = a_pod("web", waiting="CrashLoopBackOff")
    (status,) = pod["status"]["containerStatuses"]
    ended = {"reason": reason, "exitCode": 137, "finishedAt": "2026-11-29T12:00:00Z"}
    status["lastState"] = {"terminated": ended}
    limits = {"limits": {"memory": "512Mi"}}
    pod["spec"]["containers"] = [{"name": status["name"], "resources": limits}]
    return pod


async def told(cluster: FakeCluster) -> tuple[dict[str, str], tuple[str, ...]]:
    """The evidence of the pod's story, and what was not seen."""
    health = Health(cluster)
    report = await health.check()
    (finding,) = (one for one in report.findings if one.subject == POD)
    story = await health.story(report, finding)
    return {item.label: item.value for item in story.finding.evidence}, story.unseen


async def test_the_usage_stands_beside_the_limit() -> None:
    """The two numbers that matter, where metrics-server is there."""
    cluster = FakeCluster([pod := a_killed_pod()])
    name = pod["spec"]["containers"][0]["name"]
    cluster.usage[POD] = {name: 480 * 1024 * 1024, "other": 1}
    evidence, unseen = await told(cluster)
    assert evidence[f"memory limit of {name}"] == "512Mi"
    assert evidence[f"memory usage of {name}"] == "480Mi when last measured"
    assert not unseen


async def test_without_metrics_the_limit_stands_alone() -> None:
    """No metrics-server is no fault."""
    evidence, unseen = await told(FakeCluster([a_killed_pod()]))
    assert not [label for label in evidence if label.startswith("memory usage")]
    assert not unseen


async def test_metrics_that_may_not_be_read_are_named() -> None:
    """What was not seen is never left out in silence."""
    cluster = FakeCluster([a_killed_pod()])
    cluster.details_fail = Forbidden("You may not.")
    _, unseen = await told(cluster)
    assert set(unseen) == {"You may not."}


async def test_the_usage_of_other_crashes_is_not_asked_for() -> None:
    """It would explain nothing."""
    cluster = FakeCluster([pod := a_killed_pod("Error")])
    cluster.usage[POD] = {pod["spec"]["containers"][0]["name"]: 1}
    evidence, _ = await told(cluster)
    assert not [label for label in evidence if label.startswith("memory")]
