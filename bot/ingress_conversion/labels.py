"""Annotations as Traefik decodes them: a tree of keys, read by the types of a configuration.

Source: traefik/paerser (labels_decode.go, nodes_metadata.go, element_fill.go) and
`convertAnnotations` of kubernetesingress. Keys are read without regard to case; a key that no
field takes is an error, and Traefik then leaves out the whole object.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, TypeAlias

from bot.ingress_conversion.refusals import ConversionReason, Unfaithful

PREFIX = "traefik.ingress.kubernetes.io/"
INDEXED = re.compile(r"(.+)\.(\w+)\.(\d+)\.(.+)")
INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
MOST, LEAST = 2**63 - 1, -(2**63)


class Leaf(Enum):
    """The type of a field without children."""

    TEXT = auto()
    FLAG = auto()
    NUMBER = auto()
    TEXTS = auto()


@dataclass(frozen=True, slots=True)
class Group:
    """A field with children; it may stand without them, as in `router.tls: "true"`."""

    fields: Mapping[str, Leaf | Group | Each]


@dataclass(frozen=True, slots=True)
class Each:
    """A list whose items have fields."""

    fields: Mapping[str, Leaf | Group | Each]


Fields: TypeAlias = Mapping[str, Leaf | Group | Each]
"""The fields of a configuration by their names in small letters."""


class _Rejected(Exception):
    """Traefik would not take the annotations; the message says which."""


@dataclass(slots=True)
class _Node:
    value: str = ""
    children: dict[str, _Node] = field(default_factory=dict)


def decode(annotations: Mapping[str, str], root: str, fields: Fields, owner: str) -> dict[str, Any]:
    """What the annotations below `root` (router or service) say, by small-lettered keys.

    Raises:
        Unfaithful: Traefik takes one of them for an error, and so leaves out their owner.
    """
    tree = _Node()
    try:
        for key, value in sorted(_labels(annotations, root)):
            _add(tree, key.lower(), value)
        return _group(tree, Group(fields), root)
    except _Rejected as error:
        raise Unfaithful(ConversionReason.REJECTED_ANNOTATION, f"{owner}: {error}") from error


def _labels(annotations: Mapping[str, str], root: str) -> list[tuple[str, str]]:
    found = []
    for key, value in annotations.items():
        if key.startswith(PREFIX):
            label = key.replace("ingress.kubernetes.io/", "")
            label = INDEXED.sub(r"\1.\2[\3].\4", label)
            start = f"traefik.{root}."
            if label[: len(start)].lower() == start:
                found.append((label[len(start) :], value))
    return found


def _add(tree: _Node, key: str, value: str) -> None:
    node = tree
    for part in key.split("."):
        name, bracket, rest = part.partition("[")
        if not name:
            raise _Rejected(f"{key}: an empty or misplaced part")
        for step in (name, f"[{rest}") if bracket and rest.endswith("]") else (part,):
            node = node.children.setdefault(step, _Node())
    node.value = value


def _group(node: _Node, kind: Group, where: str) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, child in node.children.items():
        place = f"{where}.{name}"
        wanted = kind.fields.get(name)
        if wanted is None:
            raise _Rejected(f"{place} is unknown")
        value = _value(child, wanted, place)
        if value is not None:
            read[name] = value
    return read


def _value(node: _Node, kind: Leaf | Group | Each, where: str) -> Any:
    if isinstance(kind, Group):
        return _struct(node, kind, where)
    if isinstance(kind, Each):
        return [_group(item, Group(kind.fields), where) for item in _items(node, where)]
    if node.children:
        raise _Rejected(f"{where} has nothing below it")
    return _leaf(node.value, kind, where)


def _struct(node: _Node, kind: Group, where: str) -> dict[str, Any] | None:
    if node.value and node.value.lower() != "true":
        _check_names(node, kind, where)
        return None
    return _group(node, kind, where)


def _check_names(node: _Node, kind: Group, where: str) -> None:
    """A field that is switched off still must know what stands below it."""
    for name, child in node.children.items():
        wanted = kind.fields.get(name)
        if wanted is None:
            raise _Rejected(f"{where}.{name} is unknown")
        if isinstance(wanted, Group):
            _check_names(child, wanted, f"{where}.{name}")


def _items(node: _Node, where: str) -> list[_Node]:
    if any(not name.startswith("[") for name in node.children):
        raise _Rejected(f"{where} is a list: number its items")
    return list(node.children.values())


def _leaf(value: str, kind: Leaf, where: str) -> Any:
    match kind:
        case Leaf.TEXT:
            return value
        case Leaf.TEXTS:
            return [part.strip() for part in value.split(",")] if value else None
        case Leaf.FLAG:
            if value in TRUE or value in FALSE:
                return value in TRUE
            raise _Rejected(f"{where}: {value!r} is neither true nor false")
        case Leaf.NUMBER:
            if INTEGER.fullmatch(value) and LEAST <= int(value) <= MOST:
                return int(value)
            raise _Rejected(f"{where}: {value!r} is no integer")
