"""Cutting an object down to the fields of its kind and their limits, before it is decoded again.

Only an object that could not be decoded as it is comes here. Nulls count as absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from msgspec import inspect

from bot.domain.resources.base import Object

FIELDS = 20_000
"""Values of an object that are looked at: with more, the rest is left out."""

NAMED = 5
"""Cuts that are named."""


@dataclass
class Cutter:
    """Cuts the values of one object, and tells what was cut."""

    cuts: list[str] = field(default_factory=list)
    _left: int = FIELDS

    def cut(self, value: Any, wanted: inspect.Type, at: str = "$") -> Any:
        """The value within the limits of its type; one of another type as it is."""
        if isinstance(wanted, inspect.UnionType):
            wanted = _chosen(value, wanted)
        if isinstance(value, str) and isinstance(wanted, inspect.StrType):
            return self._text(value, wanted, at)
        if isinstance(value, list) and isinstance(wanted, inspect.VarTupleType):
            return self._entries(value, wanted, at)
        if isinstance(value, Mapping) and isinstance(wanted, inspect.StructType):
            return self._fields(value, wanted, at)
        if isinstance(value, Mapping) and isinstance(wanted, inspect.DictType):
            return self._pairs(value, wanted, at)
        return value

    def _text(self, text: str, wanted: inspect.StrType, at: str) -> str:
        most = wanted.max_length
        if most is None or len(text) <= most:
            return text
        self._note(f"{at}: longer than {most:,} characters")
        return text[:most]

    def _entries(self, values: list[Any], wanted: inspect.VarTupleType, at: str) -> list[Any]:
        most = wanted.max_length
        if most is not None and len(values) > most:
            self._note(f"{at}: {len(values):,} entries, of which {most:,} are read")
        return [
            self.cut(value, wanted.item_type, f"{at}[]")
            for value in values[:most]
            if value is not None and self._may(at)
        ]

    def _fields(
        self, plain: Mapping[str, Any], wanted: inspect.StructType, at: str
    ) -> dict[str, Any]:
        return {
            one.encode_name: self.cut(value, one.type, f"{at}.{one.encode_name}")
            for one in wanted.fields
            if (value := plain.get(one.encode_name)) is not None and self._may(at)
        }

    def _pairs(self, plain: Mapping[Any, Any], wanted: inspect.DictType, at: str) -> dict[str, Any]:
        most = wanted.max_length
        if most is not None and len(plain) > most:
            self._note(f"{at}: {len(plain):,} entries, of which {most:,} are read")
        kept = {}
        for key, value in list(plain.items())[:most]:
            if value is not None and self._may(at):
                name = self.cut(str(key), wanted.key_type, f"{at} (a key)")
                kept[name] = self.cut(value, wanted.value_type, f"{at}[]")
        return kept

    def _may(self, at: str) -> bool:
        """Whether one more value may be looked at."""
        self._left -= 1
        if self._left == -1:
            self._note(f"{at}: more than {FIELDS:,} values in all")
        return self._left >= 0

    def _note(self, cut: str) -> None:
        if cut not in self.cuts[:NAMED] and len(self.cuts) < NAMED:
            self.cuts.append(cut)


def within(plain: Mapping[str, Any], kind: type[Object]) -> tuple[dict[str, Any], list[str]]:
    """The fields of a kind within their limits, without nulls; and what was cut."""
    cutter = Cutter()
    fields: dict[str, Any] = cutter.cut(plain, _type_of(kind))
    return fields, cutter.cuts


@cache
def _type_of(kind: type[Object]) -> inspect.Type:
    return inspect.type_info(kind)


def _chosen(value: Any, union: inspect.UnionType) -> inspect.Type:
    """The type of a union that a value is of, as far as that type has limits."""
    fitting: tuple[type[inspect.Type], ...] = ()
    match value:
        case str():
            fitting = (inspect.StrType,)
        case list():
            fitting = (inspect.VarTupleType,)
        case Mapping():
            fitting = (inspect.StructType, inspect.DictType)
    return next((one for one in union.types if isinstance(one, fitting)), union)
