"""A prober over a network that is made up."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.domain import principal
from bot.errors import ClusterError
from bot.net.diagnosis.observation import ExecutionContext, VantagePoint
from bot.net.probing.protocol import (
    Heard,
    ListenerAddress,
    Probe,
    ProbeAnswer,
    ProbedBackend,
    Progress,
    Vip,
)
from bot.sandbox.network import Network, NetworkPlace

EAR = 8473


@dataclass
class FakeProber:
    """Pods on demand of a network that is made up; `fails` is raised where it is asked."""

    network: Network
    name: str = "pods on demand"
    blind: tuple[str, ...] = ()
    patience: float = 0.0
    fails: ClusterError | None = None
    asked: list[VantagePoint] = field(default_factory=list)
    listened: dict[str, int] = field(default_factory=dict)
    """The nodes that had a listener, each with a number of its own."""

    async def probe(
        self, source: VantagePoint, probes: Sequence[Probe], progress: Progress
    ) -> tuple[ProbeAnswer, ...]:
        """By the network."""
        await principal.authorize()
        self.asked.append(source)
        if self.fails or source.context is not ExecutionContext.POD:
            raise self.fails or ClusterError("Only pods can be had.")
        return tuple(
            answer
            for probe in probes
            for answer in self.network.answers(source.node, probe, host=False)
        )

    @asynccontextmanager
    async def listening(
        self, nodes: Sequence[str], progress: Progress
    ) -> AsyncIterator[Mapping[str, ListenerAddress]]:
        """One a node."""
        numbers = {node: self.listened.setdefault(node, len(self.listened)) for node in nodes}
        made = {
            node: ListenerAddress(node, f"10.42.250.{number}", EAR)
            for node, number in numbers.items()
        }
        for node, each in made.items():
            self.network.places[each.address] = NetworkPlace(
                node, frozenset({EAR}), node, listens=True
            )
        yield made

    async def heard(self, listener: ListenerAddress) -> tuple[Heard, ...] | None:
        """Nothing can be read."""
        return None

    @asynccontextmanager
    async def sole_vips(
        self, backends: Sequence[ProbedBackend], progress: Progress
    ) -> AsyncIterator[Mapping[ProbedBackend, Vip]]:
        """One a backend."""
        made = {
            each: Vip(f"10.43.250.{number}", each.port) for number, each in enumerate(backends, 1)
        }
        self.network.vips |= {
            (vip.address, vip.port): [(each.address, each.port)] for each, vip in made.items()
        }
        yield made
