"""The list of all agents, where they look for it: they have no token to ask the API server with."""

from __future__ import annotations

import logging

import msgspec

from bot.core.network import agent_peers, signed_job
from bot.core.network.agent_peers import Peer
from bot.core.network.manifests import NAMESPACE
from bot.errors import ClusterError
from bot.kube.agents import Agents
from bot.kube.api import Absent, Api

log = logging.getLogger(__name__)

PEERS = f"/api/v1/namespaces/{NAMESPACE}/configmaps/{agent_peers.CONFIG_MAP}"
REQUEST = 8.0


class _ConfigMap(msgspec.Struct, frozen=True):
    data: dict[str, str] | None = None


class ProbePeers:
    """Keeps the agents' list of peers true."""

    def __init__(self, api: Api, agents: Agents) -> None:
        self._api = api
        self._agents = agents

    async def publish(self) -> None:
        """Write it where it has changed. Without a ConfigMap there are no agents.

        Who is not ready stays in it: that nobody reaches it is just what a round is to show. What
        fails is logged, and done the next time.
        """
        try:
            body = await self._api.get(PEERS, total=REQUEST)
            there = (msgspec.json.decode(body, type=_ConfigMap).data or {}).get(agent_peers.FILE)
            present = await self._agents.present()
            port = signed_job.LISTENER_PORT
            text = agent_peers.written(Peer(each.node, each.address, port) for each in present)
            if text != there:
                await self._write(text)
        except Absent:
            return
        except ClusterError as error:
            log.warning("the agents' list of peers cannot be published: %s", error)

    async def _write(self, text: str) -> None:
        patch = {"data": {agent_peers.FILE: text}}
        merge = "application/merge-patch+json"
        await self._api.send("PATCH", PEERS, patch, content_type=merge, total=REQUEST)
