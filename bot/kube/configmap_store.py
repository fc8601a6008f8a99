"""What the bot keeps in the cluster: one ConfigMap for each record, in its Lease's namespace.

    await state.change(MUTES, lambda kept: (kept or Mutes()).with_one(mute))

A change is a compare-and-set on the version that it was made from, repeated after a conflict. What
is stored already is not written again. Only the leader writes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from bot.domain import record
from bot.domain.election import Leadership
from bot.domain.record import PREFIX, RecordType, TooLarge, Unreadable
from bot.errors import Absent, ClusterError, Conflict, Invalid, NotLeading, StateError
from bot.kube.client import Api
from bot.kube.paths import path

T = TypeVar("T")

KEY = "record"
LABELS = {"app.kubernetes.io/managed-by": "meshmedic"}

QUICK = 5.0
"""Seconds for one request: less than the time that a lease outlives its last renewal."""

TURNS = 5
"""Attempts of one change; each fails only where another process wrote in between."""

NOT_LEADING = (
    "Nothing was changed: this process cannot be sure that it is the one that acts, as another "
    "holds the Lease or the API server does not answer. Try again in a minute."
)

FULL = (
    "The {title} is full or locked, so the {name} was not kept: {error} Delete it ({delete}): it "
    "is created again, and its content is lost."
)
NEWER = (
    "The {title} was written by a newer meshmedic, so the {name} was not kept. Run that version "
    "again, or delete it ({delete})."
)


class _ConfigMap(msgspec.Struct, frozen=True):
    metadata: dict[str, Any]
    data: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Stored(Generic[T]):
    """A record as it stands in the cluster; no value where there is none that can be read."""

    value: T | None
    text: str = ""
    body: dict[str, Any] | None = None
    newer: bool = False


class ConfigMapStore:
    """The records of one bot."""

    def __init__(self, api: Api, namespace: str, leadership: Leadership) -> None:
        self._api = api
        self._path = path("/api/v1/namespaces", namespace, "configmaps")
        self._namespace = namespace
        self._leadership = leadership

    async def read(self, record_type: RecordType[T]) -> T | None:
        """A record; None where there is none of this version.

        Raises:
            ClusterError: It cannot be read.
        """
        return (await self._stored(record_type)).value

    async def change(
        self, record_type: RecordType[T], change: Callable[[T | None], T]
    ) -> tuple[T | None, T]:
        """Replace the stored value by what `change` makes of it: the old value and the new one.

        `change` is called again after each conflict.

        Raises:
            NotLeading: Another process may be acting: nothing was written.
            StateError: It does not fit, or a newer meshmedic keeps it: nothing was written.
            ClusterError: The API server refused it, or the outcome is unknown.
        """
        for _ in range(TURNS):
            stored = await self._stored(record_type)
            value = change(stored.value)
            try:
                await self._write(record_type, stored, value)
            except Conflict:
                continue
            return stored.value, value
        title = f"ConfigMap {self._namespace}/{_name(record_type)}"
        msg = f"The {title} was changed by somebody else {TURNS} times in a row."
        raise Conflict(msg)

    async def _stored(self, record_type: RecordType[T]) -> _Stored[T]:
        try:
            body = await self._api.get(path(self._path, _name(record_type)), total=QUICK)
            data = msgspec.json.decode(body, type=_ConfigMap).data or {}
            manifest = msgspec.json.decode(body, type=dict[str, Any])
        except Absent:
            return _Stored(None)
        except msgspec.MsgspecError:
            raise ClusterError("What the API server sent is not a ConfigMap.") from None
        text = data.get(KEY, "")
        value = record.read(record_type, text)
        if isinstance(value, Unreadable):
            return _Stored(None, text, manifest, newer=value.newer)
        return _Stored(value, text, manifest)

    async def _write(self, record_type: RecordType[T], stored: _Stored[T], value: T) -> None:
        text = record.written(record_type, value)
        if isinstance(text, TooLarge):
            msg = (
                f"The {record_type.name} was not kept: it has {text.size // 1024} KiB, and "
                f"{text.most // 1024} KiB of a ConfigMap are for it. What was kept before stays."
            )
            raise StateError(msg)
        if text == stored.text:
            return
        if stored.newer:
            raise self._unwritable(NEWER, record_type)
        if not self._leadership.may_act():
            raise NotLeading(NOT_LEADING)
        try:
            await self._send(record_type, stored.body, text)
        except Invalid as error:
            raise self._unwritable(FULL, record_type, error) from error

    async def _send(
        self, record_type: RecordType[T], body: dict[str, Any] | None, text: str
    ) -> None:
        """Create it, or replace exactly the version that was read and keep its other fields."""
        metadata = {"name": _name(record_type), "namespace": self._namespace, "labels": LABELS}
        manifest = body or {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        sent = manifest | {"data": (manifest.get("data") or {}) | {KEY: text}}
        method, at = ("PUT", path(self._path, _name(record_type))) if body else ("POST", self._path)
        await self._api.send(method, at, sent, total=QUICK)

    def _unwritable(self, why: str, record_type: RecordType[T], error: object = "") -> StateError:
        name, namespace = _name(record_type), self._namespace
        title = f"ConfigMap {namespace}/{name}"
        delete = f"kubectl -n {namespace} delete configmap {name}"
        return StateError(
            why.format(title=title, name=record_type.name, delete=delete, error=error)
        )


def _name(record_type: RecordType[T]) -> str:
    return PREFIX + record_type.name
