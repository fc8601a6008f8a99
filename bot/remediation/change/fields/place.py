"""What a place is, and what its files share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.domain.resources.registry import TRAEFIK

Manifest = dict[str, Any]
"""An object as JSON has it, of a shape that an API server took."""

ROUTES = frozenset((group, "IngressRoute") for group in TRAEFIK)

FURTHEST = 1000
"""Routes or services of one object: whoever names a further one means no object of ours."""


class Action(StrEnum):
    """What a step does. Source: deploy/base/change-crd.yaml."""

    ANNOTATE_SERVICE = "annotate-service"
    PAUSE_RECONCILING = "pause-reconciling"
    SET_NATIVE_LB = "set-native-lb"
    CREATE_INGRESSROUTE = "create-ingressroute"
    SET_PRIORITY = "set-priority"
    RELEASE_CERTIFICATE = "release-certificate"
    DELETE_INGRESS = "delete-ingress"
    OPEN_PULL_REQUEST = "open-pull-request"


@dataclass(frozen=True, slots=True)
class Field:
    """Where an action writes, in objects of these (group, kind).

    `read` gives what is there, in the shape of a value that is known. `write` puts a value into a
    copy; None where the place is the whole object. `mistake` says why a value is none of its own,
    and `where` what a value without a mistake is about: the same before and after.
    """

    kinds: frozenset[tuple[str, str]]
    read: Callable[[Manifest, Any], object]
    mistake: Callable[[Any], str]
    write: Callable[[Manifest, Any], None] | None = None
    where: Callable[[Any], object] = lambda _value: None


def route(live: Manifest, number: int) -> Manifest:
    """The route with that number; empty where there is none."""
    routes = (live.get("spec") or {}).get("routes") or []
    found: Manifest = routes[number] if number < len(routes) else {}
    return found


def put(part: Manifest, key: str, value: object) -> None:
    """Set a field; None is no field at all."""
    part.pop(key, None)
    if value is not None:
        part[key] = value


def are(value: Any, numbers: tuple[str, ...], text: str, field: str, type_: type) -> bool:
    """Whether it is a list of places, each with a value of that type or none."""
    keys = {*numbers, text, field}
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(entry, dict) and entry.keys() == keys for entry in value)
        and all(type(entry[key]) is int for entry in value for key in numbers)
        and all(0 <= entry[key] < FURTHEST for entry in value for key in numbers)
        and all(isinstance(entry[text], str) for entry in value)
        and all(entry[field] is None or type(entry[field]) is type_ for entry in value)
        and len({tuple(entry[key] for key in numbers) for entry in value}) == len(value)
    )
