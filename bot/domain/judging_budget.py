"""The time that the objects of one namespace may take to be judged.

Whoever may write in a namespace may create any number of objects there, each wrong in some way.
All others are judged as ever.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from bot.domain.resources.base import Object
from bot.domain.snapshot import Gap

T = TypeVar("T", bound=Object)

SHARE = 0.15
"""Seconds of CPU time for each namespace and report: ten thousand pods take some 30 ms."""

RUN = 4
"""Objects of one namespace after which the clock is read again.

One reading counts as half a share at most, since it may include a garbage collection.
"""

SYSTEM = frozenset({"", "kube-system", "flux-system"})
"""The namespaces of nodes, of Flux and of k3s's own Traefik: they are judged to the end."""


@dataclass
class JudgingBudget:
    """What is left of the time, in the course of one report.

    clock: Seconds of CPU time of this thread.
    to_the_end: Further namespaces that are judged to the end, such as Traefik's.
    unjudged: The names of the objects for which no time was left, by kind and namespace.
    """

    clock: Callable[[], float]
    to_the_end: Collection[str] = ()
    share: float = SHARE
    unjudged: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    _spent: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @cached_property
    def whole(self) -> frozenset[str]:
        """The namespaces that are judged to the end."""
        return SYSTEM.union(self.to_the_end)

    def within(self, resources: Iterable[T]) -> Iterator[T]:
        """The objects for which there is time: what is done with each is counted."""
        began, current, over = self.clock(), "", False
        for number, resource in enumerate(resources):
            namespace = resource.metadata.namespace
            if namespace != current or not number % RUN:
                now = self.clock()
                self._count(current, now - began)
                began, current, over = now, namespace, self._is_over(namespace)
            if over:
                self.unjudged[resource.kind_name(), namespace].add(resource.name)
            else:
                yield resource
        self._count(current, self.clock() - began)

    def gaps(self) -> Iterator[Gap]:
        """What was not judged."""
        for (kind, namespace), names in sorted(self.unjudged.items()):
            detail = f"checking stopped after {self.share:g} s: {len(names):,} were not checked"
            yield Gap.in_part(kind, namespace, detail)

    def missed(self, kind: str, namespace: str | None) -> int:
        """How many objects of a kind were not checked, in one namespace or in all."""
        return sum(
            len(names)
            for (other, place), names in self.unjudged.items()
            if other == kind and namespace in (None, place)
        )

    def _count(self, namespace: str, seconds: float) -> None:
        self._spent[namespace] += min(seconds, self.share / 2)

    def _is_over(self, namespace: str) -> bool:
        return self._spent[namespace] >= self.share and namespace not in self.whole
