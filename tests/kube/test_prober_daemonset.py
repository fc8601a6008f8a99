"""Probing by real agents, with Jobs for every node whose agent does not do it."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.domain.principal import acting_as
from bot.domain.temporary import NAMESPACE
from bot.errors import ClusterError, Refused
from bot.kube.agent_configmaps import CONFIG_MAPS
from bot.kube.connect import connect
from bot.kube.jobs import JOBS, PODS, SERVICES, SLICES
from bot.kube.pod_start import Patience
from bot.kube.prober_daemonset import ProbeAgents, longest_silence
from bot.kube.prober_jobs import LISTEN, LONGEST
from bot.net.diagnosis.observation import ExecutionContext, VantagePoint
from bot.net.probing import agent_configmaps
from bot.net.probing.protocol import Outcome, Probe, ProbedBackend, ProbeKind
from bot.probe import job as jobs
from bot.probe.admitting import AHEAD, SKEW
from bot.probe.agent import MOST_JOBS
from bot.sandbox.kubelet import Kubelet
from bot.sandbox.kubernetes_api import SimulatedCluster
from bot.sandbox.network import Broken, Network
from bot.sandbox.scenarios.homelab import healthy
from tests.clusters import Cluster, names
from tests.people import Fickle
from tests.probe import agents

Plain = dict[str, Any]
KEYS = f"{CONFIG_MAPS}/{agent_configmaps.KEYS}"
HERE = VantagePoint("home-1")

BY_A_POD = Outcome.REFUSED
"""What the made-up network of the simulated pods answers; the real agents connect."""


async def image() -> str:
    return "registry.example/meshmedic:test"


def a_config_map() -> Plain:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": agent_configmaps.KEYS, "namespace": NAMESPACE},
    }


def an_agent_pod(node: str, port: int, *, ready: bool = True) -> Plain:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"agent-{node}",
            "namespace": NAMESPACE,
            "labels": {"app.kubernetes.io/component": "agent"},
        },
        "spec": {
            "nodeName": node,
            "containers": [
                {
                    "name": "agent",
                    "image": "x",
                    "ports": [{"name": "jobs", "containerPort": port}],
                }
            ],
        },
        "status": {
            "phase": "Running",
            "podIP": "127.0.0.1",
            "conditions": [{"type": "Ready", "status": str(ready)}],
        },
    }


@dataclass
class Homelab:
    """A prober over a simulated cluster, in which a kubelet runs Jobs."""

    prober: ProbeAgents
    simulation: SimulatedCluster
    cluster: Cluster
    keys: Path
    said: list[str] = field(default_factory=list)

    def sync(self) -> None:
        """What the kubelet of an agent does: bring it the keys of the ConfigMap."""
        made = self.simulation.get("ConfigMap", NAMESPACE, agent_configmaps.KEYS) or {}
        for old in self.keys.iterdir():
            old.unlink()
        for name, text in (made.get("data") or {}).items():
            (self.keys / name).write_text(text)

    def forget(self) -> None:
        """As if so much time had passed that an agent is asked again."""
        self.prober._apart.clear()
        self.prober.agents._until = 0.0

    async def probe(self, port: int, **options: Any) -> list[Outcome]:
        probe = Probe(id="p", kind=ProbeKind.TCP, address="127.0.0.1", port=port, **options)
        answers = await self.prober.probe(HERE, [probe], self.said.append)
        return [each.outcome for each in answers]

    async def left(self) -> list[str]:
        found = [
            name for at in (JOBS, PODS, SERVICES, SLICES) for name in await names(self.cluster, at)
        ]
        return [each for each in found if not each.startswith("agent-")]


@pytest.fixture
async def homelab(
    cluster: Cluster, simulation: SimulatedCluster, tmp_path: Path
) -> AsyncIterator[Homelab]:
    for each in healthy(datetime.now(UTC)).objects:
        simulation.put(each)
    simulation.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    simulation.put(a_config_map())
    keys = tmp_path / "agent-keys"
    keys.mkdir()
    kubelet = asyncio.create_task(Kubelet(simulation, Network(Broken())).run())
    async with connect(kubeconfig=cluster.kubeconfig) as api:
        yield Homelab(ProbeAgents(api, image), simulation, cluster, keys)
    kubelet.cancel()


@asynccontextmanager
async def an_agent(homelab: Homelab) -> AsyncIterator[agents.Running]:
    """A real agent on a node, which knows our key."""
    await homelab.prober.refresh()
    homelab.sync()
    async with agents.running(homelab.keys, "--loopback", "yes", name=HERE.node) as agent:
        homelab.simulation.put(an_agent_pod(HERE.node, agent.port))
        yield agent


def jobs_made(homelab: Homelab) -> int:
    return sum(each.method == "POST" and each.path == JOBS for each in homelab.simulation.requests)


async def test_an_agent_that_knows_our_key_does_the_job(homelab: Homelab) -> None:
    """And no pod is made for it."""
    async with an_agent(homelab) as agent:
        assert await homelab.probe(agent.listener, tries=3) == [Outcome.OK] * 3
    assert (homelab.prober.name, jobs_made(homelab)) == ("agents", 0)


async def test_neither_an_agent_nor_a_pod_probes_for_a_person_who_lost_the_role(
    homelab: Homelab,
) -> None:
    """Neither where they click, nor minutes later in the same test."""
    fickle = Fickle()
    async with an_agent(homelab) as agent:
        with acting_as(fickle.person()):
            assert await homelab.probe(agent.listener) == [Outcome.OK]
            fickle.now += 600
            fickle.roles = frozenset()
            with pytest.raises(Refused, match="no longer have the role operator"):
                await homelab.probe(agent.listener)
    assert jobs_made(homelab) == 0


async def test_until_an_agent_knows_our_key_it_is_done_by_a_job(homelab: Homelab) -> None:
    """A kubelet takes its time to bring a ConfigMap; afterwards the agent does it."""
    async with an_agent(homelab) as agent:
        for each in homelab.keys.iterdir():
            each.unlink()
        assert await homelab.probe(agent.listener) == [BY_A_POD]
        assert homelab.prober.name == "pods on demand"
        assert any("does not answer" in each for each in homelab.said)
        homelab.sync()
        assert await homelab.probe(agent.listener) == [BY_A_POD], "asked again too soon"
        homelab.forget()
        assert await homelab.probe(agent.listener) == [Outcome.OK]
    assert await homelab.left() == []


async def test_listeners_are_the_agents_own_and_heard_by_their_logs(homelab: Homelab) -> None:
    """More in a row than an agent does at once: each ends when we hang up."""
    async with an_agent(homelab) as agent:
        for _ in range(2 * MOST_JOBS):
            async with homelab.prober.listening([HERE.node], homelab.said.append) as ears:
                ear = ears[HERE.node]
                assert (ear.address, ear.port) == ("127.0.0.1", agent.listener)
                await homelab.probe(ear.port, tries=2)
                job = homelab.prober._listeners[ear.address, ear.port].id
                # Its first line says where it listens, the next whom it heard.
                await agent.printed(job, 2)
                key = (NAMESPACE, "agent-home-1", "agent", False)
                homelab.simulation.logs[key] = agent.log.decode()
                heard = await homelab.prober.heard(ear)
            assert heard
            assert sum(each.tcp for each in heard) == 2
            assert homelab.prober._listeners == {}
    assert jobs_made(homelab) == 0


async def test_a_test_by_agents_and_pods_says_on_which_nodes_pods_did_it(homelab: Homelab) -> None:
    async with an_agent(homelab) as agent:
        await homelab.probe(agent.listener)
        probe = Probe(id="p", kind=ProbeKind.TCP, address="127.0.0.1", port=1)
        await homelab.prober.probe(VantagePoint("edge"), [probe], homelab.said.append)
    assert homelab.prober.name == "agents, and pods on demand on edge"


async def test_an_agent_listens_also_while_other_nodes_pull_an_image(homelab: Homelab) -> None:
    """For as long as the settings let that take, and within the agent's own limits."""
    asked: list[bytes] = []

    async def listens(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        (length,) = re.findall(rb"(?i)content-length: (\d+)", head)
        asked.append(await reader.readexactly(int(length)))
        line = {"job": json.loads(asked[0])["id"], "listening": "8473"}
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(line).encode() + b"\n")
        await reader.read()  # until we hang up
        writer.close()

    longest = 600.0
    homelab.prober.jobs.patience = Patience(pull=longest)
    await homelab.prober.refresh()
    server = await asyncio.start_server(listens, "127.0.0.1", 0)
    homelab.simulation.put(an_agent_pod(HERE.node, server.sockets[0].getsockname()[1]))
    now = time.time()
    async with server, homelab.prober.listening([HERE.node], homelab.said.append) as ears:
        assert ears[HERE.node].address == "127.0.0.1"
    job = jobs.read(asked[0], now)
    assert job.listen is not None
    assert job.listen.seconds == LISTEN + longest
    assert longest + LISTEN <= job.expires - now < AHEAD - SKEW


async def test_a_node_without_an_agent_gets_a_pod_beside_those_that_have_one(
    homelab: Homelab,
) -> None:
    async with (
        an_agent(homelab) as agent,
        homelab.prober.listening(["edge", HERE.node], homelab.said.append) as ears,
    ):
        assert ears[HERE.node].port == agent.listener
        assert ears["edge"].address.startswith("10.42.")
        backends = [ProbedBackend(each.address, each.port) for each in ears.values()]
        async with homelab.prober.sole_vips(backends, homelab.said.append) as vips:
            assert set(vips) == set(backends)
        assert await homelab.prober.heard(ears["edge"]) == ()
    assert await homelab.left() == []


async def test_what_was_tested_by_pods_alone_is_not_said_to_be_tested_by_agents(
    homelab: Homelab,
) -> None:
    """The key is published, and no agent runs."""
    await homelab.prober.refresh()
    await homelab.probe(1)
    assert (homelab.prober.name, jobs_made(homelab)) == ("pods on demand", 1)


async def test_probes_from_the_nodes_own_network_are_no_agents_business(homelab: Homelab) -> None:
    async with an_agent(homelab):
        with pytest.raises(ClusterError, match="HOST_NETWORK"):
            await homelab.prober.probe(
                VantagePoint(HERE.node, ExecutionContext.HOST), [], homelab.said.append
            )


async def test_without_the_component_no_key_is_made_and_no_agent_is_believed(
    homelab: Homelab,
) -> None:
    """A pod with the label alone is not one of ours."""
    homelab.simulation.delete("ConfigMap", NAMESPACE, agent_configmaps.KEYS)
    await homelab.prober.refresh()
    homelab.simulation.put(an_agent_pod(HERE.node, 1))
    assert await homelab.probe(80) == [BY_A_POD]
    assert (homelab.prober.name, jobs_made(homelab)) == ("pods on demand", 1)


async def test_a_key_that_may_not_be_published_leaves_it_to_jobs(homelab: Homelab) -> None:
    await homelab.cluster.forbid("patch", "configmaps")
    await homelab.prober.refresh()
    assert homelab.prober.name == "pods on demand"


async def test_keys_are_renewed_in_place_and_those_of_others_stay(homelab: Homelab) -> None:
    """Two processes of the bot publish beside each other."""
    async with connect(kubeconfig=homelab.cluster.kubeconfig) as api:
        other = ProbeAgents(api, image)
        for each in (homelab.prober, other, homelab.prober, other):
            await each.refresh()
    async with homelab.cluster.session() as session, session.get(KEYS) as answer:
        data = (await answer.json())["data"]
    assert len(data) == 2


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def closes(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def babbles(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    try:
        while True:
            writer.write(b"{" * 65536 + b"\n")
            await writer.drain()
    except ConnectionError:
        writer.close()


async def is_cut_off(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n{"job":"x","done":true}\n')
    await writer.drain()
    writer.close()


async def leads_away(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("answer", [closes, babbles, is_cut_off, leads_away])
async def test_an_agent_that_answers_wrongly_is_replaced_by_a_pod(
    homelab: Homelab, answer: Answer
) -> None:
    await homelab.prober.refresh()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    homelab.simulation.put(an_agent_pod(HERE.node, port))
    async with server:
        assert await homelab.probe(80) == [BY_A_POD]
        async with homelab.prober.listening([HERE.node], homelab.said.append) as ears:
            assert ears[HERE.node].address.startswith("10.42.")
    assert jobs_made(homelab) == 2
    assert await homelab.left() == []


async def falls_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What comes of an answer whose large packets are lost: its beginning."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    await reader.read()  # until we hang up
    writer.close()


@pytest.mark.slow
async def test_an_agent_whose_answer_is_stuck_is_replaced_by_a_pod_in_seconds(
    homelab: Homelab,
) -> None:
    """A path that loses large packets takes the connection; no try is silent for so long."""
    await homelab.prober.refresh()
    server = await asyncio.start_server(falls_silent, "127.0.0.1", 0)
    homelab.simulation.put(an_agent_pod(HERE.node, server.sockets[0].getsockname()[1]))
    async with server, asyncio.timeout(LONGEST / 2):
        assert await homelab.probe(80, seconds=0.1) == [BY_A_POD]
    assert jobs_made(homelab) == 1


def test_an_agent_may_be_silent_for_as_long_as_its_longest_try() -> None:
    """With its second one, and the time in which a new VIP settles."""
    short = Probe(id="a", kind=ProbeKind.TCP, seconds=1.0, again=0)
    long = Probe(id="b", kind=ProbeKind.TCP, seconds=2.0, again=1, settle=3.0)
    assert longest_silence([short, long]) - longest_silence([short]) == 6.0
    assert longest_silence([short, long]) < LONGEST / 2


@pytest.mark.parametrize("ready", [True, False])
async def test_an_agent_that_is_not_there_is_replaced_by_a_pod(
    homelab: Homelab, *, ready: bool
) -> None:
    """Refused, or not even asked since its pod is not ready."""
    await homelab.prober.refresh()
    homelab.simulation.put(an_agent_pod(HERE.node, 1, ready=ready))
    assert await homelab.probe(80) == [BY_A_POD]
    assert any("does not answer" in each for each in homelab.said) is ready
