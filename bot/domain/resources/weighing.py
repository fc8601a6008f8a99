"""How heavy an object is once it is decoded: many short texts may weigh as much as a long one."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from bot.domain.resources.base import Meta, Object

T = TypeVar("T", bound=Object)

_ENCODER = msgspec.json.Encoder()


def weight(resource: Object) -> int:
    """Bytes of what is kept of an object, as JSON."""
    return len(_ENCODER.encode(resource))


def name_alone(resource: T, why: str) -> T:
    """The object by its name, with the reason why nothing else of it is known."""
    meta = Meta(name=resource.name, namespace=resource.namespace)
    kind = type(resource)
    return kind(api_version=resource.api_version, metadata=meta, malformed=(why,))


def light(resource: T) -> T:
    """The object, or its name alone where it is heavier than one of its kind may be."""
    if weight(resource) <= resource.weight:
        return resource
    return name_alone(resource, f"$: heavier than {resource.weight:,} bytes")
