"""The list of all agents, where they look for it: they have no token to ask the API server with."""

from __future__ import annotations

import logging

from bot.errors import Absent, ClusterError
from bot.kube.agent_configmaps import AgentsConfig
from bot.kube.agents import Agents
from bot.kube.client import Api
from bot.net.probing import agent_peers, signed_job
from bot.net.probing.agent_peers import AgentPeer

log = logging.getLogger(__name__)


class ProbePeers:
    """Keeps the agents' list of peers true."""

    def __init__(self, api: Api, agents: Agents) -> None:
        self._config = AgentsConfig(api, agent_peers.CONFIG_MAP)
        self._agents = agents

    async def publish(self) -> None:
        """Write it where it has changed. Without a ConfigMap there are no agents.

        Who is not ready stays in it: that nobody reaches it is just what a round is to show. What
        fails is logged, and done the next time.
        """
        try:
            there = (await self._config.read()).get(agent_peers.FILE)
            present = await self._agents.present()
            port = signed_job.LISTENER_PORT
            text = agent_peers.written(
                AgentPeer(agent.node, agent.address, port) for agent in present
            )
            if text != there:
                await self._config.merge({agent_peers.FILE: text})
        except Absent:
            return
        except ClusterError as error:
            log.warning("the agents' list of peers cannot be published: %s", error)
