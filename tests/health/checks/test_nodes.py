"""Nodes: what decides their health."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.finding import Judgement
from bot.domain.report import examine
from bot.domain.resources.core import Node
from bot.domain.verdict import Verdict
from bot.health.checks import nodes
from tests.builders import an_object
from tests.fakes import snapshot_of

NOW = datetime(2026, 11, 23, 13, tzinfo=UTC)


def a_node(
    name: str = "home-1", *, heard: float = 1, version: str = "v1.34.1+k3s1"
) -> dict[str, Any]:
    heartbeat = (NOW - timedelta(minutes=heard)).isoformat()
    return an_object(
        "Node",
        name,
        namespace="",
        spec={},
        status={
            "conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": heartbeat}],
            "addresses": [{"type": "InternalIP", "address": "100.64.0.1"}],
            "nodeInfo": {"kubeletVersion": version},
        },
    )


def judged(node: dict[str, Any], *others: dict[str, Any], live: bool = True) -> Judgement:
    snapshot = replace(snapshot_of(node, *others, now=NOW), live=live)
    return nodes.judge(snapshot.of(Node)[0], snapshot)


def test_a_ready_node_is_healthy():
    """Ready, heard from, schedulable."""
    assert judged(a_node()).verdict is Verdict.HEALTHY


@pytest.mark.parametrize("status", ["False", "Unknown"])
def test_a_node_that_is_not_ready_is_failed(status: str):
    """Unknown is how the control plane says that the kubelet stopped reporting."""
    node = a_node()
    node["status"]["conditions"][0] |= {"status": status, "reason": "NodeStatusUnknown"}
    assert judged(node).verdict is Verdict.FAILED


@pytest.mark.parametrize("pressure", nodes.PRESSURES)
def test_pressure_is_degraded(pressure: str):
    """Memory, disk, processes, network."""
    node = a_node()
    node["status"]["conditions"].append({"type": pressure, "status": "True", "message": "low"})
    said = judged(node)
    assert (said.verdict, said.reason) == (Verdict.DEGRADED, pressure)


@pytest.mark.parametrize(
    ("type_", "verdict"),
    [
        ("KernelDeadlock", Verdict.DEGRADED),
        ("ReadonlyFilesystem", Verdict.DEGRADED),
        ("FrequentKubeletRestart", Verdict.DEGRADED),
        ("ContainerRuntimeProblem", Verdict.DEGRADED),
        ("EtcdIsVoter", Verdict.HEALTHY),
    ],
)
def test_what_the_problem_detector_reports_is_degraded(type_: str, verdict: Verdict):
    """Its conditions are bad when true; k3s keeps one of its own that is good."""
    node = a_node()
    node["status"]["conditions"].append({"type": type_, "status": "True"})
    assert judged(node).verdict is verdict


def test_a_kubelet_that_fell_silent_is_unknown_although_nobody_marked_it():
    """With the control plane's node controller gone too, Ready alone proves nothing."""
    assert judged(a_node(heard=60)).verdict is Verdict.UNKNOWN


def test_the_silence_of_a_saved_file_proves_nothing():
    """A file cannot be heard from."""
    assert judged(a_node(heard=60), live=False).verdict is Verdict.HEALTHY


def test_a_cordoned_node_is_somebodys_intention_and_not_health():
    """Suspended is a state of its own."""
    node = a_node()
    node["spec"]["unschedulable"] = True
    assert judged(node).verdict is Verdict.SUSPENDED


def test_what_is_wrong_with_a_cordoned_node_is_said_first():
    """So that a node that is only cordoned is well otherwise."""
    node = a_node()
    node["spec"]["unschedulable"] = True
    node["metadata"]["annotations"] = {nodes.FLANNEL_IP: "203.0.113.9"}
    assert judged(node).reason == "FlannelAddressDiffers"


def test_flannel_must_announce_an_address_of_the_node():
    """Else the other nodes send its pods' traffic elsewhere."""
    node = a_node()
    node["metadata"]["annotations"] = {nodes.FLANNEL_IP: "203.0.113.9"}
    assert judged(node).reason == "FlannelAddressDiffers"
    node["metadata"]["annotations"] = {nodes.FLANNEL_IP: "100.64.0.1"}
    assert judged(node).verdict is Verdict.HEALTHY


def test_a_kubelet_far_behind_the_newest_node_is_degraded():
    """More than three minor versions is outside the skew policy."""
    assert judged(a_node(version="v1.30.2"), a_node("new")).reason == "VersionSkew"
    assert judged(a_node(version="v1.31.2"), a_node("new")).verdict is Verdict.HEALTHY


def test_a_node_without_a_status_is_unknown():
    """No Ready condition, no verdict."""
    assert judged(an_object("Node", "new", namespace="")).verdict is Verdict.UNKNOWN


def with_backend(name: str, backend: str, *, server: bool = False) -> dict[str, Any]:
    node = a_node(name)
    labels = {"node-role.kubernetes.io/control-plane": "true"} if server else {}
    annotations = {nodes.FLANNEL_BACKEND: backend} if backend else {}
    node["metadata"] |= {"annotations": annotations, "labels": labels}
    return node


def different(*plain: dict[str, Any]) -> dict[str, str | None]:
    """The nodes that are remarked on, and what they follow from."""
    report = examine(snapshot_of(*plain, now=NOW), [nodes.CHECK])
    assert {each.verdict for each in report.findings} <= {Verdict.DEGRADED}
    assert {each.reason for each in report.findings} <= {"FlannelBackendDiffers"}
    return {each.subject.name: each.cause for each in report.findings}


def test_the_node_with_another_flannel_backend_than_most_is_degraded():
    """It exchanges no pod traffic with the others."""
    plain = [with_backend(f"home-{number}", "vxlan") for number in (1, 2)]
    plain.append(with_backend("home-3", "wireguard"))
    assert different(*plain) == {"home-3": None}
    said = judged(plain[2], *plain[:2])
    assert "Its flannel backend is wireguard, that of home-1 is vxlan" in said.message


def test_the_control_plane_has_the_right_flannel_backend():
    """Agents take their settings from it; those that differ are one cause."""
    agents = [with_backend(f"agent-{number}", "vxlan") for number in (1, 2, 3)]
    found = different(with_backend("server", "extension", server=True), *agents)
    assert set(found) == {"agent-1", "agent-2", "agent-3"}
    assert [name for name, cause in found.items() if cause is None] == ["agent-1"]


def test_two_equal_camps_of_flannel_backends_are_both_named():
    """Nobody knows which is meant."""
    found = different(with_backend("home-1", "host-gw"), with_backend("home-2", "vxlan"))
    assert set(found) == {"home-1", "home-2"}


def test_one_flannel_backend_everywhere_is_healthy():
    """Nodes that announce none may have another network, or have not begun."""
    plain = (with_backend("home-1", "vxlan"), with_backend("home-2", "vxlan"), a_node("home-3"))
    assert different(*plain, with_backend("home-4", "")) == {}


def test_a_node_that_no_cloud_controller_took_on_carries_no_pods() -> None:
    """The taint of a new node goes within seconds, where that controller runs."""
    verdicts = []
    for minutes in (1, 30):
        node = a_node()
        node["spec"] = {"taints": [{"key": "node.cloudprovider.kubernetes.io/uninitialized"}]}
        node["metadata"]["creationTimestamp"] = (NOW - timedelta(minutes=minutes)).isoformat()
        verdicts.append(judged(node).verdict)
    assert verdicts == [Verdict.PROGRESSING, Verdict.DEGRADED]
    other = a_node()
    other["spec"] = {"taints": [{"key": "node-role.kubernetes.io/control-plane"}]}
    assert judged(other).verdict is Verdict.HEALTHY
