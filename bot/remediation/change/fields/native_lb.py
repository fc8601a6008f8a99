"""nativeLB of chosen services of an IngressRoute.

Its value is a list of `{route, service, name, nativeLB}`: the numbers of the route and of the
service in it, the Service's name, and true, false or null for no field. The name is there so that
a list which somebody reordered is seen.
"""

from __future__ import annotations

from typing import Any

from bot.remediation.change.fields.place import ROUTES, Field, Manifest, are, put, route
from bot.routing.native_lb import FIELD


def _read(live: Manifest, known: Any) -> object:
    found = []
    for entry in known:
        service = _service(live, entry)
        there = {"name": service.get("name"), FIELD: service.get(FIELD)}
        found.append({**entry, **there})
    return found


def _write(made: Manifest, value: Any) -> None:
    for entry in value:
        put(_service(made, entry), FIELD, entry[FIELD])


def _service(live: Manifest, at: Manifest) -> Manifest:
    services = route(live, at["route"]).get("services") or []
    found: Manifest = services[at["service"]] if at["service"] < len(services) else {}
    return found


def _mistake(value: Any) -> str:
    fits = are(value, ("route", "service"), "name", FIELD, bool)
    return "" if fits else "It is no list of services with nativeLB."


def _where(value: Any) -> object:
    return [(entry["route"], entry["service"], entry["name"]) for entry in value]


PLACE = Field(ROUTES, _read, _mistake, _write, _where)
