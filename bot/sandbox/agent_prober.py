"""The simulated agents, as far as route checks ask them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.net.probing.protocol import Probe, ProbeAnswer
from bot.sandbox.network import Network


@dataclass(frozen=True, slots=True)
class SimulatedAgents:
    """An agent on every node of a simulated network. `learn` makes it know the present objects."""

    network: Network
    learn: Callable[[], None]

    async def by_agent(self, node: str, probes: Sequence[Probe]) -> tuple[ProbeAnswer, ...]:
        """The answers to all probes from the pod network of that node."""
        self.learn()
        return tuple(
            answer for probe in probes for answer in self.network.answers(node, probe, host=False)
        )
