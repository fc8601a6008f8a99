"""Route checks by real agents, and by such as are older than the bot."""

import asyncio
import re
from pathlib import Path

import pytest

from bot.errors import ClusterError
from bot.net.probing.protocol import UNKNOWN_KIND, Outcome, Probe, ProbeKind
from bot.probe import job as jobs
from tests.kube.test_prober_daemonset import (
    HERE,
    Homelab,
    an_agent,
    an_agent_pod,
    homelab,
    jobs_made,
)
from tests.probe import servers

__all__ = ["homelab"]


def a_check(port: int) -> Probe:
    """A route check of `a.example` by loopback."""
    return Probe(
        id="a.example",
        kind=ProbeKind.ROUTE_HEAD,
        address="127.0.0.1",
        port=port,
        name="a.example",
        again=0,
    )


async def test_an_agent_makes_a_route_check_and_does_not_log_it(homelab: Homelab) -> None:
    """One a minute for each site would push its background rounds out of the log's end."""
    answer = servers.saying(b"HTTP/1.1 200 OK\r\nServer: shop\r\nContent-Length: 0\r\n\r\n")
    async with servers.serving(answer) as port, an_agent(homelab) as agent:
        (said,) = await homelab.prober.by_agent(HERE.node, [a_check(port)])
        # It is printed after the check, and in the order of doing.
        tcp = Probe(id="tcp", kind=ProbeKind.TCP, address="127.0.0.1", port=port)
        await homelab.prober.by_agent(HERE.node, [tcp])
        async with asyncio.timeout(10), agent.more:
            await agent.more.wait_for(lambda: b'"tcp"' in agent.log)
        assert b"a.example" not in agent.log
    assert (said.outcome, said.status) == (Outcome.OK, 200)
    assert said.web
    assert said.web.server == "shop"
    assert jobs_made(homelab) == 0


async def test_an_agent_that_knows_no_route_checks_says_so_and_goes_on_with_the_rest(
    homelab: Homelab,
) -> None:
    """While a DaemonSet is updated, some of its agents are older than the bot."""

    async def older(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        assert length
        # What every version says of a kind that it does not know.
        await reader.readexactly(int(length[1]))
        writer.write(b"HTTP/1.1 400 \r\nConnection: close\r\n\r\n")
        writer.write(b'{"job":"","refused":"no kind of probe: route-head"}\n')
        await writer.drain()
        writer.close()

    await homelab.prober.refresh()
    server = await asyncio.start_server(older, "127.0.0.1", 0)
    homelab.simulation.put(an_agent_pod(HERE.node, server.sockets[0].getsockname()[1]))
    async with server:
        with pytest.raises(ClusterError, match="older image than the bot, without route checks"):
            await homelab.prober.by_agent(HERE.node, [a_check(80)])
        assert not homelab.prober._apart
    assert jobs_made(homelab) == 0


async def test_without_an_agent_no_pod_is_made_for_a_route_check(homelab: Homelab) -> None:
    with pytest.raises(ClusterError, match="prober-daemonset"):
        await homelab.prober.by_agent(HERE.node, [a_check(80)])
    assert jobs_made(homelab) == 0


def test_a_prober_says_of_a_kind_that_it_does_not_know_what_the_bot_listens_for() -> None:
    newer = b'{"id":"j","expires":9e9,"probes":[{"id":"p","kind":"newer","address":"::1"}]}'
    with pytest.raises(jobs.JobRefused, match=UNKNOWN_KIND):
        jobs.read(newer, now=0)


def test_the_agents_component_keeps_no_agent_from_traefik() -> None:
    """Its policies say who may come in, and nothing of where agents may go."""
    deploy = Path(__file__).parents[2] / "deploy/components/prober-daemonset/network.yaml"
    agents_own = deploy.read_text().partition("---")[0]
    assert "policyTypes: [Ingress]" in agents_own
