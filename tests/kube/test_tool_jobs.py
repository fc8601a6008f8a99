"""Tools on nodes: what comes back, and that nothing stays behind whatever happens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.temporary import NAMESPACE
from bot.errors import ClusterError, InputError
from bot.kube.connect import connect
from bot.kube.jobs import JOBS, PODS
from bot.kube.one_shot_reader import ClusterReader
from bot.kube.pod_start import Patience
from bot.kube.tool_jobs import ToolJobs
from bot.net.probing import manifests
from bot.net.tools.command import ENFORCE, raw_obstacle
from bot.net.tools.options import Tool
from bot.net.tools.service import Netshoot
from bot.sandbox.kubelet import Kubelet
from bot.sandbox.kubernetes_api import SimulatedCluster
from bot.sandbox.network import Broken, Network
from bot.sandbox.scenarios.homelab import healthy
from tests.clusters import Cluster, names

Plain = dict[str, Any]


def quiet(_: str) -> None:
    """Nobody waits."""


def the_namespace(**labels: str) -> Plain:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": NAMESPACE, "labels": labels},
    }


@pytest.fixture
async def tools(cluster: Cluster) -> AsyncIterator[ToolJobs]:
    """One whose API server nobody runs pods for."""
    await cluster.put(the_namespace())
    for plural, group in (("jobs", "batch"), ("pods", ""), ("namespaces", "")):
        for verb in ("get", "list", "create", "delete"):
            await cluster.allow(verb, plural, group)
    async with connect(kubeconfig=cluster.kubeconfig) as api:
        yield ToolJobs(api, "registry.example/tools:1")


Begin = Callable[..., Awaitable[None]]


@pytest.fixture
async def kubelet(simulation: SimulatedCluster) -> AsyncIterator[Begin]:
    """Begins to run pods in a homelab whose network is broken so."""
    tasks: list[asyncio.Task[None]] = []

    async def begin(broken: Broken | None = None) -> None:
        for each in healthy(datetime.now(UTC)).objects:
            simulation.put(each)
        running = Kubelet(simulation, Network(broken or Broken())).run()
        tasks.append(asyncio.create_task(running))
        await asyncio.sleep(0)

    yield begin
    for task in tasks:
        task.cancel()


async def left(cluster: Cluster) -> list[str]:
    return [name for path in (JOBS, PODS) for name in await names(cluster, path)]


async def test_a_tool_answers_with_its_output_and_exit_code(
    cluster: Cluster, tools: ToolJobs, kubelet: Begin
) -> None:
    """From the edge node, where port 80 of other pods is caught: what a person would see."""
    await kubelet(Broken(redirects=frozenset({("edge", 80)})))
    said: list[str] = []
    ran = await tools.run("edge", ("curl", "--url", "http://10.42.1.25:80/"), said.append)
    assert "Connection refused" in ran.output
    assert (ran.exit_code, ran.cut, ran.late) == (7, False, False)
    assert said[-1] == ran.output.strip()
    assert await left(cluster) == []


async def test_more_output_than_wanted_is_cut_and_said(
    cluster: Cluster, tools: ToolJobs, kubelet: Begin
) -> None:
    await kubelet()
    tools.most = 10
    ran = await tools.run("edge", ("ping", "--", "100.64.0.12"), quiet)
    assert ran.output == "PING 100.6"
    assert (ran.exit_code, ran.cut) == (None, True)
    assert await left(cluster) == []


async def test_a_raw_socket_is_refused_with_the_label_that_would_allow_it(
    cluster: Cluster, tools: ToolJobs
) -> None:
    await cluster.put(the_namespace(**{ENFORCE: "restricted"}))
    with pytest.raises(ClusterError, match="to baseline to allow them"):
        await tools.run("edge", ("ping", "--", "100.64.0.12"), quiet, raw=True)
    assert await left(cluster) == []


@pytest.mark.parametrize(
    ("labels", "allowed"),
    [
        (None, True),
        ({}, True),
        ({ENFORCE: "baseline"}, True),
        ({ENFORCE: "privileged"}, True),
        ({ENFORCE: "restricted"}, False),
        ({ENFORCE: "what-comes-next"}, False),
    ],
)
def test_pod_security_decides_about_raw_sockets(
    labels: dict[str, str] | None, *, allowed: bool
) -> None:
    assert (raw_obstacle(labels) == "") is allowed


async def test_a_pod_that_never_runs_is_told_and_removed(cluster: Cluster, tools: ToolJobs) -> None:
    tools.jobs.patience = Patience(start=1.0)
    with pytest.raises(ClusterError, match="did not run within 1 s"):
        await tools.run("edge", ("dig", "-q", "x"), quiet)
    assert await left(cluster) == []


async def test_an_image_that_cannot_be_pulled_is_told_at_once(
    cluster: Cluster, tools: ToolJobs, simulation: SimulatedCluster
) -> None:
    running = asyncio.create_task(tools.run("edge", ("dig", "-q", "x"), quiet))
    job = await a_job(cluster)
    simulation.put(a_waiting_pod(job, "ImagePullBackOff"))
    with pytest.raises(ClusterError, match="ImagePullBackOff: no such image"):
        await running
    assert await names(cluster, JOBS) == []


async def test_an_image_without_the_tool_is_told(
    cluster: Cluster, tools: ToolJobs, simulation: SimulatedCluster
) -> None:
    running = asyncio.create_task(tools.run("edge", ("mtr", "--", "10.42.1.25"), quiet))
    pod = a_waiting_pod(await a_job(cluster), "")
    ended = {"exitCode": 128, "reason": "StartError", "message": "exec: mtr: not found"}
    pod["status"] = {
        "phase": "Failed",
        "containerStatuses": [{"name": "probe", "state": {"terminated": ended}}],
    }
    simulation.put(pod)
    with pytest.raises(ClusterError, match="mtr could not be started: exec: mtr: not found"):
        await running
    assert await names(cluster, JOBS) == []


async def test_one_that_is_cancelled_leaves_nothing(cluster: Cluster, tools: ToolJobs) -> None:
    running = asyncio.create_task(tools.run("edge", ("dig", "-q", "x"), quiet))
    await a_job(cluster)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await left(cluster) == []


async def test_an_api_server_that_dies_in_the_middle_is_told_and_the_job_has_a_deadline(
    cluster: Cluster, tools: ToolJobs
) -> None:
    """What cannot be removed then is ended by Kubernetes itself, and by the next process."""
    running = asyncio.create_task(tools.run("edge", ("dig", "-q", "x"), quiet))
    job = await a_job(cluster)
    await cluster.leave()
    with pytest.raises(ClusterError, match="API server"):
        await running
    await cluster.come_back()
    async with cluster.session() as session, session.get(f"{JOBS}/{job}") as answer:
        spec = (await answer.json())["spec"]
    assert spec["activeDeadlineSeconds"] <= 300
    assert spec["ttlSecondsAfterFinished"] == manifests.REMAINS
    assert await tools.jobs.sweep(older_than=-5.0) == 1
    assert await left(cluster) == []


async def test_whoever_may_not_create_jobs_is_told_the_component(
    cluster: Cluster, tools: ToolJobs
) -> None:
    await cluster.forbid("create", "jobs", "batch")
    with pytest.raises(ClusterError, match="deploy/components/prober"):
        await tools.run("edge", ("dig", "-q", "x"), quiet)


async def test_the_command_is_checked_against_the_cluster_before_anything_is_made(
    cluster: Cluster, tools: ToolJobs, kubelet: Begin
) -> None:
    await kubelet()
    async with connect(kubeconfig=cluster.kubeconfig) as api:
        netshoot = Netshoot(ClusterReader(api), tools)
        with pytest.raises(InputError, match="No node `mars`"):
            await netshoot.run(Tool.DIG, "mars", "apps/web", "", quiet)
        with pytest.raises(InputError, match="MESHMEDIC_NET_TARGETS"):
            await netshoot.run(Tool.CURL, "edge", "example.org", "", quiet)
        assert [each for each in await left(cluster) if each.startswith("tool-")] == []
        ran = await netshoot.run(Tool.TRACEPATH, "edge", "home-1", "", quiet)
    assert "reached" in ran.output
    assert ran.argv[0] == "tracepath"
    with pytest.raises(ClusterError, match="components/prober"):
        await Netshoot(netshoot.cluster).run(Tool.DIG, "edge", "apps/web", "", quiet)


def test_only_a_tool_that_needs_it_may_open_raw_sockets_and_no_variable_is_put_in() -> None:
    argv = ("curl", "$(HOSTNAME)")
    plain, raw = (
        manifests.tool_job("t", argv, node="edge", image="x", seconds=9, raw=each)
        for each in (False, True)
    )
    (ours,), (theirs,) = (each["spec"]["template"]["spec"]["containers"] for each in (plain, raw))
    assert ours["command"] == ["curl", "$$(HOSTNAME)"]
    assert ours["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "NET_RAW" not in theirs["securityContext"]["capabilities"]["drop"]
    assert "add" not in theirs["securityContext"]["capabilities"]
    assert theirs["securityContext"]["allowPrivilegeEscalation"] is False


async def a_job(cluster: Cluster) -> str:
    """The first Job that is made."""
    for _ in range(600):
        if made := await names(cluster, JOBS):
            return made[0]
        await asyncio.sleep(0.05)
    raise AssertionError("no Job was made")


def a_waiting_pod(job: str, reason: str) -> Plain:
    waiting = {"reason": reason, "message": "no such image"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{job}-1",
            "namespace": NAMESPACE,
            "labels": {manifests.JOB_NAME: job},
        },
        "spec": {"nodeName": "edge", "containers": [{"name": "probe", "image": "x"}]},
        "status": {
            "phase": "Pending",
            "containerStatuses": [{"name": "probe", "state": {"waiting": waiting}}],
        },
    }
