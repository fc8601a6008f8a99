"""Label and field selectors, read once a request and tried on each object.

Source: Kubernetes, "Labels and Selectors" and "Field Selectors".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.domain.label_selector import Requirement, parts, requirement
from bot.sandbox.kubernetes_api.status import ApiError
from bot.sandbox.kubernetes_api.stored import Stored, fields_of

_FIELD = re.compile(r"([^=!]{1,300}+)(==|=|!=)(.*)")


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
        tuple(_label(part) for part in parts(labels)),
        tuple(_field(part, fields, qualified) for part in parts(fields)),
    )


def _label(part: str) -> Requirement:
    if required := requirement(part):
        return required
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
