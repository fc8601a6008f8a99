"""Label and field selectors, read once a request and tried on each object.

Source: Kubernetes, "Labels and Selectors" and "Field Selectors".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.sandbox.kubernetes_api.status import ApiError
from bot.sandbox.kubernetes_api.stored import Stored, fields_of

_OUTSIDE_PARENTHESES = re.compile(r",(?![^(]*\))")
_IN = re.compile(r"\s*([\w./-]+)\s+(in|notin)\s*\(([^()]*)\)\s*")
_EQUAL = re.compile(r"\s*([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)\s*")
_EXISTS = re.compile(r"\s*(!?)\s*([\w./-]+)\s*")
_FIELD = re.compile(r"([^=!]+)(==|=|!=)(.*)")


@dataclass(frozen=True, slots=True)
class Requirement:
    """The value at `key` is among `values`, or is not; `None` among them stands for "absent"."""

    key: str
    values: frozenset[str | None]
    wanted: bool

    def met_by(self, values: Mapping[str, str]) -> bool:
        """Whether a mapping of labels or fields meets the requirement."""
        return (values.get(self.key) in self.values) == self.wanted


@dataclass(frozen=True, slots=True)
class Selection:
    """A label selector and a field selector together."""

    labels: tuple[Requirement, ...] = ()
    fields: tuple[Requirement, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.labels or self.fields)

    def matches(self, item: Stored) -> bool:
        """Whether `item` meets every requirement."""
        return all(label.met_by(item.labels) for label in self.labels) and all(
            field.met_by(item.fields) for field in self.fields
        )


def selection(labels: str, fields: str, *, qualified: str) -> Selection:
    """The two selectors of a request.

    Raises:
        ApiError: 400 where one cannot be read, or names a field that the resource does not offer.
    """
    return Selection(
        tuple(_label(part) for part in _parts(labels)),
        tuple(_field(part, fields, qualified) for part in _parts(fields)),
    )


def _parts(text: str) -> list[str]:
    return [part for part in _OUTSIDE_PARENTHESES.split(text) if part.strip()]


def _label(part: str) -> Requirement:
    if match := _IN.fullmatch(part):
        key, operator, listed = match.groups()
        values = frozenset(value.strip() for value in listed.split(","))
        return Requirement(key, values, wanted=operator == "in")
    if match := _EQUAL.fullmatch(part):
        key, operator, value = match.groups()
        return Requirement(key, frozenset({value}), wanted=operator != "!=")
    if match := _EXISTS.fullmatch(part):
        absent, key = match.groups()
        return Requirement(key, frozenset({None}), wanted=bool(absent))
    raise ApiError(400, f"unable to parse requirement: {part.strip()}")


def _field(part: str, selector: str, qualified: str) -> Requirement:
    match = _FIELD.fullmatch(part)
    if match is None:
        raise ApiError(400, f"invalid selector: '{selector}'; can't understand '{part}'")
    path, operator, value = match.groups()
    if path not in fields_of(qualified):
        plural, _, group = qualified.partition(".")
        raise ApiError(
            400,
            f'Unable to find "{group}/v1, Resource={plural}" that match label selector "",'
            f' field selector "{selector}": field label not supported: {path}',
        )
    return Requirement(path, frozenset({value}), wanted=operator != "!=")
