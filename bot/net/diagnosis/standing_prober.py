"""A prober whose listeners stand for several diagnoses of one run, and end with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from bot.net.diagnosis.observation import VantagePoint
from bot.net.ports import AroundProber, Prober
from bot.net.probing.protocol import (
    ListenerAddress,
    Probe,
    ProbeAnswer,
    ProbedBackend,
    Progress,
    Vip,
)

STAND = 50.0
"""Seconds after which listeners are begun anew: they end by themselves after two minutes, of which
a diagnosis may take one.
"""


@dataclass
class StandingProber(AroundProber):
    """Begins a listener on each node once, and asks `prober` for all else.

    clock: Seconds, of a clock that is never set back.
    """

    prober: Prober
    clock: Callable[[], float]
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _standing: dict[str, ListenerAddress] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)
    """The nodes on which a listener was begun, whether it came about or not."""
    _since: float = 0.0

    async def probe(
        self, source: VantagePoint, probes: Sequence[Probe], progress: Progress
    ) -> tuple[ProbeAnswer, ...]:
        """The answers to all probes, made from that place."""
        return await self.prober.probe(source, probes, progress)

    def sole_vips(
        self, backends: Sequence[ProbedBackend], progress: Progress
    ) -> AbstractAsyncContextManager[Mapping[ProbedBackend, Vip]]:
        """Temporary Services while the block runs."""
        return self.prober.sole_vips(backends, progress)

    @asynccontextmanager
    async def listening(
        self, nodes: Sequence[str], progress: Progress
    ) -> AsyncIterator[Mapping[str, ListenerAddress]]:
        """The listeners on these nodes; what is missing is begun, and stands from then on."""
        if self._asked and self.clock() - self._since >= STAND:
            await self.close()
        if missing := [node for node in nodes if node not in self._asked]:
            if not self._asked:
                self._since = self.clock()
            begun = self.prober.listening(missing, progress)
            self._standing |= await self._stack.enter_async_context(begun)
            self._asked |= set(missing)
        yield {node: self._standing[node] for node in nodes if node in self._standing}

    async def close(self) -> None:
        """End all listeners.

        Raises:
            ClusterError: One of them could not be removed.
        """
        stack, self._stack = self._stack, AsyncExitStack()
        self._standing, self._asked = {}, set()
        await stack.aclose()
