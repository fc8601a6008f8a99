"""Facts for the doctor about the prober's agents: their pods, their ConfigMaps, a job for each."""

from __future__ import annotations

import asyncio
import math
import secrets
import time

import msgspec

from bot.doctor.domain.facts import AgentsFacts
from bot.doctor.domain.own_pods import own_pod
from bot.domain.facts import Denied
from bot.domain.principal import ITSELF, acting_as
from bot.domain.refusal import NotObserved
from bot.domain.resources import apps
from bot.domain.temporary import NAMESPACE
from bot.errors import Absent, ClusterError, Forbidden
from bot.kube.agent_configmaps import AgentsConfig
from bot.kube.agents import LABEL, Agents, ProberAgent, Unanswered
from bot.kube.client import Api
from bot.kube.paths import path
from bot.kube.pods import list_pods
from bot.kube.prober_jobs import LONGEST
from bot.net.probing.agent_configmaps import KEYS, PEERS
from bot.net.probing.protocol import ProbeJob

DAEMONSET = path("/apis/apps/v1/namespaces", NAMESPACE, "daemonsets", "meshmedic-probe")
CONTAINER = "agent"
QUICK = 6.0
"""Seconds for one request, and for one agent's answer."""

AT_ONCE = 16
"""Agents that do a job at the same time."""


class AgentsExaminer:
    """Looks at the agents. `agents` are those of the process that they know; None elsewhere."""

    def __init__(self, api: Api, agents: Agents | None = None) -> None:
        self._api = api
        self._agents = agents

    async def look(self) -> AgentsFacts | Denied | NotObserved | None:
        """Facts of the agents; None where the component is not installed."""
        try:
            return await self._look()
        except Absent:
            return None
        except Forbidden as error:
            return Denied(str(error))
        except ClusterError as error:
            return NotObserved(str(error))
        except msgspec.MsgspecError:
            return NotObserved(f"What answers at {self._api.host} is not understood.")

    async def _look(self) -> AgentsFacts:
        body = await self._api.get(DAEMONSET, total=QUICK)
        status = msgspec.json.decode(body, type=apps.DaemonSet).status
        keys, peers, pods = await asyncio.gather(
            self._content(KEYS),
            self._content(PEERS),
            list_pods(self._api, LABEL, namespace=NAMESPACE, total=QUICK),
        )
        alive = [pod for pod in pods if not pod.metadata.deletion_timestamp]
        return AgentsFacts(
            tuple(own_pod(pod, CONTAINER) for pod in alive),
            status.desired_number_scheduled or 0,
            self._knows_bot(keys),
            peers is not None,
            await self._refusals(),
            self._agents.key.told_ago if self._agents else math.inf,
        )

    def _knows_bot(self, keys: dict[str, str] | None) -> bool | None:
        if keys is None:
            return None
        return self._agents.key.stands_in(keys) if self._agents else bool(keys)

    async def _content(self, name: str) -> dict[str, str] | None:
        try:
            return await AgentsConfig(self._api, name).read()
        except Absent:
            return None

    async def _refusals(self) -> dict[str, str] | None:
        if self._agents is None or not self._agents.key.published:
            return None
        room = asyncio.Semaphore(AT_ONCE)
        ready = [agent for agent in await self._agents.present() if agent.ready]
        answers = await asyncio.gather(*(self._refusal(self._agents, it, room) for it in ready))
        return {agent.node: why for agent, why in zip(ready, answers, strict=True) if why}

    async def _refusal(self, agents: Agents, agent: ProberAgent, room: asyncio.Semaphore) -> str:
        """Why an agent does no job without a probe; empty where it does.

        It tries nothing, so the bot asks for itself: the doctor looks though Discord is away.
        """
        # As long as for a real job, so that a node's clock disturbs this one where it does those.
        job = ProbeJob(id=f"doctor-{secrets.token_hex(6)}", expires=time.time() + LONGEST)
        try:
            with acting_as(ITSELF):
                async with room, agents.sending(agent, job, QUICK) as answer:
                    await answer.until("done")
        except Unanswered as error:
            return str(error)
        return ""
