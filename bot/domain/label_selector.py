"""Label selectors: as text, such as `app=web,tier in (a,b)`, and as objects have them.

Source: Kubernetes, "Labels and Selectors".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.domain.resources.base import Selector, SelectorRequirement

_OUTSIDE_PARENTHESES = re.compile(r",(?![^(]*\))")
_KEY = r"([\w./-]{1,317}+)"
"""The key of a label: a DNS name, a slash, and 63 characters."""

_IN = re.compile(rf"{_KEY}\s+(in|notin)\s*\(([^()]*)\)")
_EQUAL = re.compile(rf"{_KEY}\s*(==|=|!=)\s*([\w.-]*)")
_EXISTS = re.compile(rf"(!\s*)?{_KEY}")


@dataclass(frozen=True, slots=True)
class Requirement:
    """The value at `key` is among `values`, or is not; `None` among them stands for "absent"."""

    key: str
    values: frozenset[str | None]
    wanted: bool

    def met_by(self, values: Mapping[str, str]) -> bool:
        """Whether a mapping of labels or fields meets the requirement."""
        return (values.get(self.key) in self.values) == self.wanted


def parts(text: str) -> Iterator[str]:
    """The requirements of a selector, one by one, as they are written."""
    return filter(None, map(str.strip, _OUTSIDE_PARENTHESES.split(text)))


def requirement(part: str) -> Requirement | None:
    """One requirement; None where it cannot be read."""
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
    return None


def selects(selector: Selector, labels: Mapping[str, str]) -> bool:
    """Whether an object's selector fits these labels."""
    labels_ = selector.match_labels or {}
    return labels_.items() <= labels.items() and all(
        _fits(expression, labels) for expression in selector.match_expressions or ()
    )


def _fits(requirement: SelectorRequirement, labels: Mapping[str, str]) -> bool:
    """An operator that is not known may select: it is taken for fitting."""
    has, values = requirement.key in labels, requirement.values or ()
    match requirement.operator:
        case "In":
            return has and labels[requirement.key] in values
        case "NotIn":
            return not has or labels[requirement.key] not in values
        case "Exists":
            return has
        case "DoesNotExist":
            return not has
        case _:
            return True
