"""The forms in which a reader may ask for objects: whole, metadata alone, or as a table.

Source: Kubernetes API concepts, "Receiving resources as Tables" and "Metadata-only fetches".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any

import msgspec

from bot.sandbox.kubernetes_api.served import Resource
from bot.sandbox.kubernetes_api.status import ApiError
from bot.sandbox.kubernetes_api.stored import Stored

_META = b'{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":%b}'
_META_V1 = "meta.k8s.io/v1"
_COLUMNS = [
    {"name": name, "type": "string", "format": form, "description": description, "priority": 0}
    for name, form, description in (
        ("Name", "name", "Name must be unique within a namespace."),
        ("Age", "", "Time since the object was created."),
    )
]


class Shape(Enum):
    """How objects are rendered."""

    WHOLE = auto()
    METADATA = auto()
    TABLE = auto()


_SHAPES = {
    "": Shape.WHOLE,
    "PartialObjectMetadata": Shape.METADATA,
    "PartialObjectMetadataList": Shape.METADATA,
    "Table": Shape.TABLE,
}


def media_ranges(accept: str) -> Iterable[tuple[str, dict[str, str]]]:
    """The media ranges of an Accept header in its order, each with its parameters."""
    for part in (accept or "*/*").split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        yield media, dict(parameter.partition("=")[::2] for parameter in parameters)


def negotiate(accept: str) -> Shape:
    """The first form in an Accept header that this server has; protobuf and YAML it has not.

    Raises:
        ApiError: 406.
    """
    for media, parameters in media_ranges(accept):
        shape = _SHAPES.get(parameters.get("as", ""))
        foreign = parameters.get("g", "meta.k8s.io") != "meta.k8s.io"
        if media in ("application/json", "application/*", "*/*") and shape and not foreign:
            return shape
    raise ApiError(406)


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders objects of one resource, in one version of its group, in one shape."""

    resource: Resource
    version: str
    shape: Shape
    now: datetime

    @property
    def api_version(self) -> str:
        """`apiVersion` of the objects."""
        return self.resource.api_version(self.version)

    def render(self, item: Stored) -> bytes:
        """An object as it is got or watched: always with its type."""
        match self.shape:
            case Shape.WHOLE:
                return item.typed(self.api_version, self.resource.kind)
            case Shape.METADATA:
                return _META % item.metadata
            case Shape.TABLE:
                return self.render_list((item,), {"resourceVersion": str(item.version)})

    def render_list(self, items: Iterable[Stored], metadata: dict[str, Any]) -> bytes:
        """A list. As in a real one, items of built-in kinds do not repeat their type."""
        rendered = b",".join(map(self._listed, items))
        return b"".join((self._opening(metadata), rendered, b"]}"))

    def bookmark(self, version: int, *, ends_initial: bool = False) -> bytes:
        """An object that carries a resourceVersion alone, with the nulls a real one has."""
        metadata: dict[str, Any] = {"resourceVersion": str(version)}
        if ends_initial:
            metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
        if self.shape is Shape.TABLE:
            return self.render_list((), metadata)
        obj: dict[str, Any] = {"kind": "PartialObjectMetadata", "apiVersion": _META_V1}
        if self.shape is Shape.WHOLE:
            obj = {"kind": self.resource.kind, "apiVersion": self.api_version}
            if self.resource.builtin:
                metadata["creationTimestamp"] = None
            if self.resource.qualified == "pods":
                obj |= {"spec": {"containers": None}, "status": {}}
        return msgspec.json.encode({**obj, "metadata": metadata})

    def _opening(self, metadata: dict[str, Any]) -> bytes:
        head: dict[str, Any] = {"kind": "", "apiVersion": _META_V1, "metadata": metadata}
        field = b"items"
        match self.shape:
            case Shape.WHOLE:
                head |= {"kind": f"{self.resource.kind}List", "apiVersion": self.api_version}
            case Shape.METADATA:
                head["kind"] = "PartialObjectMetadataList"
            case Shape.TABLE:
                head |= {"kind": "Table", "columnDefinitions": _COLUMNS}
                field = b"rows"
        return b'%b,"%b":[' % (msgspec.json.encode(head)[:-1], field)

    def _listed(self, item: Stored) -> bytes:
        match self.shape:
            case Shape.WHOLE if self.resource.builtin:
                return item.body
            case Shape.TABLE:
                cells = msgspec.json.encode([item.name, age(item.created, self.now)])
                return b'{"cells":%b,"object":%b}' % (cells, _META % item.metadata)
            case _:
                return self.render(item)


def age(created: str, now: datetime) -> str:
    """Time since a creationTimestamp as kubectl writes it: `90s`, `15m`, `30h`, `12d`."""
    try:
        since = datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return "<unknown>"
    seconds = int((now - since).total_seconds())
    for unit, length, most in (("s", 1, 120), ("m", 60, 180), ("h", 3600, 48)):
        if seconds // length < most:
            return f"{seconds // length}{unit}"
    return f"{seconds // 86400}d"
