"""What the doctor reads of the prober's agents: a real agent does a signed job, or says why not."""

import asyncio
import json
import re
import time
from typing import Any

import pytest

from bot.doctor.domain.facts import AgentsFacts
from bot.domain.principal import acting_as
from bot.domain.temporary import NAMESPACE
from bot.kube.agents_facts import AgentsExaminer
from bot.kube.connect import connect
from bot.kube.prober_jobs import LONGEST
from bot.net.probing import agent_configmaps
from bot.net.probing.signed_job import BY_CLOCK, REFUSED
from bot.probe import job as jobs
from tests.kube.test_prober_daemonset import (
    HERE,
    Homelab,
    a_config_map,
    an_agent,
    an_agent_pod,
    homelab,
)
from tests.people import Fickle

__all__ = ["homelab"]


def a_daemonset(nodes: int = 1) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "meshmedic-probe", "namespace": NAMESPACE},
        "spec": {},
        "status": {"desiredNumberScheduled": nodes},
    }


async def looked(homelab: Homelab, *, signing: bool = True) -> AgentsFacts:
    async with connect(kubeconfig=homelab.cluster.kubeconfig) as api:
        agents = homelab.prober.agents if signing else None
        facts = await AgentsExaminer(api, agents).look()
    assert isinstance(facts, AgentsFacts)
    return facts


async def test_an_agent_that_knows_the_bot_does_its_job(homelab: Homelab) -> None:
    """A process that signs nothing sees the same objects, and sends no job."""
    homelab.simulation.put(a_daemonset())
    async with an_agent(homelab):
        facts = await looked(homelab)
        assert (facts.nodes, facts.knows_bot, facts.has_peers) == (1, True, False)
        assert [pod.ready for pod in facts.pods] == [True]
        assert facts.refusals == {}
        outside = await looked(homelab, signing=False)
        assert (outside.knows_bot, outside.refusals) == (True, None)


async def test_it_is_asked_though_discord_does_not_say_who_the_person_is(homelab: Homelab) -> None:
    """Its job tries nothing, and somebody who looks for what is wrong has to be told."""
    fickle = Fickle(silent=True)
    homelab.simulation.put(a_daemonset())
    async with an_agent(homelab):
        with acting_as(fickle.person()):
            assert (await looked(homelab)).refusals == {}
    assert fickle.asked == []


async def test_keys_of_somebody_else_are_seen_in_the_config_map_and_by_the_agent(
    homelab: Homelab,
) -> None:
    """Until the bot writes its own again, which it does at the next look."""
    homelab.simulation.put(a_daemonset())
    async with an_agent(homelab):
        homelab.simulation.put(a_config_map() | {"data": {"key-other": "{}"}})
        homelab.sync()
        facts = await looked(homelab)
        assert facts.knows_bot is False
        assert "no key that is known here" in (facts.refusals or {})[HERE.node]
        await homelab.prober.refresh()
        homelab.sync()
        mended = await looked(homelab)
        assert (mended.knows_bot, mended.refusals) == (True, {})


async def test_an_agent_that_nobody_reaches_is_told_with_its_node(homelab: Homelab) -> None:
    """As behind a network policy; its pod is ready all the same."""
    homelab.simulation.put(a_daemonset())
    async with an_agent(homelab):
        pass
    (why,) = ((await looked(homelab)).refusals or {}).values()
    assert "cannot be reached" in why
    assert HERE.node in ((await looked(homelab)).refusals or {})


@pytest.mark.parametrize("ahead", [LONGEST / 2, LONGEST * 2])
async def test_a_node_whose_clock_is_ahead_refuses_only_where_it_refuses_real_jobs(
    homelab: Homelab, ahead: float
) -> None:
    """And says that it is about its clock."""

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        (length,) = re.findall(rb"(?i)content-length: (\d+)", head)
        try:
            job = jobs.read(await reader.readexactly(int(length)), time.time() + ahead)
            line = {"job": job.id, "done": True}
        except jobs.JobRefused as refusal:
            line = {"job": "", "refused": str(refusal)}
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(line).encode() + b"\n")
        writer.close()

    homelab.simulation.put(a_daemonset())
    await homelab.prober.refresh()
    server = await asyncio.start_server(answers, "127.0.0.1", 0)
    homelab.simulation.put(an_agent_pod(HERE.node, server.sockets[0].getsockname()[1]))
    async with server:
        refusals = (await looked(homelab)).refusals
    assert refusals is not None
    assert (refusals == {}) is (ahead < LONGEST)
    assert all(why.startswith(REFUSED) and BY_CLOCK in why for why in refusals.values())


async def test_config_maps_that_are_missing_are_seen(homelab: Homelab) -> None:
    """And without the DaemonSet there is nothing to tell."""
    homelab.simulation.put(a_daemonset())
    homelab.simulation.delete("ConfigMap", NAMESPACE, agent_configmaps.KEYS)
    facts = await looked(homelab)
    assert (facts.knows_bot, facts.has_peers, facts.refusals) == (None, False, None)
    homelab.simulation.delete("DaemonSet", NAMESPACE, "meshmedic-probe")
    async with connect(kubeconfig=homelab.cluster.kubeconfig) as api:
        assert await AgentsExaminer(api).look() is None


async def test_a_key_that_stands_is_not_written_again(homelab: Homelab) -> None:
    """The look is made each minute, and kubelets bring each change to every agent."""
    await homelab.prober.refresh()
    for _ in range(3):
        await homelab.prober.refresh()
    patches = [each for each in homelab.simulation.requests if each.method == "PATCH"]
    assert len(patches) == 1
