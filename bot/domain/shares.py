"""Fair shares of what has a limit: whoever has the most loses first.

Without them one loud namespace fills every bounded record and every list, and the failures of all
others fall out. Shares are max-min fair: who has little keeps all of it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from bot.domain.tenancy import is_of_cluster

T = TypeVar("T")

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
    turns = in_turn(range(len(items)), lambda number: party(items[number]))
    parties = len({party(item) for item in items})
    rest = sorted(turns[parties:], key=lambda number: -rank(items[number]))
    turns = [*turns[:parties], *rest]
    of_cluster = [number for number in turns if is_of_cluster(party(items[number]))]
    reserved = set(of_cluster[: math.ceil(most / RESERVE)])
    others = [number for number in turns if number not in reserved]
    stay = {*reserved, *others[: most - len(reserved)]}
    return tuple(item for number, item in enumerate(items) if number in stay)


def fewer(items: Sequence[T], party: Callable[[T], str]) -> tuple[T, ...]:
    """Nine tenths of the items, for a record that does not fit; none of the last."""
    return shared(items, len(items) * 9 // 10, party)
