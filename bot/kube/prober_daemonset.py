"""Probing by the agents of the DaemonSet where one is, and by Jobs on every other node."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.kube.agent_rounds import AgentRounds
from bot.kube.agents import Agents, ProberAgent, Unanswered
from bot.kube.client import Api
from bot.kube.prober_jobs import LISTEN, LONGEST, ON_DEMAND, ProbeJobs, heard_in, in_portions
from bot.net.diagnosis.observation import ExecutionContext, VantagePoint
from bot.net.probing.protocol import (
    Heard,
    Listen,
    ListenerAddress,
    Probe,
    ProbeAnswer,
    ProbeJob,
    ProberLine,
    Progress,
)

log = logging.getLogger(__name__)

APART = 30.0
"""Seconds for which an agent that did not answer is not asked again."""

RECENT = 90.0
"""Seconds for which it is said by which means a node was asked: as long as a test may take."""

BEGINS = 6.0
"""Seconds until an agent must say that it listens."""


@dataclass(frozen=True, slots=True)
class _Ear:
    """A job that listens, since when by the monotonic clock."""

    agent: ProberAgent
    job: str
    since: float


class ProbeAgents(ProbeJobs):
    """A `Prober` by agents, and by pods on demand on each node that has none."""

    def __init__(
        self, api: Api, image: Callable[[], Awaitable[str]], *, host_network: bool = False
    ) -> None:
        super().__init__(api, image, host_network=host_network)
        self.agents = Agents(api)
        self.rounds = AgentRounds(self.agents)
        self._apart: dict[str, float] = {}
        """Until when the agent of a node is not asked, by the monotonic clock."""
        self._methods: dict[tuple[str, str], float] = {}
        """When a node was probed last by some method, by the monotonic clock."""
        self._ears: dict[tuple[str, int], _Ear] = {}

    @property
    def name(self) -> str:
        """Both ways, where both were used of late."""
        since = time.monotonic() - RECENT
        recent = [node_and_method for node_and_method, at in self._methods.items() if at > since]
        by_jobs = sorted(node for node, method in recent if method == ON_DEMAND)
        if len(by_jobs) == len(recent):
            return ON_DEMAND
        return f"agents, and {ON_DEMAND} on {', '.join(by_jobs)}" if by_jobs else "agents"

    async def refresh(self) -> None:
        """Publish the key that agents know us by, where they are installed; time and again."""
        await self.agents.key.publish()

    async def begin(self) -> None:
        """Remove what a process that is gone left behind, and publish the key."""
        await self.jobs.sweep()
        await self.refresh()

    async def probe(
        self, source: VantagePoint, probes: Sequence[Probe], progress: Progress
    ) -> tuple[ProbeAnswer, ...]:
        """By the agent of the node; by a Job where it does not answer.

        Raises:
            ClusterError: Neither can; the message says why the Job cannot.
        """
        agent = await self._on(source.node) if source.context is ExecutionContext.POD else None
        if agent:
            try:
                answers = await self._asked(agent, probes)
            except Unanswered as error:
                self._set_apart(agent, error, progress)
            else:
                self._methods[source.node, "agents"] = time.monotonic()
                return answers
        answers = await super().probe(source, probes, progress)
        # Only now: where no pod could be made, none has tested anything.
        if source.context is not ExecutionContext.TRAEFIK:
            self._methods[source.node, ON_DEMAND] = time.monotonic()
        return answers

    @asynccontextmanager
    async def listening(
        self, nodes: Sequence[str], progress: Progress
    ) -> AsyncIterator[Mapping[str, ListenerAddress]]:
        """The agents' own listeners, and Jobs where there is none."""
        async with AsyncExitStack() as stack:
            begun = await asyncio.gather(
                *(self._agent_listener(stack, node, progress) for node in nodes)
            )
            ears = {
                listener_address.node: listener_address
                for listener_address in begun
                if listener_address
            }
            rest = [node for node in nodes if node not in ears]
            if rest:
                others = await stack.enter_async_context(super().listening(rest, progress))
                ears |= others
            yield ears

    async def heard(self, listener: ListenerAddress) -> tuple[Heard, ...] | None:
        """By the agent's log, which comes over the API server; None where it cannot be read."""
        ear = self._ears.get((listener.address, listener.port))
        if ear is None:
            return await super().heard(listener)

        async def log() -> bytes:
            return await self.agents.log(ear.agent, time.monotonic() - ear.since + 1)

        return await heard_in(log, ear.job)

    async def _on(self, node: str) -> ProberAgent | None:
        if self._apart.get(node, 0.0) > time.monotonic():
            return None
        return await self.agents.on(node)

    async def _asked(self, agent: ProberAgent, probes: Sequence[Probe]) -> tuple[ProbeAnswer, ...]:
        async def by_agent(few: Sequence[Probe]) -> Iterable[ProberLine]:
            job = ProbeJob(id=_id(), expires=time.time() + LONGEST, probes=tuple(few))
            async with self.agents.asked(agent, job, LONGEST) as answering:
                return await answering.until("done")

        return await in_portions(probes, by_agent)

    async def _agent_listener(
        self, stack: AsyncExitStack, node: str, progress: Progress
    ) -> ListenerAddress | None:
        agent = await self._on(node)
        if agent is None:
            return None
        listen = Listen(name=node, seconds=LISTEN)
        job = ProbeJob(id=_id(), expires=time.time() + LISTEN, listen=listen)
        ear = _Ear(agent, job.id, time.monotonic())
        try:
            async with asyncio.timeout(BEGINS):
                # It listens until we hang up.
                asked = self.agents.asked(agent, job, LISTEN)
                answering = await stack.enter_async_context(asked)
                said = await answering.until("listening")
                port = int(
                    next(prober_line.listening for prober_line in said if prober_line.listening)
                )
        except (Unanswered, TimeoutError, ValueError) as error:
            self._set_apart(agent, error, progress)
            return None
        self._ears[agent.address, port] = ear
        stack.callback(self._ears.pop, (agent.address, port), None)
        return ListenerAddress(node, agent.address, port)

    def _set_apart(self, agent: ProberAgent, error: Exception, progress: Progress) -> None:
        log.warning("the agent on %s is not asked for a while: %s", agent.node, error)
        self._apart[agent.node] = time.monotonic() + APART
        progress(f"The agent on {agent.node} does not answer: by a pod on demand.")


def _id() -> str:
    return f"asked-{secrets.token_hex(8)}"
