"""What a fault is: how it is made and mended, and what the bot must say of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

from tests.nodes.cluster import RealNodes
from tests.nodes.modes import AGENTS, JOBS, MIXED
from tests.nodes.node import Node

MARK = ("-m", "comment", "--comment", "meshmedic-fault")

Undo = Callable[[], None]
Make = Callable[[RealNodes], Undo]

WORKS = r"The route works(?s:.*)\*\*Proven:"
REACHED = "All nodes reach each other"


def possible(_: RealNodes) -> str:
    """Nothing keeps the fault from being made here."""
    return ""


@dataclass(frozen=True)
class Fault:
    """One fault: how it is made, and what the bot must say of it."""

    name: str
    make: Make
    """Makes it, and returns what mends it."""
    diagnosis: str = WORKS
    """A pattern for `/net diagnose`."""
    matrix: str = REACHED
    """A pattern for `/net matrix`."""
    health: str = ""
    """A pattern for `/health all`; empty where it is not asked."""
    settle: float = 0.0
    """Seconds that Kubernetes takes until the fault is seen."""
    otherwise: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    """Patterns by mode, then by question, where a mode sees something else than the others."""
    modes: Sequence[str] = (AGENTS, JOBS, MIXED)
    """The modes in which it is played: all, unless the mode makes no difference."""
    left_out: Callable[[RealNodes], str] = possible
    """Why it cannot be made here; empty where it can."""
    recovers: float = 0.0
    """Seconds after the mend within which the bot must say so: as long as Kubernetes takes."""

    @property
    def is_told_by_health(self) -> bool:
        """Whether the health report names the fault, and so must not once it is mended."""
        return bool(self.health) and not self.health.startswith(r"\A(?!")

    def wanted(self, mode: str) -> Mapping[str, str]:
        """The pattern of each question that is asked in this mode."""
        asked = {"matrix": self.matrix, "diagnose": self.diagnosis, "health": self.health}
        asked |= self.otherwise.get(mode, {})
        return {question: pattern for question, pattern in asked.items() if pattern}


@contextmanager
def made(fault: Fault, cluster: RealNodes) -> Iterator[None]:
    """While the block runs, the fault is there."""
    mend = fault.make(cluster)
    try:
        time.sleep(fault.settle)
        yield
    finally:
        mend()


def together(*makers: Make) -> Make:
    """Several faults at once, mended in the opposite order."""

    def make(cluster: RealNodes) -> Undo:
        undo = [maker(cluster) for maker in makers]

        def mend() -> None:
            for each in reversed(undo):
                each()

        return mend

    return make


def rule(node: Node, table: str, chain: str, *words: object, first: bool = True) -> Undo:
    """Add a rule of iptables; what takes it out again."""
    spec = (chain, *words, *MARK)
    node.run("iptables", "-w", "-t", table, "-I" if first else "-A", *_with_target_last(spec))

    def remove() -> None:
        node.run("iptables", "-w", "-t", table, "-D", *_with_target_last(spec))

    return remove


def _with_target_last(words: Sequence[object]) -> list[object]:
    """`-j` and what belongs to it stand behind the comment."""
    at = words.index("-j")
    target, rest = words[at : len(words) - len(MARK)], words[:at]
    return [*rest, *MARK, *target]
