"""From JSON bytes to objects, so that one bad field does not lose an object or a page.

A page is decoded in one go. Only where that fails, each item is decoded alone, and a bad item is
repaired: nulls count as absent, what is too long is cut, and a field of the wrong type is left out.
What was cut or left out is named in `malformed`, so that the object is never judged healthy.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Generic, TypeVar, cast

import msgspec

from bot.domain.resources.base import Object
from bot.domain.resources.cutting import within
from bot.domain.resources.kept_metadata import keep_read
from bot.domain.resources.limits import FAULT, FAULTS

T = TypeVar("T", bound=Object)

DEEPEST = 64
"""Levels of JSON that are read. No field of a kind is so deep; the decoder gives up below 500."""

_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
"""A string, in which brackets mean nothing, or a bracket."""


class ListMeta(msgspec.Struct, rename="camel", frozen=True):
    """`metadata` of a list: where the next page starts, and the version to watch from."""

    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class ListPage(msgspec.Struct, Generic[T]):
    """One page of a list."""

    metadata: ListMeta
    items: tuple[T, ...] = ()


class _RawPage(msgspec.Struct, frozen=True):
    metadata: ListMeta
    items: tuple[msgspec.Raw, ...] | None = None


def decode_page(body: bytes, kind: type[T]) -> ListPage[T]:
    """One page of a list of `kind`.

    Raises:
        msgspec.DecodeError: The body is not JSON, or not a list at all.
    """
    try:
        return _page(body, kind)
    except RecursionError:
        return _page(shallow(body), kind)


def decode_object(body: bytes, kind: type[T]) -> T:
    """One object of `kind`, repaired where it must be.

    Raises:
        msgspec.DecodeError: The body is not JSON.
    """
    try:
        return _object(body, kind)
    except RecursionError:
        return _object(shallow(body), kind)


def read_object(plain: object, kind: type[T]) -> T:
    """An object from plain dicts and lists, such as those of YAML, repaired where it must be."""
    if not isinstance(plain, dict):
        return kind(malformed=(f"$: an object is expected, not {type(plain).__name__}",))
    fields, errors = within(plain, kind)
    while len(errors) < FAULTS:
        try:
            read: T = msgspec.convert(fields, kind)
        except msgspec.ValidationError as error:
            errors.append(str(error)[:FAULT])
            _forget(fields, str(error))
        else:
            return _malformed(read, errors)
    return _malformed(msgspec.convert({"metadata": _name_alone(plain)}, kind), errors)


def shallow(body: bytes) -> bytes:
    """JSON without what is nested deeper than any field of a kind: null stands for it."""
    parts: list[bytes] = []
    depth, done = 0, 0
    for token in _BRACKET.finditer(body):
        sign = token[0]
        if sign in b"[{":
            depth += 1
            if depth == DEEPEST + 1:
                parts += [body[done : token.start()], b"null"]
        elif sign in b"]}":
            depth -= 1
            if depth == DEEPEST:
                done = token.end()
    return b"".join([*parts, body[done:]])


def _page(body: bytes, kind: type[T]) -> ListPage[T]:
    try:
        page = cast("ListPage[T]", _decoder(ListPage[kind]).decode(body))  # type: ignore[valid-type]
    except msgspec.ValidationError:
        raw = msgspec.json.decode(body, type=_RawPage)
        return ListPage(raw.metadata, tuple(_object(bytes(i), kind) for i in raw.items or ()))
    for resource in page.items:
        _keep_read(resource)
    return page


def _object(body: bytes, kind: type[T]) -> T:
    try:
        resource = cast("T", _decoder(kind).decode(body))
    except msgspec.ValidationError:
        resource = read_object(msgspec.json.decode(body), kind)
    return _keep_read(resource)


def _keep_read(resource: T) -> T:
    if cut := keep_read(resource):
        msgspec.structs.force_setattr(resource, "malformed", (*resource.malformed, *cut))
    return resource


def _malformed(resource: T, errors: list[str]) -> T:
    if not errors:
        return resource
    return msgspec.structs.replace(resource, malformed=(*resource.malformed, *errors))


@cache
def _decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type_)


def _forget(plain: dict[str, Any], error: str) -> None:
    """Take the offending field out: the path up to its first list or map element."""
    path = error.rpartition("`$")[2].rstrip("`") if "`$" in error else ""
    steps = [step for step in path.partition("[")[0].split(".") if step]
    if not steps:
        plain.clear()
        return
    *parents, last = steps
    for parent in parents:
        plain = plain[parent]
    plain.pop(last, None)


def _name_alone(plain: dict[str, Any]) -> dict[str, str]:
    meta = plain.get("metadata")
    fields = meta if isinstance(meta, dict) else {}
    names = {key: fields.get(key) for key in ("name", "namespace")}
    return {key: name for key, name in names.items() if isinstance(name, str)}
