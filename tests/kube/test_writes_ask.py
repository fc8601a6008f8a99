"""What goes to the API server for a person is sent if that person still may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.domain.finding import Ref
from bot.domain.principal import acting_as
from bot.errors import ClusterError, Refused
from bot.kube.client import Api, Query
from bot.kube.exec import execute
from bot.kube.paths import ApiPath, path
from bot.kube.tool_jobs import ToolJobs
from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.clusters import Cluster
from tests.kube.test_tool_jobs import Begin, kubelet, left, tools
from tests.people import Fickle

__all__ = ["kubelet", "tools"]

MAPS = path("/api/v1/namespaces", "apps", "configmaps")
ONE = path(MAPS, "one")
BODY = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "apps"}}
REVIEW = path("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
DRY: Query = [("dryRun", "All")]


def written(simulation: SimulatedCluster) -> list[str]:
    """The requests that were no reading."""
    return [request.method for request in simulation.requests if request.method != "GET"]


@pytest.mark.parametrize(
    "sent",
    [
        ("POST", MAPS, BODY, ()),
        ("PUT", ONE, BODY, ()),
        ("PATCH", ONE, {"data": {"a": "b"}}, ()),
        ("DELETE", ONE, None, ()),
        # Where a deletion has a body, the API server does not look at the query.
        ("DELETE", ONE, {"preconditions": {}}, DRY),
        ("POST", MAPS, {**BODY, "dryRun": ["All"]}, ()),
        ("POST", MAPS, BODY, [("dryRun", "")]),
        ("POST", path("/api/v1/namespaces", "apps", "events"), {}, ()),
        ("POST", path("/apis/coordination.k8s.io/v1/namespaces", "apps", "leases"), {}, ()),
    ],
)
async def test_a_write_is_not_sent_for_a_person_who_lost_the_role(
    api: Api,
    simulation: SimulatedCluster,
    sent: tuple[str, ApiPath, Mapping[str, Any] | None, Query],
) -> None:
    fickle = Fickle(frozenset())
    with acting_as(fickle.person()), pytest.raises(Refused):
        await api.send(*sent)
    assert fickle.asked
    assert written(simulation) == []


async def test_reviews_and_dry_runs_are_no_writes(api: Api, simulation: SimulatedCluster) -> None:
    """The doctor looks though Discord does not answer; what is sent then writes nothing."""
    simulation.put(BODY)
    fickle = Fickle(silent=True)
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    with acting_as(fickle.person()):
        spec = {"resourceAttributes": {"verb": "get", "resource": "pods"}}
        await api.send("POST", REVIEW, {**review, "spec": spec})
        await api.send("PUT", ONE, {**BODY, "data": {"a": "b"}}, DRY)
        await api.send("DELETE", ONE, {"dryRun": ["All"]})
    assert fickle.asked == []
    assert written(simulation) == ["POST", "PUT", "DELETE"]
    kept = simulation.get("ConfigMap", "apps", "one")
    assert kept is not None
    assert "data" not in kept


async def test_a_command_in_a_container_is_not_run_for_a_person_who_lost_the_role(
    api: Api, simulation: SimulatedCluster
) -> None:
    with acting_as(Fickle(None).person()), pytest.raises(Refused):
        await execute(api, Ref("Pod", "apps", "web"), "main", ("id",), limit_bytes=1, seconds=1)
    assert not simulation.requests


async def test_what_was_made_for_a_person_is_removed_though_they_lost_the_role(
    cluster: Cluster, simulation: SimulatedCluster, tools: ToolJobs, kubelet: Begin
) -> None:
    """Nothing stays behind. For a person who had lost the role before, nothing is made."""
    await kubelet()
    fickle = Fickle()

    def progress(line: str) -> None:
        if line.startswith("Running"):
            fickle.now += 600
            fickle.roles = frozenset()

    argv = ("ping", "--", "100.64.0.12")
    with acting_as(fickle.person()):
        assert (await tools.run("edge", argv, progress)).output
    assert await left(cluster) == []
    assert "DELETE" in written(simulation)
    simulation.requests.clear()
    with acting_as(fickle.person()), pytest.raises((Refused, ClusterError)) as refused:
        await tools.run("edge", argv, lambda _: None)
    assert isinstance(refused.value, Refused)
    assert written(simulation) == []
