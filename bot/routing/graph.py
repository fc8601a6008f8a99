"""Objects that name each other, such as chains of Middlewares: what leads into a circle or a fault.

Nothing here recurses: who writes the objects may nest them as deep as they like.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping
from typing import TypeVar

K = TypeVar("K")

Edges = Mapping[K, Iterable[K]]
"""For each object those that it names."""


def reached(start: K, named: Callable[[K], Iterable[K] | None], known: Container[K]) -> Edges[K]:
    """What can be reached from an object, itself included; nothing beyond what is known already.

    `named` is None for an object that does not exist.
    """
    edges: dict[K, Iterable[K]] = {}
    waiting = [start]
    for node in waiting:
        if node not in edges and node not in known and (names := named(node)) is not None:
            edges[node] = tuple(names)
            waiting += edges[node]
    return edges


def endless(edges: Edges[K]) -> frozenset[K]:
    """The objects from which names lead into a circle."""
    named_by = _reversed(edges)
    open_ends = {node: len({to for to in named if to in edges}) for node, named in edges.items()}
    ended = [node for node, count in open_ends.items() if not count]
    for node in ended:
        for other in named_by.get(node, ()):
            open_ends[other] -= 1
            if not open_ends[other]:
                ended.append(other)
    return frozenset(edges) - frozenset(ended)


def towards(edges: Edges[K], broken: Iterable[K]) -> Mapping[K, K]:
    """For each object that leads to a broken one, and is not one itself, the next on the way."""
    named_by = _reversed(edges)
    ends = list(broken)
    known = frozenset(ends)
    following: dict[K, K] = {}
    for node in ends:
        for other in named_by.get(node, ()):
            if other not in known and other not in following:
                following[other] = node
                ends.append(other)
    return following


def _reversed(edges: Edges[K]) -> Mapping[K, Iterable[K]]:
    named_by: defaultdict[K, dict[K, None]] = defaultdict(dict)
    for node, named in edges.items():
        for other in named:
            named_by[other][node] = None
    return named_by
