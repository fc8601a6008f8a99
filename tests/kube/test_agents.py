"""The agents' list of peers: written by the bot, read by the prober."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.temporary import NAMESPACE
from bot.kube.connect import connect
from bot.kube.prober_daemonset import ProbeAgents
from bot.net.probing import agent_configmaps, signed_job
from bot.net.probing.protocol import ListenerAddress
from bot.probe import rounds
from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.clusters import Cluster
from tests.kube.test_prober_daemonset import an_agent_pod, image

NODES = ("edge", "home-1", "home-2")


@pytest.fixture
async def prober(cluster: Cluster) -> AsyncIterator[ProbeAgents]:
    async with connect(kubeconfig=cluster.kubeconfig) as api:
        yield ProbeAgents(api, image)


def with_component(simulation: SimulatedCluster) -> None:
    for name in (agent_configmaps.KEYS, agent_configmaps.PEERS):
        metadata = {"name": name, "namespace": NAMESPACE}
        simulation.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    for number, node in enumerate(NODES):
        pod = an_agent_pod(node, 8473, ready=node != "home-2")
        pod["status"]["podIP"] = f"10.42.{number}.9"
        simulation.put(pod)


def told(simulation: SimulatedCluster) -> dict[str, Any]:
    made = simulation.get("ConfigMap", NAMESPACE, agent_configmaps.PEERS) or {}
    return dict(made.get("data") or {})


def patches(simulation: SimulatedCluster) -> int:
    return sum(each.method == "PATCH" for each in simulation.requests)


async def test_an_agent_reads_who_the_others_are(
    prober: ProbeAgents, simulation: SimulatedCluster, tmp_path: Path
) -> None:
    """Also those that are not ready: that nobody reaches them is what a round is to show."""
    with_component(simulation)
    await prober.agents.publish_peers()
    file = tmp_path / agent_configmaps.PEERS_FILE
    file.write_text(told(simulation)[agent_configmaps.PEERS_FILE])
    read = [(each.node, each.address, each.port) for each in rounds.peers(file, "edge")]
    port = signed_job.LISTENER_PORT
    assert read == [("home-1", "10.42.1.9", port), ("home-2", "10.42.2.9", port)]


async def test_it_is_written_where_it_has_changed(
    prober: ProbeAgents, simulation: SimulatedCluster
) -> None:
    with_component(simulation)
    for _ in range(3):
        await prober.agents.publish_peers()
    assert patches(simulation) == 1
    gone = an_agent_pod("home-1", 8473)
    gone["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    simulation.put(gone)
    await prober.agents.publish_peers()
    assert patches(simulation) == 2
    assert "home-1" not in told(simulation)[agent_configmaps.PEERS_FILE]


async def test_without_the_component_nothing_is_asked_of_pods(
    prober: ProbeAgents, simulation: SimulatedCluster
) -> None:
    await prober.agents.publish_peers()
    assert [each.path for each in simulation.requests if "/pods" in each.path] == []


async def test_an_api_server_that_is_away_is_logged_and_no_more(
    prober: ProbeAgents, cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    await cluster.leave()
    await prober.agents.publish_peers()
    assert "list of peers cannot be published" in caplog.text


@given(
    st.lists(st.builds(ListenerAddress, st.text(), st.text(), st.integers(1, 65535)), max_size=20)
)
def test_the_order_of_pods_makes_no_difference(peers: list[ListenerAddress]) -> None:
    assert agent_configmaps.peers_file(peers) == agent_configmaps.peers_file(reversed(peers))
