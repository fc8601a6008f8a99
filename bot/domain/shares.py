"""Fair shares of what has a limit: whoever has the most loses first.

Without them one loud namespace fills every bounded record and every list, and the failures of all
others fall out. Shares are max-min fair: who has little keeps all of it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from bot.domain.tenancy import is_of_cluster

T = TypeVar("T")
V = TypeVar("V")

RESERVE = 4
"""One part in so many is for cluster-scoped things first."""


def in_turn(items: Iterable[T], party: Callable[[T], str]) -> list[T]:
    """The first item of each party, then the second of each, and so on; otherwise as they came."""
    counts: Counter[str] = Counter()
    turns: list[tuple[int, T]] = []
    for item in items:
        owner = party(item)
        turns.append((counts[owner], item))
        counts[owner] += 1
    return [item for _, item in sorted(turns, key=lambda pair: pair[0])]


def shared(
    items: Sequence[T],
    most: int,
    party: Callable[[T], str],
    rank: Callable[[T], int] = lambda _: 0,
) -> tuple[T, ...]:
    """The items for which there is room, in their order; those that matter most come first.

    A part of the room is reserved for cluster-scoped parties. What they leave is for the others.

    most: How many may stay.
    party: Who has an item, as `bot.domain.tenancy.party_of` names it.
    rank: How bad an item is. Once each party has one, what is worse goes before a fairer share.
    """
    if len(items) <= most:
        return tuple(items)
    owners = [party(item) for item in items]
    turns = in_turn(range(len(items)), owners.__getitem__)
    first = len(set(owners))
    rest = sorted(turns[first:], key=lambda number: -rank(items[number]))
    turns = [*turns[:first], *rest]
    of_cluster = [number for number in turns if is_of_cluster(owners[number])]
    reserved = set(of_cluster[: math.ceil(most / RESERVE)])
    others = [number for number in turns if number not in reserved]
    stay = {*reserved, *others[: most - len(reserved)]}
    return tuple(item for number, item in enumerate(items) if number in stay)


def fewer(items: Sequence[T], party: Callable[[T], str]) -> tuple[T, ...]:
    """Nine tenths of the items, for a record that does not fit; none of the last."""
    return shared(items, len(items) * 9 // 10, party)


class SharedMapping(Generic[T, V]):
    """A mapping of a bounded number of keys, each of a party: whoever has the most loses first.

    It takes the same time for each key, however many there are.
    """

    def __init__(self, most: int, party: Callable[[T], Hashable]) -> None:
        self._most = most
        self._party = party
        self._values: dict[T, V] = {}
        self._keys: dict[Hashable, list[T]] = {}
        """The keys of each party, the latest last."""
        self._having: dict[int, dict[Hashable, None]] = {}
        """The parties that have so many keys."""
        self._loudest = 0
        """How many keys whoever has the most has."""

    @property
    def values(self) -> Mapping[T, V]:
        """What is kept, in the order in which it came."""
        return self._values

    def put(self, key: T, value: V) -> V | None:
        """Keep a value; what is not kept for want of room, be it this one or another."""
        if key in self._values:
            self._values[key] = value
            return None
        party, dropped = self._party(key), None
        own = self._keys.setdefault(party, [])
        if len(self._values) >= self._most:
            if len(own) + 1 >= self._loudest:
                return value
            loudest = next(iter(self._having[self._loudest]))
            theirs = self._keys[loudest]
            dropped = self._values.pop(theirs.pop())
            self._count(loudest, len(theirs) + 1, len(theirs))
        own.append(key)
        self._values[key] = value
        self._count(party, len(own) - 1, len(own))
        return dropped

    def _count(self, party: Hashable, before: int, now: int) -> None:
        self._having.get(before, {}).pop(party, None)
        self._having.setdefault(now, {})[party] = None
        self._loudest = max(self._loudest, now)
        while self._loudest and not self._having.get(self._loudest):
            self._loudest -= 1
