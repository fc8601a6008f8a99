"""How heavy an object is once it is decoded: many short texts may weigh as much as a long one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from bot.domain.resources.base import Meta, Object

T = TypeVar("T", bound=Object)

HEAVY = "$: heavier than"

_ENCODER = msgspec.json.Encoder()


def weight(resource: Object) -> int:
    """Bytes of what is kept of an object, as JSON."""
    return len(_ENCODER.encode(resource))


def weight_of_all(resources: Sequence[Object]) -> int:
    """The sum of their weights."""
    return len(_ENCODER.encode(resources)) - len(resources) - 1


def light(resource: T) -> T:
    """The object, or its name alone where it is heavier than one of its kind may be."""
    return resource if weight(resource) <= resource.weight else name_alone(resource)


def name_alone(resource: T, most: int | None = None) -> T:
    """An object of which nothing but the name is known, since it has more than `most` bytes."""
    meta = Meta(name=resource.name, namespace=resource.namespace)
    why = f"{HEAVY} {most or resource.weight:,} bytes"
    kind = type(resource)
    return kind(api_version=resource.api_version, metadata=meta, malformed=(why,))


def is_name_alone(resource: Object) -> bool:
    """Whether nothing but its name is known."""
    return resource.malformed[:1] != () and resource.malformed[0].startswith(HEAVY)
