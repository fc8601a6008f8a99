"""What is needed of the place where records are kept, whatever it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from bot.domain.record import Shelf

T = TypeVar("T")


class Store(Protocol):
    """Where records are kept."""

    async def read(self, shelf: Shelf[T]) -> T | None:
        """A record, if there is one."""
        ...

    async def change(self, shelf: Shelf[T], change: Callable[[T | None], T]) -> tuple[T | None, T]:
        """Replace the stored value by what `change` makes of it: the old value and the new one."""
        ...
