"""Which pairs of nodes the overlay connects, by the bot's listeners, and in which direction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from bot.net.diagnosis.evidence import Path, RouteEvidence
from bot.net.diagnosis.observation import Aim, VantagePoint
from bot.net.diagnosis.results import Result, ResultState

Pair = tuple[str, str]
"""From a node to another."""


@dataclass(frozen=True)
class Overlay:
    """The pod network between the nodes of a diagnosis."""

    evidence: RouteEvidence

    @cached_property
    def seen(self) -> dict[Pair, Result]:
        """How each pair's connections to the bot's listener ended."""
        nodes = self.evidence.points.nodes
        results = {
            (a, b): self.evidence.far(VantagePoint(a), b) for a in nodes for b in nodes if a != b
        }
        return {pair: result for pair, result in results.items() if result.seen}

    @cached_property
    def dead(self) -> frozenset[Pair]:
        """Pairs that carry nothing."""
        return frozenset(pair for pair, result in self.seen.items() if result.fails)

    @cached_property
    def carries(self) -> frozenset[Pair]:
        """Pairs that carried at least one connection, and so work in both directions."""
        return frozenset(pair for pair, result in self.seen.items() if result.successes)

    def alive(self, node: str) -> bool:
        """Whether the listener of a node was reached from any node, its own included."""
        own = self.evidence.far(VantagePoint(node), node)
        return bool(own.successes) or any(to == node for _, to in self.carries)

    def culprit(self, pair: Pair) -> str:
        """The one node that all dead pairs have in common, while the others reach each other."""
        common = set(pair).intersection(*map(set, self.dead or {pair}))
        reached = {node for other in self.carries for node in other}
        culprits = common - reached if reached else set()
        return culprits.pop() if len(culprits) == 1 else ""

    def arrived(self, source: str, node: str) -> bool | None:
        """Whether packets of one node's prober reached another's listener; None if not known."""
        report = self.evidence.listener_reports.get(node)
        own = self._addresses(source)
        sent = self.evidence.far(VantagePoint(source), node, Aim.FAR_UDP)
        if report is None or report.heard is None or not own or not sent.seen:
            return None
        return any(count.source in own and count.udp + count.tcp for count in report.heard)

    def one_way(self, pair: Pair) -> Pair | None:
        """The direction that carries nothing, where the other one does."""
        there, back = self.arrived(*pair), self.arrived(pair[1], pair[0])
        if there and back is not True:
            return pair[1], pair[0]
        return pair if there is False and back else None

    def both_known(self, pair: Pair) -> bool:
        """Whether it is known for both directions if packets arrive."""
        return None not in (self.arrived(*pair), self.arrived(*reversed(pair)))

    def misannounced(self) -> tuple[str, ...]:
        """Nodes for which flannel announces an address that they do not have, while others do."""
        nodes = [node for node in self.evidence.subject.nodes if node.announced and node.addresses]
        wrong = [node.name for node in nodes if node.announced not in node.addresses]
        return tuple(wrong) if len(wrong) < len(nodes) else ()

    def _addresses(self, node: str) -> frozenset[str]:
        """The addresses that a node's pod prober was seen to send from."""
        aims = (Aim.FAR, Aim.BACK, Aim.FAR_UDP, Aim.FAR_SMALL, Aim.ENDPOINT)
        return self.evidence.matching(VantagePoint(node), aims).sources


def lost(evidence: RouteEvidence, path: Path) -> bool:
    """Whether a path gets no answer at all, and neither does the bot's listener at its end."""
    if not path.crosses or evidence.sole(path).successes:
        return False
    far = evidence.listener(path)
    return evidence.beside(path).state is ResultState.SILENT and far.fails and _silent(far)


def _silent(far: Result) -> bool:
    return far.state in (ResultState.SILENT, ResultState.BROKEN)


def format_pairs(pairs: Iterable[Pair]) -> tuple[str, ...]:
    """The pairs for people: `a -> b`."""
    return tuple(f"{a} -> {b}" for a, b in sorted(pairs))
