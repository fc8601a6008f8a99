"""Records of a process that is alone and keeps nothing: in memory, and gone with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bot.domain import principal, record
from bot.domain.record import RecordType, TooLarge, Unreadable
from bot.errors import StateError

T = TypeVar("T")


class Unkept:
    """The Store protocol, with the same bounds, so that what fits here fits in the cluster."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    async def read(self, record_type: RecordType[T]) -> T | None:
        """A record, if there is one."""
        value = record.read(record_type, self._texts.get(record_type.name, ""))
        if isinstance(value, Unreadable):
            return None
        return value

    async def change(
        self, record_type: RecordType[T], change: Callable[[T | None], T]
    ) -> tuple[T | None, T]:
        """Replace the stored value by what `change` makes of it: the old value and the new one.

        Raises:
            StateError: It does not fit.
            Refused: The principal may not write.
        """
        # Nothing else runs between this and the write.
        await principal.authorize()
        old = await self.read(record_type)
        new = change(old)
        text = record.written(record_type, new)
        if isinstance(text, TooLarge):
            msg = f"The {record_type.name} was not kept: it has {text.size // 1024} KiB, too many."
            raise StateError(msg)
        self._texts[record_type.name] = text
        return old, new
