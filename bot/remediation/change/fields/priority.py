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
    for each in known:
        there = route(live, each["route"])
        found.append({**each, "match": there.get("match"), FIELD: there.get(FIELD)})
    return found


def _write(made: Manifest, value: Any) -> None:
    for each in value:
        put(route(made, each["route"]), FIELD, each[FIELD])


def _mistake(value: Any) -> str:
    fits = are(value, ("route",), "match", FIELD, int)
    return "" if fits else "It is no list of routes with a priority."


def _where(value: Any) -> object:
    return [(each["route"], each["match"]) for each in value]


PLACE = Field(ROUTES, _read, _mistake, _write, _where)
