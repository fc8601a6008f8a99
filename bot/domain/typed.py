"""What a person types, before it is a whole name."""

from __future__ import annotations

from collections.abc import Iterable


def holding(typed: str, names: Iterable[str], most: int) -> tuple[str, ...]:
    """The first names that hold every word typed so far, in any order and case."""
    words = typed.casefold().split()
    return tuple(name for name in names if all(word in name.casefold() for word in words))[:most]
