"""The priority of chosen routes of an IngressRoute: while an Ingress hands over, one higher.

Its value is a list of `{route, match, priority}`: the route's number, its rule (so that a list
which somebody reordered is seen), and a number or null for no field.
"""

from __future__ import annotations

from typing import Any

from bot.remediation.change.fields.place import ROUTES, Field, Manifest, are, put, route

FIELD = "priority"


def _read(live: Manifest, known: Any) -> object:
    found = []
    for entry in known:
        there = route(live, entry["route"])
        found.append({**entry, "match": there.get("match"), FIELD: there.get(FIELD)})
    return found


def _write(made: Manifest, value: Any) -> None:
    for entry in value:
        put(route(made, entry["route"]), FIELD, entry[FIELD])


def _mistake(value: Any) -> str:
    fits = are(value, ("route",), "match", FIELD, int)
    return "" if fits else "It is no list of routes with a priority."


def _where(value: Any) -> object:
    return [(entry["route"], entry["match"]) for entry in value]


PLACE = Field(ROUTES, _read, _mistake, _write, _where)
