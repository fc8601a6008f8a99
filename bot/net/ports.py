"""What the network tests need from the cluster: a prober, whose adapters take checked probes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeAlias, TypeVar

from bot.net.diagnosis.observation import VantagePoint
from bot.net.probing.protocol import (
    CheckedProbe,
    Heard,
    ListenerAddress,
    Probe,
    ProbeAnswer,
    ProbedBackend,
    Progress,
    Vip,
)

NO_PROBER = "Nothing can be tested: no prober is installed. Add `deploy/components/prober`."
"""What a test says that needs one."""

P_contra = TypeVar("P_contra", bound=Probe, contravariant=True)


class ProberOf(Protocol[P_contra]):
    """Runs probes from vantage points in the cluster, and leaves nothing behind."""

    @property
    def name(self) -> str:
        """How it probes elsewhere than in Traefik's own pod, for people: `pods on demand`."""
        ...

    @property
    def blind(self) -> tuple[str, ...]:
        """What it cannot observe outside Traefik's own pod, each with how to allow it."""
        ...

    @property
    def patience(self) -> float:
        """Seconds besides that it may take where a node has to pull the image first."""
        ...

    async def probe(
        self, source: VantagePoint, probes: Sequence[P_contra], progress: Progress
    ) -> tuple[ProbeAnswer, ...]:
        """The answers to all probes, made from that place; in the order of the probes.

        Raises:
            ClusterError: It cannot probe from there; the message says why and how to allow it.
        """
        ...

    def listening(
        self, nodes: Sequence[str], progress: Progress
    ) -> AbstractAsyncContextManager[Mapping[str, ListenerAddress]]:
        """Listeners on these nodes while the block runs; nodes that cannot have one are absent."""
        ...

    async def heard(self, listener: ListenerAddress) -> tuple[Heard, ...] | None:
        """What a listener heard so far, read so that a broken pod network does not matter."""
        ...

    def sole_vips(
        self, backends: Sequence[ProbedBackend], progress: Progress
    ) -> AbstractAsyncContextManager[Mapping[ProbedBackend, Vip]]:
        """Temporary Services, each with one endpoint only, while the block runs.

        Backends that cannot have one are absent. Removed afterwards, also after a crash.
        """
        ...


class AgentProberOf(Protocol[P_contra]):
    """Runs probes by the agents alone: for what goes on all the time, a pod each is too heavy."""

    async def by_agent(self, node: str, probes: Sequence[P_contra]) -> tuple[ProbeAnswer, ...]:
        """The answers to all probes by the agent of that node, in the order of the probes.

        Raises:
            ClusterError: There is no agent, or it does not do it; the message says why.
        """
        ...


Prober: TypeAlias = ProberOf[Probe]
AgentProber: TypeAlias = AgentProberOf[Probe]
CheckedProber: TypeAlias = ProberOf[CheckedProbe]
CheckedAgentProber: TypeAlias = AgentProberOf[CheckedProbe]


class AroundProber:
    """What is the same for every prober that asks another one: it says what that one says."""

    __slots__ = ()

    prober: CheckedProber
    """A `Prober` is one, too: it takes any probe."""

    @property
    def name(self) -> str:
        """How it probes, for people."""
        return self.prober.name

    @property
    def blind(self) -> tuple[str, ...]:
        """What it cannot observe, each with how to allow it."""
        return self.prober.blind

    @property
    def patience(self) -> float:
        """Seconds besides that it may take where a node has to pull the image first."""
        return self.prober.patience

    async def heard(self, listener: ListenerAddress) -> tuple[Heard, ...] | None:
        """What a listener heard so far."""
        return await self.prober.heard(listener)
