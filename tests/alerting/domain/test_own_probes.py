"""The bot's own probes: their trouble is no incident, except that none of them finds a node."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.alerting.domain.incident import Alerts
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.domain.transitions import advance
from bot.domain import temporary
from bot.domain.report import examine
from bot.health.checks import CHECKS
from tests.builders import Plain, a_pod, an_object
from tests.fakes import snapshot_of

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
RULES = Rules(routes=(AlertRoute(1),))


def a_probe(owner: str, waiting: str = "") -> Plain:
    """A pod of a test's Job, or of the agents' DaemonSet."""
    plain = a_pod("probe", waiting=waiting, namespace=temporary.NAMESPACE)
    plain["metadata"] |= {
        "labels": dict(temporary.LABELS),
        "ownerReferences": [
            {"apiVersion": "v1", "kind": owner, "name": "own", "uid": "u", "controller": True}
        ],
    }
    return plain


def without_a_node(plain: Plain) -> Plain:
    plain["spec"].pop("nodeName")
    plain["status"] = {
        "phase": "Pending",
        "conditions": [
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": "0/3 nodes are available: 3 Insufficient memory.",
                "lastTransitionTime": "2026-11-23T12:00:00Z",
            }
        ],
    }
    return plain


def watched(*objects: Plain) -> Alerts:
    """Ten minutes of looks, after one at which nothing was there."""
    state = advance(None, examine(snapshot_of(a_pod(), now=START), CHECKS), RULES)
    for number in range(1, 40):
        now = START + number * timedelta(seconds=15)
        state = advance(state, examine(snapshot_of(a_pod(), *objects, now=now), CHECKS), RULES)
    return state


@pytest.mark.parametrize("owner", ["DaemonSet", "Job"])
def test_a_prober_that_cannot_be_scheduled_alarms(owner: str):
    """Without it nothing is tested any more, and that would look like health."""
    (incident,) = watched(without_a_node(a_probe(owner))).incidents
    assert incident.head.reason == "Unschedulable"
    assert "Insufficient memory" in incident.head.message


def test_an_agent_that_does_not_run_alarms_as_any_pod():
    """It is no object of a test: it stays."""
    (incident,) = watched(a_probe("DaemonSet", "CrashLoopBackOff")).incidents
    assert incident.head.subject.name == "probe"


@pytest.mark.parametrize("waiting", ["", "ImagePullBackOff", "CreateContainerError"])
def test_the_trouble_of_a_test_is_for_who_asked(waiting: str):
    """And what it leaves behind is told by /doctor."""
    assert watched(a_probe("Job", waiting)).incidents == ()


def test_what_a_dead_node_keeps_of_tests_is_no_finding():
    """Their Jobs are deleted, and only the kubelet there could end the pods: the node is told."""
    node = an_object("Node", "n3", "v1", namespace="")
    silent = {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}
    node["status"] = {"conditions": [{**silent, "lastTransitionTime": "2026-11-23T11:30:00Z"}]}
    pods = []
    for number in range(7):
        pod = a_probe("Job")
        pod["metadata"] |= {"name": f"listen-{number}", "deletionTimestamp": "2026-11-23T11:40:00Z"}
        pod["spec"]["nodeName"] = "n3"
        pods.append(pod)
    report = examine(snapshot_of(node, *pods, now=START), CHECKS)
    assert [str(finding.subject) for finding in report.findings] == ["Node n3"]
