"""Annotations as Traefik decodes them: a tree of keys, read by the fields of a struct.

Source: traefik/paerser (labels_decode.go, nodes_metadata.go, element_fill.go) and
`convertAnnotations` of kubernetesingress. Keys are read without regard to case; a key that no
field takes is an error, and Traefik then leaves out the whole object.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import msgspec
from msgspec.inspect import BoolType, IntType, StrType, StructType, Type, UnionType, VarTupleType

from bot.ingress_conversion.refusals import ConversionReason, Unconvertible

PREFIX = "traefik.ingress.kubernetes.io/"
INDEXED = re.compile(r"^(.+)\.(\w+)\.(\d+)\.(?=.)")
INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
MOST, LEAST = 2**63 - 1, -(2**63)

Options = TypeVar("Options", bound=msgspec.Struct)
type_info = functools.cache(msgspec.inspect.type_info)


class _Rejected(Exception):
    """Traefik would not take the annotations; the message says which."""


@dataclass(slots=True)
class _Node:
    value: str = ""
    children: dict[str, _Node] = field(default_factory=dict)


def decode(
    annotations: Mapping[str, str],
    root: str,
    options: type[Options],
    newer: frozenset[str],
    owner: str,
) -> Options:
    """The annotations below `root` (router or service) as a struct.

    A field of the struct is a text, a flag, an integer, a list of texts, a struct (which may be
    annotated by itself, as in `router.tls: "true"`) or a tuple of structs. `newer` are the paths
    of fields that this Traefik does not have yet.

    Raises:
        Unconvertible: Traefik takes one of them for an error, and so leaves out their owner.
    """
    tree = _Node()
    try:
        for key, value in sorted(_labels(annotations, root)):
            _add(tree, key.lower(), value)
        kind = cast("StructType", type_info(options))
        return msgspec.convert(_Decoder(newer).group(tree, kind, root), options)
    except _Rejected as error:
        raise Unconvertible(ConversionReason.REJECTED_ANNOTATION, f"{owner}: {error}") from error


def _labels(annotations: Mapping[str, str], root: str) -> list[tuple[str, str]]:
    labels = []
    start = f"traefik.{root}."
    for key, value in annotations.items():
        if key.startswith(PREFIX):
            label = key.replace("ingress.kubernetes.io/", "")
            label = INDEXED.sub(r"\1.\2[\3].", label)
            if label[: len(start)].lower() == start:
                labels.append((label[len(start) :], value))
    return labels


def _add(tree: _Node, key: str, value: str) -> None:
    node = tree
    for part in key.split("."):
        name, bracket, rest = part.partition("[")
        if not name:
            raise _Rejected(f"{key}: an empty or misplaced part")
        for step in (name, f"[{rest}") if bracket and rest.endswith("]") else (part,):
            node = node.children.setdefault(step, _Node())
    node.value = value


@dataclass(frozen=True, slots=True)
class _Decoder:
    newer: frozenset[str]

    def group(self, node: _Node, kind: StructType, where: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, child in node.children.items():
            path = f"{where}.{name}"
            value = self._value(child, self._field(kind, name, path), path)
            if value is not None:
                values[name] = value
        return values

    def _field(self, kind: StructType, name: str, path: str) -> Type:
        for known in kind.fields:
            if known.encode_name == name and path not in self.newer:
                return known.type.types[0] if isinstance(known.type, UnionType) else known.type
        raise _Rejected(f"{path} is unknown")

    def _value(self, node: _Node, kind: Type, where: str) -> Any:
        match kind:
            case StructType():
                if node.value and node.value.lower() != "true":
                    self._check_names(node, kind, where)
                    return None
                return self.group(node, kind, where)
            case VarTupleType(item_type=StructType() as item):
                return [self.group(child, item, where) for child in _items(node, where)]
        if node.children:
            raise _Rejected(f"{where} has nothing below it")
        return _leaf(node.value, kind, where)

    def _check_names(self, node: _Node, kind: StructType, where: str) -> None:
        """The names below a group must be known, even if the group is switched off."""
        for name, child in node.children.items():
            path = f"{where}.{name}"
            group = self._field(kind, name, path)
            if isinstance(group, StructType):
                self._check_names(child, group, path)


def _items(node: _Node, where: str) -> list[_Node]:
    if any(not name.startswith("[") for name in node.children):
        raise _Rejected(f"{where} is a list: number its items")
    return list(node.children.values())


def _leaf(value: str, kind: Type, where: str) -> Any:
    match kind:
        case StrType():
            return value
        case BoolType():
            if value in TRUE or value in FALSE:
                return value in TRUE
            raise _Rejected(f"{where}: {value!r} is neither true nor false")
        case IntType():
            if INTEGER.fullmatch(value) and LEAST <= int(value) <= MOST:
                return int(value)
            raise _Rejected(f"{where}: {value!r} is not an integer")
        case _:
            return [part.strip() for part in value.split(",")] if value else None
