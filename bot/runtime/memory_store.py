"""Records of a process that is alone and keeps nothing: in memory, and gone with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bot.domain import record
from bot.domain.record import Shelf, TooLarge, Unreadable
from bot.errors import StateError

T = TypeVar("T")


class Unkept:
    """The Store protocol, with the same bounds, so that what fits here fits in the cluster."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    async def read(self, shelf: Shelf[T]) -> T | None:
        """A record, if there is one."""
        value = record.read(shelf, self._texts.get(shelf.name, ""))
        if isinstance(value, Unreadable):
            return None
        return value

    async def change(self, shelf: Shelf[T], change: Callable[[T | None], T]) -> tuple[T | None, T]:
        """Replace the stored value by what `change` makes of it: the old value and the new one.

        Raises:
            StateError: It does not fit.
        """
        old = await self.read(shelf)
        new = change(old)
        text = record.written(shelf, new)
        if isinstance(text, TooLarge):
            msg = f"The {shelf.name} was not kept: it has {text.size // 1024} KiB, too many."
            raise StateError(msg)
        self._texts[shelf.name] = text
        return old, new
