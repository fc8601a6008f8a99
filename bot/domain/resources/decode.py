"""From JSON bytes to objects, so that one bad field does not lose an object or a page.

A page is decoded in one go. Only where that fails, each item is decoded alone, and a bad item is
repaired: nulls count as absent, and a field of the wrong type is left out and named in
`malformed`, so that the object is never judged healthy.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Generic, TypeVar, cast

import msgspec

from bot.domain.resources.base import Object

T = TypeVar("T", bound=Object)

MAX_REPAIRS = 50
"""With more wrong fields than this, only the name of the object is kept."""


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
        return cast("ListPage[T]", _decoder(ListPage[kind]).decode(body))  # type: ignore[valid-type]
    except msgspec.ValidationError:
        page = msgspec.json.decode(body, type=_RawPage)
        items = tuple(decode_object(bytes(item), kind) for item in page.items or ())
        return ListPage(page.metadata, items)


def decode_object(body: bytes, kind: type[T]) -> T:
    """One object of `kind`, repaired where it must be.

    Raises:
        msgspec.DecodeError: The body is not JSON.
    """
    try:
        return cast("T", _decoder(kind).decode(body))
    except msgspec.ValidationError:
        return read_object(msgspec.json.decode(body), kind)


def read_object(plain: object, kind: type[T]) -> T:
    """An object from plain dicts and lists, such as those of YAML, repaired where it must be."""
    if not isinstance(plain, dict):
        return kind(malformed=(f"$: an object is expected, not {type(plain).__name__}",))
    fields: dict[str, Any] = _without_nulls(plain)
    errors: list[str] = []
    while len(errors) < MAX_REPAIRS:
        try:
            read: T = msgspec.convert(fields, kind)
        except msgspec.ValidationError as error:
            errors.append(str(error))
            _forget(fields, str(error))
        else:
            return msgspec.structs.replace(read, malformed=tuple(errors)) if errors else read
    bare = msgspec.convert({"metadata": _name_alone(plain)}, kind)
    return msgspec.structs.replace(bare, malformed=tuple(errors))


@cache
def _decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type_)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value


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
