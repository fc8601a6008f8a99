"""Probing by the agents of the DaemonSet, and by Jobs on every node without an agent."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.errors import ClusterError
from bot.kube.agent_rounds import AgentRounds
from bot.kube.agents import CONNECT, Agents, ProberAgent, Unanswered
from bot.kube.client import Api
from bot.kube.pod_start import PULL
from bot.kube.prober_jobs import LISTEN, LONGEST, ON_DEMAND, ProbeJobs, heard_in, in_portions
from bot.net.diagnosis.observation import ExecutionContext, VantagePoint
from bot.net.probing.manifests import ImageSource
from bot.net.probing.protocol import (
    UNKNOWN_KIND,
    CheckedProbe,
    Heard,
    Listen,
    ListenerAddress,
    Probe,
    ProbeAnswer,
    ProbeJob,
    ProberLine,
    Progress,
)
from bot.routing.running import NAMESPACES

log = logging.getLogger(__name__)

APART = 30.0
"""Seconds for which an agent that did not answer is left out."""

RECENT = 90.0
"""Seconds for which the method counts by which a node was probed: as long as a test may take."""

BEGINS = 6.0
"""Seconds within which an agent must confirm that it listens."""


@dataclass(frozen=True, slots=True)
class _ListenerJob:
    """A job by which an agent listens, and when it began by the monotonic clock."""

    agent: ProberAgent
    id: str
    since: float


class ProbeAgents(ProbeJobs):
    """A `Prober` by agents, and by pods on demand on each node that has none."""

    def __init__(
        self,
        api: Api,
        image: Callable[[], Awaitable[str]],
        *,
        traefik: tuple[str, ...] = NAMESPACES,
        host_network: bool = False,
        pull: float = PULL,
        source: ImageSource = ImageSource.OWN,
    ) -> None:
        super().__init__(
            api, image, traefik=traefik, host_network=host_network, pull=pull, source=source
        )
        self.agents = Agents(api)
        self.rounds = AgentRounds(self.agents)
        self._apart: dict[str, float] = {}
        """Until when the agent of a node is left out, by the monotonic clock."""
        self._methods: dict[tuple[str, str], float] = {}
        """When a node was probed last by some method, by the monotonic clock."""
        self._listeners: dict[tuple[str, int], _ListenerJob] = {}
        """By address and port."""

    @property
    def name(self) -> str:
        """The methods that were used recently."""
        since = time.monotonic() - RECENT
        recent = [key for key, at in self._methods.items() if at > since]
        by_jobs = sorted(node for node, method in recent if method == ON_DEMAND)
        if len(by_jobs) == len(recent):
            return ON_DEMAND
        return f"agents, and {ON_DEMAND} on {', '.join(by_jobs)}" if by_jobs else "agents"

    async def refresh(self) -> None:
        """Publish the key by which agents recognise this process. Called on a schedule."""
        await self.agents.key.publish()

    async def begin(self) -> None:
        """Remove what an earlier process left behind, and publish the key."""
        await self.jobs.sweep()
        await self.refresh()

    async def probe(
        self, source: VantagePoint, probes: Sequence[CheckedProbe], progress: Progress
    ) -> tuple[ProbeAnswer, ...]:
        """Probe by the agent of the node, else by a Job.

        Raises:
            ClusterError: Neither can probe; the message says why the Job cannot.
        """
        agent = await self._on(source.node) if source.context is ExecutionContext.POD else None
        if agent:
            try:
                answers = await self._ask(agent, probes)
            except Unanswered as error:
                self._set_apart(agent, error, progress)
            else:
                self._methods[source.node, "agents"] = time.monotonic()
                return answers
        answers = await super().probe(source, probes, progress)
        # Only now: where no pod could be made, nothing was tested on demand.
        if source.context is not ExecutionContext.TRAEFIK:
            self._methods[source.node, ON_DEMAND] = time.monotonic()
        return answers

    async def by_agent(self, node: str, probes: Sequence[CheckedProbe]) -> tuple[ProbeAnswer, ...]:
        """The answers by the agent of a node alone; a refusal does not set it apart.

        Raises:
            ClusterError: There is no agent, or it does not do it; the message says why.
        """
        agent = await self._on(node)
        if agent is None:
            msg = f"no agent answers on {node}: route checks need the component prober-daemonset"
            raise ClusterError(msg)
        try:
            return await self._ask(agent, probes)
        except Unanswered as error:
            if UNKNOWN_KIND not in str(error):
                raise
            # While a DaemonSet is being updated, its agents are of two versions.
            msg = f"the agent on {node} has an older image than the bot, without route checks"
            raise ClusterError(msg) from error

    @asynccontextmanager
    async def listening(
        self, nodes: Sequence[str], progress: Progress
    ) -> AsyncIterator[Mapping[str, ListenerAddress]]:
        """The agents' own listeners, and those of Jobs on nodes without one."""
        async with AsyncExitStack() as stack:
            begun = await asyncio.gather(
                *(self._agent_listener(stack, node, progress) for node in nodes)
            )
            listeners = {listener.node: listener for listener in begun if listener}
            if others := [node for node in nodes if node not in listeners]:
                jobs = super().listening(others, progress)
                listeners |= await stack.enter_async_context(jobs)
            yield listeners

    async def heard(self, listener: ListenerAddress) -> tuple[Heard, ...] | None:
        """What a listener heard, by its log; None where that cannot be read."""
        job = self._listeners.get((listener.address, listener.port))
        if job is None:
            return await super().heard(listener)

        async def log() -> bytes:
            return await self.agents.log(job.agent, time.monotonic() - job.since + 1)

        return await heard_in(log, job.id)

    async def _on(self, node: str) -> ProberAgent | None:
        if self._apart.get(node, 0.0) > time.monotonic():
            return None
        return await self.agents.on(node)

    async def _ask(
        self, agent: ProberAgent, probes: Sequence[CheckedProbe]
    ) -> tuple[ProbeAnswer, ...]:
        async def by_agent(portion: Sequence[CheckedProbe]) -> Iterable[ProberLine]:
            job = ProbeJob(id=_id(), expires=time.time() + LONGEST, probes=tuple(portion))
            silence = longest_silence(portion)
            async with self.agents.sending(agent, job, LONGEST, silence=silence) as answer:
                return await answer.until("done")

        return await in_portions(probes, by_agent)

    async def _agent_listener(
        self, stack: AsyncExitStack, node: str, progress: Progress
    ) -> ListenerAddress | None:
        agent = await self._on(node)
        if agent is None:
            return None
        # Nodes without an agent may have to pull the image of their Jobs meanwhile.
        seconds = LISTEN + self.patience
        listen = Listen(name=node, seconds=seconds)
        job = ProbeJob(id=_id(), expires=time.time() + seconds, listen=listen)
        since = time.monotonic()
        try:
            async with asyncio.timeout(BEGINS):
                # It listens until we hang up.
                sending = self.agents.sending(agent, job, seconds)
                answer = await stack.enter_async_context(sending)
                received = await answer.until("listening")
                port = next(int(line.listening) for line in received if line.listening)
        except (Unanswered, TimeoutError, ValueError) as error:
            self._set_apart(agent, error, progress)
            return None
        self._listeners[agent.address, port] = _ListenerJob(agent, job.id, since)
        stack.callback(self._listeners.pop, (agent.address, port), None)
        return ListenerAddress(node, agent.address, port)

    def _set_apart(self, agent: ProberAgent, error: Exception, progress: Progress) -> None:
        log.warning("the agent on %s is not asked for a while: %s", agent.node, error)
        self._apart[agent.node] = time.monotonic() + APART
        progress(f"The agent on {agent.node} does not answer: by a pod on demand.")


def longest_silence(probes: Iterable[Probe]) -> float:
    """Seconds without a line after which an agent's answer is stuck.

    Each try has a line, and of those under way one ends at the latest when its time is over. Where
    the path loses large packets, a connection to the agent is made and then nothing comes.
    """
    one_try = (probe.settle + probe.seconds * (1 + probe.again) for probe in probes)
    return max(one_try, default=0.0) + CONNECT


def _id() -> str:
    return f"asked-{secrets.token_hex(8)}"
