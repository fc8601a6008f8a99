"""What the bot stores in the cluster: JSON text with a schema version.

A record is one ConfigMap, which holds at most 1 MiB. Reading one of another version, or a damaged
one, gives an `Unreadable` rather than a wrong value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import msgspec

T = TypeVar("T")

MOST = 256 * 1024
"""Bytes of one record: a quarter of what a ConfigMap takes."""


NAMES = (
    "alerts",
    "commands",
    "digest-bases",
    "digests",
    "history",
    "links",
    "lost-channels",
    "mutes",
    "proofs",
    "report",
    "route-checks",
    "setup",
    "uptime",
    "welcome",
)
"""Every record. The account of the bot may read and update these ConfigMaps alone."""

PREFIX = "meshmedic-"
"""Stands before a record's name in the name of its ConfigMap."""


def nothing_to_spare(_value: object) -> None:
    """The `spare` of a record of which no part may be dropped."""
    return


@dataclass(frozen=True)
class RecordType(Generic[T]):
    """How one record is stored.

    name: The name of the ConfigMap, after the prefix `meshmedic-`.
    type: The type of the value: frozen structs, which msgspec reads and writes.
    schema: Counts up when the type changes so that older text cannot be read as the new type.
    spare: Makes a smaller value by dropping the oldest or least important part; None where nothing
        may be dropped.
    most: The largest size in bytes.
    """

    name: str
    type: type[T]
    schema: int = 1
    spare: Callable[[T], T | None] = nothing_to_spare
    most: int = MOST


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A text that cannot be read. `newer`: of a later version, which must not be overwritten."""

    why: str
    newer: bool = False


@dataclass(frozen=True, slots=True)
class TooLarge:
    """A value that does not fit, even without all that may be dropped. Sizes in bytes."""

    size: int
    most: int


class _Head(msgspec.Struct, frozen=True):
    schema: int


class _Record(msgspec.Struct, Generic[T], frozen=True):
    schema: int
    value: T


def written(record_type: RecordType[T], value: T) -> str | TooLarge:
    """The text of a value, which is made smaller until it fits."""
    smaller: T | None = value
    text = b""
    while smaller is not None:
        text = msgspec.json.encode(_Record(record_type.schema, smaller))
        if len(text) <= record_type.most:
            return text.decode()
        smaller = record_type.spare(smaller)
    return TooLarge(len(text), record_type.most)


def read(record_type: RecordType[T], text: str) -> T | Unreadable:
    """The value of a stored text."""
    try:
        schema = msgspec.json.decode(text, type=_Head).schema
        if schema != record_type.schema:
            why = f"it has version {schema}, and this meshmedic knows version {record_type.schema}"
            return Unreadable(why, newer=schema > record_type.schema)
        record = msgspec.json.decode(text, type=_Record[record_type.type])  # type: ignore[name-defined]
        value: T = record.value
    except (msgspec.MsgspecError, RecursionError) as error:
        return Unreadable(f"it has another shape: {str(error)[:200]}")
    return value


class Store(Protocol):
    """Keeps the records."""

    async def read(self, record_type: RecordType[T]) -> T | None:
        """The stored value, if there is one."""
        ...

    async def change(
        self, record_type: RecordType[T], change: Callable[[T | None], T]
    ) -> tuple[T | None, T]:
        """Replace the stored value by what `change` makes of it: the old value and the new one."""
        ...
