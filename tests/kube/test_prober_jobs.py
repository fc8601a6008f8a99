"""Probing by Jobs: what goes in, what comes out, and that nothing stays behind."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.temporary import NAMESPACE
from bot.domain.verdict import Verdict
from bot.errors import ClusterError
from bot.kube.connect import connect
from bot.kube.jobs import JOBS, PODS, SERVICES, SLICES
from bot.kube.pod_start import LOOK, Patience
from bot.kube.prober_jobs import ProbeJobs
from bot.net.diagnosis.diagnosis import Row
from bot.net.diagnosis.observation import ExecutionContext, VantagePoint
from bot.net.diagnosis.service import Diagnose
from bot.net.mesh.matrix import findings
from bot.net.mesh.service import Mesh
from bot.net.probing import manifests
from bot.net.probing.protocol import SETTLE, Outcome, Probe, ProbedBackend, ProbeJob, ProbeKind
from bot.sandbox.kubelet import Kubelet
from bot.sandbox.kubernetes_api import SimulatedCluster
from bot.sandbox.network import Broken, Network
from bot.sandbox.scenarios.homelab import healthy
from tests.clusters import Cluster, names
from tests.fakes import FakeCluster

EDGE = VantagePoint("edge")


async def image() -> str:
    return "registry.example/meshmedic:test"


def quiet(_: str) -> None:
    """Nobody waits."""


def to(address: str, port: int, **options: Any) -> Probe:
    return Probe(id="p", kind=ProbeKind.TCP, address=address, port=port, **options)


@pytest.fixture
async def prober(cluster: Cluster) -> AsyncIterator[ProbeJobs]:
    """One whose API server nobody runs pods for."""
    await cluster.put(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
    )
    for plural, group in (
        ("jobs", "batch"),
        ("pods", ""),
        ("services", ""),
        ("endpointslices", "discovery.k8s.io"),
        ("events", ""),
    ):
        for verb in ("get", "list", "create", "delete"):
            await cluster.allow(verb, plural, group)
    async with connect(kubeconfig=cluster.kubeconfig) as api:
        yield ProbeJobs(api, image)


Begin = Callable[..., Awaitable[Kubelet]]


@pytest.fixture
async def kubelet(simulation: SimulatedCluster) -> AsyncIterator[Begin]:
    """Begins to run pods in a homelab whose network is broken so."""
    tasks: list[asyncio.Task[None]] = []

    async def begin(broken: Broken | None = None) -> Kubelet:
        for each in healthy(datetime.now(UTC)).objects:
            simulation.put(each)
        running = Kubelet(simulation, Network(broken or Broken()))
        tasks.append(asyncio.create_task(running.run()))
        await asyncio.sleep(0)
        return running

    yield begin
    for task in tasks:
        task.cancel()


async def left(cluster: Cluster) -> list[str]:
    """Whatever is in the probe's namespace."""
    return [name for path in (JOBS, PODS, SERVICES, SLICES) for name in await names(cluster, path)]


async def test_a_place_answers_by_its_pods_log_and_nothing_stays_behind(
    cluster: Cluster, prober: ProbeJobs, kubelet: Begin
) -> None:
    await kubelet(Broken(redirects=frozenset({("edge", 80)})))
    asked = [to("10.42.1.25", 80, tries=2), msgspec.structs.replace(to("100.64.0.12", 1), id="q")]
    found = await prober.probe(EDGE, asked, quiet)
    assert [(each.id, each.outcome) for each in found] == [
        ("p", Outcome.REFUSED),
        ("p", Outcome.REFUSED),
        ("q", Outcome.REFUSED),
    ]
    assert await left(cluster) == []


async def test_a_few_places_probe_at_a_time(
    simulation: SimulatedCluster, prober: ProbeJobs, kubelet: Begin
) -> None:
    """Each is a pod to schedule: of forty, more than one and no more than ten."""
    await kubelet()
    probes = [to("100.64.0.12", 1)]
    await asyncio.gather(*(prober.probe(EDGE, probes, quiet) for _ in range(40)))
    at_work, most = 0, 0
    for each in simulation.requests:
        if each.path.startswith(JOBS) and each.method in ("POST", "DELETE"):
            at_work += 1 if each.method == "POST" else -1
            most = max(most, at_work)
    assert at_work == 0
    assert 1 < most <= 10


async def test_listeners_hear_and_sole_vips_lead_to_them(
    cluster: Cluster, prober: ProbeJobs, kubelet: Begin
) -> None:
    """And all of it is owned by a Job that Kubernetes itself would end."""
    await kubelet()
    async with prober.listening(["edge", "home-1"], quiet) as ears:
        ear = ears["home-1"]
        backend = ProbedBackend(ear.address, ear.port)
        async with prober.sole_vips([backend], quiet) as vips:
            (made,) = await names(cluster, SERVICES)
            async with cluster.session() as session, session.get(f"{SERVICES}/{made}") as answer:
                owners = (await answer.json())["metadata"]["ownerReferences"]
            assert owners[0]["kind"] == "Job"
            vip = vips[backend]
            probe = Probe(
                id="p",
                kind=ProbeKind.ECHO,
                address=vip.address,
                port=vip.port,
                size=64,
                settle=SETTLE,
            )
            (found,) = await prober.probe(EDGE, [probe], quiet)
        heard = await prober.heard(ear)
    assert (found.outcome, found.backend, found.size) == (Outcome.OK, "home-1", 64)
    assert heard
    assert sum(each.tcp for each in heard) == 1
    assert await left(cluster) == []


async def test_a_vip_that_kube_proxy_does_not_know_yet_refuses_and_is_waited_for(
    prober: ProbeJobs, kubelet: Begin
) -> None:
    await kubelet()
    async with prober.listening(["home-1"], quiet) as ears:
        backend = ProbedBackend(ears["home-1"].address, ears["home-1"].port)
        async with prober.sole_vips([backend], quiet) as vips:
            hasty = to(vips[backend].address, backend.port)
            asked = [hasty, msgspec.structs.replace(hasty, id="q", settle=SETTLE)]
            found = await prober.probe(EDGE, asked, quiet)
    assert [each.outcome for each in found] == [Outcome.REFUSED, Outcome.OK]


async def test_a_healthy_mesh_is_healthy_though_kube_proxy_takes_a_second(
    prober: ProbeJobs, kubelet: Begin
) -> None:
    await kubelet()
    matrix = await Mesh(FakeCluster(healthy(datetime.now(UTC)).objects), prober).measure(quiet)
    assert findings(matrix) == ()
    assert matrix.verdict is Verdict.HEALTHY


async def test_a_healthy_route_is_healthy_though_kube_proxy_takes_a_second(
    prober: ProbeJobs, kubelet: Begin
) -> None:
    await kubelet()
    objects = FakeCluster(healthy(datetime.now(UTC)).objects)
    diagnosis = (await Diagnose(objects, prober).diagnose("jellyfin")).diagnosis
    assert diagnosis.row is Row.HEALTHY
    sole = [row for row in diagnosis.evidence if "only" in row.what]
    assert sole
    assert all(row.result.startswith("ok") for row in sole)


async def test_a_listener_stands_when_it_says_that_it_listens_and_not_when_its_pod_runs(
    prober: ProbeJobs, kubelet: Begin
) -> None:
    running = await kubelet()
    running.begins = 0.7
    async with prober.listening(["home-1"], quiet) as ears:
        probe = to(ears["home-1"].address, ears["home-1"].port)
        (found,) = await prober.probe(EDGE, [probe], quiet)
    assert found.outcome is Outcome.OK


async def test_a_listener_that_ends_before_it_listens_is_none(
    cluster: Cluster, simulation: SimulatedCluster, prober: ProbeJobs, kubelet: Begin
) -> None:
    running = await kubelet()
    running.begins = 3600.0
    said: list[str] = []

    async def stop_the_pod() -> None:
        for _ in range(200):
            if pods := await names(cluster, PODS):
                # It was seen to run by then.
                await asyncio.sleep(1.0)
                simulation.delete("Pod", NAMESPACE, pods[0])
                break
            await asyncio.sleep(0.05)

    async with asyncio.TaskGroup() as group:
        group.create_task(stop_the_pod())
        async with prober.listening(["home-1"], said.append) as ears:
            assert ears == {}
    assert "No listener on home-1: The listener ended before it listened." in said


async def test_a_node_that_turns_pods_away_says_why_and_the_others_stand(
    prober: ProbeJobs, kubelet: Begin
) -> None:
    """It is no listener without an address, which every other node's job would be refused for."""
    running = await kubelet()
    running.full = frozenset({"home-1"})
    matrix = await Mesh(FakeCluster(healthy(datetime.now(UTC)).objects), prober).measure(quiet)
    ((node, why),) = matrix.unseen
    assert node == "home-1"
    assert "OutOfcpu: Pod was rejected: Node didn't have enough resource: cpu" in why
    others = sorted({*matrix.nodes} - {"home-1"})
    assert sorted({cell.pair for cell in matrix.cells}) == list(permutations(others, 2))
    assert findings(matrix) == ()


async def test_a_dead_kubelet_costs_the_matrix_one_wait(prober: ProbeJobs, kubelet: Begin) -> None:
    """Its node is still called Ready: the listener waits there, and then no other pod does."""
    running = await kubelet()
    running.dead = frozenset({"home-1"})
    prober.jobs.patience = Patience(taken=3.0)
    said: list[str] = []
    mesh = Mesh(FakeCluster(healthy(datetime.now(UTC)).objects), prober)
    began = time.monotonic()
    matrix = await mesh.measure(said.append)
    lasted = time.monotonic() - began
    ((node, why),) = matrix.unseen
    assert node == "home-1"
    assert why.startswith("The kubelet of home-1 took no note of the probe's pod within 3 s")
    # A second wait would begin after the probes of the others.
    running.dead = frozenset()
    began = time.monotonic()
    assert (await mesh.measure(said.append)).verdict is Verdict.HEALTHY
    assert lasted < time.monotonic() - began + 2 * 3.0


async def test_a_node_with_a_dead_kubelet_keeps_no_other_from_a_listener_of_a_diagnosis(
    prober: ProbeJobs, kubelet: Begin
) -> None:
    running = await kubelet()
    running.dead = frozenset({"home-2"})
    prober.jobs.patience = Patience(taken=2.0)
    objects = FakeCluster(healthy(datetime.now(UTC)).objects)
    diagnosis = (await Diagnose(objects, prober).diagnose("jellyfin")).diagnosis
    assert diagnosis.row is Row.HEALTHY
    assert not any("Listeners" in each for each in diagnosis.untested)


async def test_a_first_pull_is_waited_for_and_told(
    simulation: SimulatedCluster, prober: ProbeJobs, kubelet: Begin
) -> None:
    """It takes longer than a pod has to start, and the API server is asked rarely meanwhile."""
    running = await kubelet()
    running.pulls = {"edge": 6.0}
    prober.jobs.patience = Patience(start=3.0)
    said: list[str] = []
    (found,) = await prober.probe(EDGE, [to("100.64.0.12", 1)], said.append)
    assert found.outcome is Outcome.REFUSED
    assert "Waiting: the kubelet is pulling the image on edge." in said
    lists = sum(each.path == PODS and each.method == "GET" for each in simulation.requests)
    assert lists < 6.0 / LOOK * 3 / 4


async def test_a_pull_that_takes_too_long_is_told_with_its_limit(
    cluster: Cluster, prober: ProbeJobs, kubelet: Begin
) -> None:
    running = await kubelet()
    running.pulls = {"edge": 60.0}
    prober.jobs.patience = Patience(start=3.0, pull=1.0)
    with pytest.raises(ClusterError, match=r"still pulling the image on edge after 1 s.*PULL_SEC"):
        await prober.probe(EDGE, [to("100.64.0.12", 1)], quiet)
    assert await left(cluster) == []


async def test_an_image_that_is_not_to_be_had_is_told_at_once_in_the_kubelets_words(
    prober: ProbeJobs, kubelet: Begin
) -> None:
    running = await kubelet()
    running.unpullable = frozenset({"edge"})
    began = time.monotonic()
    with pytest.raises(ClusterError, match=r"ErrImagePull: failed to pull .*: not found"):
        await prober.probe(EDGE, [to("100.64.0.12", 1)], quiet)
    assert time.monotonic() - began < 5


async def test_a_pod_that_its_node_evicts_is_told_in_the_nodes_words(
    prober: ProbeJobs, kubelet: Begin
) -> None:
    running = await kubelet()
    running.evicting = frozenset({"edge"})
    with pytest.raises(ClusterError, match="Evicted: The node was low on resource: ephemeral-st"):
        await prober.probe(EDGE, [to("100.64.0.12", 1)], quiet)


async def test_a_job_whose_pod_is_never_made_is_told_and_removed(
    cluster: Cluster, prober: ProbeJobs
) -> None:
    """No node and no image is to blame: no controller looks after Jobs here."""
    prober.jobs.patience = Patience(start=1.0)
    with pytest.raises(ClusterError, match=r"within 1 s: no pod was made .*controller-manager"):
        await prober.probe(EDGE, [to("10.42.1.25", 80)], quiet)
    assert await left(cluster) == []


async def test_a_diagnosis_that_is_cancelled_leaves_nothing(
    cluster: Cluster, prober: ProbeJobs
) -> None:
    probing = asyncio.create_task(prober.probe(EDGE, [to("10.42.1.25", 80)], quiet))
    for _ in range(200):
        if await names(cluster, JOBS):
            break
        await asyncio.sleep(0.05)
    probing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probing
    assert await left(cluster) == []


async def test_without_the_permission_it_says_which_component_gives_it(
    cluster: Cluster, prober: ProbeJobs
) -> None:
    await cluster.forbid("create", "jobs", "batch")
    with pytest.raises(ClusterError, match="deploy/components/prober"):
        await prober.probe(EDGE, [to("10.42.1.25", 80)], quiet)
    async with prober.listening(["edge"], quiet) as ears:
        assert ears == {}


async def test_a_new_process_removes_what_a_dead_one_left(
    cluster: Cluster, prober: ProbeJobs
) -> None:
    """Only what is old: another process may be at work."""
    job = ProbeJob(id="probe-left", expires=0.0)
    await cluster.put(manifests.probe_job(job, node="edge", image="x", seconds=60))
    assert await prober.jobs.sweep() == 0
    assert await prober.jobs.sweep(older_than=-5.0) == 1
    assert await names(cluster, JOBS) == []


async def test_what_pods_cannot_do_is_said_with_how_to_allow_it() -> None:
    nowhere: Any = None
    source = VantagePoint("edge", ExecutionContext.HOST)
    with pytest.raises(ClusterError, match="HOST_NETWORK"):
        await ProbeJobs(nowhere, image).probe(source, [to("::1", 80)], quiet)


@given(st.lists(st.integers(0, 4000), max_size=300))
def test_probes_that_do_not_fit_one_argument_are_shared_out(sizes: list[int]) -> None:
    probes = [to("10.42.0.1", 80, path="/" + "x" * size) for size in sizes]
    shared = list(manifests.portions(probes))
    assert [each for few in shared for each in few] == probes
    assert all(len(msgspec.json.encode(few)) < 128 * 1024 for few in shared)


def test_a_probe_is_restricted_and_ends_by_itself() -> None:
    made = manifests.probe_job(ProbeJob(id="j", expires=0.0), node="edge", image="x", seconds=60)
    pod = made["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert made["spec"]["ttlSecondsAfterFinished"] == manifests.REMAINS
    assert made["spec"]["activeDeadlineSeconds"] == 60
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "hostNetwork" not in pod
