"""The rounds of agents, read from their logs; what cannot be read is said."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.temporary import NAMESPACE
from bot.errors import ClusterError
from bot.kube.agent_rounds import LINES, SIZE, AgentRounds
from bot.kube.agents import Agents
from bot.kube.connect import connect
from bot.net.mesh.rounds import EVERY, Witness
from bot.net.mesh.state import settled
from bot.net.probing import agent_configmaps
from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.clusters import Cluster
from tests.kube.test_prober_daemonset import an_agent_pod
from tests.net.mesh.test_rounds import DONE, said, stamped


@pytest.fixture
async def reader(cluster: Cluster) -> AsyncIterator[AgentRounds]:
    async with connect(kubeconfig=cluster.kubeconfig) as api:
        yield AgentRounds(Agents(api))


def with_component(simulation: SimulatedCluster) -> None:
    metadata = {"name": agent_configmaps.PEERS, "namespace": NAMESPACE}
    simulation.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})


def with_agent(
    simulation: SimulatedCluster, node: str, log: bytes = b"", every: str = "300"
) -> None:
    pod = an_agent_pod(node, 8473)
    pod["spec"]["containers"][0]["args"] = ["--name", node, "--round", every, "--peers", "x"]
    pod["status"]["startTime"] = "2026-11-01T00:00:00Z"
    simulation.put(pod)
    simulation.logs[NAMESPACE, f"agent-{node}", "agent", False] = log.decode()


def a_log(ago: timedelta, *more: timedelta, outcome: str = "ok") -> bytes:
    now = datetime.now(UTC)
    return b"".join(stamped([said("tcp/b", outcome), DONE], now - each) for each in (ago, *more))


def logs_read(simulation: SimulatedCluster) -> list[str]:
    return [each.path for each in simulation.requests if each.path.endswith("/log")]


async def told(reader: AgentRounds) -> dict[str, Witness]:
    found = await reader.witnesses()
    assert found is not None
    return {each.node: each for each in found}


async def test_the_last_rounds_of_every_agent_are_read(
    reader: AgentRounds, simulation: SimulatedCluster
) -> None:
    with_component(simulation)
    with_agent(simulation, "a", a_log(timedelta(minutes=7), timedelta(minutes=2)))
    with_agent(simulation, "b")
    found = await told(reader)
    assert [len(found[node].rounds) for node in ("a", "b")] == [2, 0]
    assert (found["a"].every, found["a"].unread, found["a"].ready) == (EVERY, "", True)
    assert found["a"].since == datetime(2026, 11, 1, tzinfo=UTC)
    asked = next(each for each in simulation.requests if each.path.endswith("/log"))
    assert {"tailLines": str(LINES), "limitBytes": str(SIZE)}.items() <= dict(asked.query).items()


async def test_a_log_is_read_again_when_the_next_round_is_due(
    reader: AgentRounds, simulation: SimulatedCluster
) -> None:
    with_component(simulation)
    with_agent(simulation, "late", a_log(timedelta(minutes=6)))
    with_agent(simulation, "early", a_log(timedelta(minutes=2)))
    await told(reader)
    before = len(logs_read(simulation))
    found = await told(reader)
    assert [each.rpartition("/pods/")[2] for each in logs_read(simulation)[before:]] == [
        "agent-late/log"
    ]
    assert [len(each.rounds) for each in found.values()] == [1, 1]


async def test_after_a_failure_the_log_is_read_at_each_look_and_only_what_is_new(
    reader: AgentRounds, simulation: SimulatedCluster
) -> None:
    """The agent tries again soon."""
    with_component(simulation)
    with_agent(simulation, "a", a_log(timedelta(seconds=30), outcome="timeout"))
    await told(reader)
    with_agent(simulation, "a", a_log(timedelta(seconds=5)))
    (found,) = (await told(reader)).values()
    assert [each.failed for each in found.rounds] == [True, False]
    since = [
        dict(each.query)["sinceSeconds"] for each in simulation.requests if "/log" in each.path
    ]
    assert since[0] == "900"
    assert 80 < int(since[1]) < 110


async def test_what_was_not_tried_is_no_failure_after_which_a_log_is_read_again(
    reader: AgentRounds, simulation: SimulatedCluster
) -> None:
    """The agent waits for its next round as after one that went well."""
    with_component(simulation)
    with_agent(simulation, "a", a_log(timedelta(seconds=30), outcome="untried"))
    for _ in range(3):
        await told(reader)
    assert len(logs_read(simulation)) == 1


async def test_a_round_that_other_lines_pushed_out_of_the_log_is_remembered(
    reader: AgentRounds, simulation: SimulatedCluster
) -> None:
    """A diagnosis writes thousands of lines."""
    with_component(simulation)
    with_agent(simulation, "a", a_log(timedelta(minutes=6)))
    await told(reader)
    with_agent(simulation, "a", stamped([said("x", job="asked-1")]))
    assert len((await told(reader))["a"].rounds) == 1


async def test_without_the_component_there_are_no_agents(
    reader: AgentRounds, simulation: SimulatedCluster
) -> None:
    """Neither where the ConfigMap is not there, nor where nothing may be seen of it."""
    assert await reader.witnesses() is None
    simulation.forbid("get", "configmaps")
    assert await reader.witnesses() is None
    simulation.forbid("list", "pods")
    assert await reader.witnesses() is None


async def test_agents_that_are_there_are_not_overlooked_for_want_of_a_right(
    reader: AgentRounds, simulation: SimulatedCluster
) -> None:
    with_agent(simulation, "a", a_log(timedelta(minutes=2)))
    simulation.forbid("get", "configmaps")
    assert list(await told(reader)) == ["a"]
    simulation.allow("get", "configmaps")
    with_component(simulation)
    simulation.forbid("list", "pods")
    with pytest.raises(ClusterError, match="403"):
        await reader.witnesses()


async def test_a_log_that_may_not_be_read_is_told_and_the_others_are_read(
    reader: AgentRounds, simulation: SimulatedCluster
) -> None:
    with_component(simulation)
    with_agent(simulation, "a", a_log(timedelta(minutes=2)))
    simulation.forbid("get", "pods/log")
    assert "403" in (await told(reader))["a"].unread


async def test_an_agent_without_rounds_is_not_asked(
    reader: AgentRounds, simulation: SimulatedCluster
) -> None:
    with_component(simulation)
    with_agent(simulation, "a", every="no number")
    assert (await told(reader))["a"].every == 0
    assert logs_read(simulation) == []


async def test_of_two_agents_on_a_node_the_later_one_counts(
    reader: AgentRounds, simulation: SimulatedCluster
) -> None:
    with_component(simulation)
    with_agent(simulation, "a", a_log(timedelta(minutes=2)))
    newer = an_agent_pod("a", 8473, ready=False)
    newer["metadata"]["name"] = "agent-newer"
    newer["status"]["startTime"] = "2026-11-02T00:00:00Z"
    simulation.put(newer)
    assert not (await told(reader))["a"].ready


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (
            {"phase": "Failed", "reason": "OutOfcpu", "message": "Pod was rejected: no cpu"},
            "its agent does not run: OutOfcpu: Pod was rejected: no cpu",
        ),
        (
            {
                "phase": "Failed",
                "reason": "Evicted",
                "message": "The node was low on resource: memory.",
                "podIP": "10.42.0.9",
            },
            "its agent does not run: Evicted: The node was low on resource: memory.",
        ),
        (
            {
                "phase": "Pending",
                "containerStatuses": [
                    {
                        "name": "agent",
                        "state": {"waiting": {"reason": "ErrImagePull", "message": "x: not found"}},
                    }
                ],
            },
            "its agent does not run: ErrImagePull: x: not found",
        ),
    ],
)
async def test_an_agent_that_its_node_does_not_run_is_told_in_the_nodes_words(
    reader: AgentRounds, simulation: SimulatedCluster, status: dict[str, Any], why: str
) -> None:
    """It is no peer of the others either: nobody is to be said not to reach it."""
    with_component(simulation)
    with_agent(simulation, "a", a_log(timedelta(minutes=2)))
    turned_away = an_agent_pod("b", 8473)
    turned_away["spec"]["containers"][0]["args"] = ["--round", "300"]
    simulation.put(turned_away | {"status": status})
    found = (await told(reader))["b"]
    assert (found.unread, found.ready) == (why, False)
    known = settled((), (await told(reader)).values(), {"a": True, "b": True}, datetime.now(UTC))
    assert [gap.why for gap in known.unseen if gap.node == "b"] == [why]
    assert [each.node for each in await reader._agents.present()] == ["a"]
