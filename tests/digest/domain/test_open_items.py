"""What is no finding and yet to be known."""

from datetime import timedelta
from typing import Any

from bot.digest.domain.open_items import Nodes, standing
from bot.domain.snapshot import Gap, Why
from tests.builders import a_certificate, a_kustomization, a_pod
from tests.fakes import snapshot_of
from tests.render.strategies import NOW


def a_node(name: str, *, ready: str = "True", **spec: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready}]
    return {
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
        "spec": spec, "status": {"conditions": conditions},
    }  # fmt: skip


def ending(name: str, days: float) -> dict[str, Any]:
    made = a_certificate(name)
    made["status"]["notAfter"] = (NOW + timedelta(days=days)).isoformat()
    return made


def of_a_test(name: str, *, minutes: float = 20, **metadata: Any) -> dict[str, Any]:
    pod = a_pod(name)
    metadata["creationTimestamp"] = (NOW - timedelta(minutes=minutes)).isoformat()
    labels = {"app.kubernetes.io/managed-by": "meshmedic"}
    pod["metadata"] |= {"namespace": "meshmedic-probe", "labels": labels, **metadata}
    return pod


def test_what_is_suspended_or_left_behind_is_open_and_neither_agents_nor_tests_are() -> None:
    agent = of_a_test(
        "agent", ownerReferences=[{"kind": "DaemonSet", "name": "a", "controller": True}]
    )
    seen = snapshot_of(
        a_kustomization(suspend=True),
        a_kustomization("other"),
        of_a_test("job"),
        of_a_test("job-under-way", minutes=3),
        agent,
        now=NOW,
    )
    found = standing(seen).open
    assert [(each.subject.name, each.what) for each in found] == [
        ("apps", "suspended"),
        ("job", "left behind by a test"),
    ]
    assert [each.subject.name for each in standing(seen, "meshmedic-probe").open] == ["job"]


def test_certificates_that_end_soon_are_told_the_soonest_first() -> None:
    seen = snapshot_of(ending("far", 60), ending("soon", 9), ending("over", -1), now=NOW)
    assert [each.subject.name for each in standing(seen).expiring] == ["over", "soon"]


def test_nodes_are_counted_or_said_to_be_unseen() -> None:
    nodes = (a_node("a"), a_node("b", ready="False"), a_node("c", unschedulable=True))
    assert standing(snapshot_of(*nodes, now=NOW)).nodes == Nodes(3, 2, 1)
    blind = snapshot_of(now=NOW, gaps=(Gap("Node", Why.FORBIDDEN),))
    assert standing(blind).nodes is None
