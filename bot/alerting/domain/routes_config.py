"""The settings of alerts: routes and quiet hours."""

from __future__ import annotations

import re
from collections.abc import Collection
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from bot.alerting.domain.rules import AlertRoute, Quiet
from bot.domain.verdict import Verdict

HOURS = 24
SNOWFLAKE = re.compile(r"\d{15,20}")
LEAST = {"degraded": Verdict.DEGRADED, "failed": Verdict.FAILED}
"""The mildest verdict of each severity."""

NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class _Route(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    channel: str | int
    severity: str = "degraded"
    namespaces: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    role: str | int | None = None


def routes(text: str, checks: Collection[str]) -> tuple[AlertRoute, ...]:
    """Read a JSON list of routes. `checks` are the names of all checks.

    Raises:
        ValueError: It cannot be read; the message says where, and what is allowed.
    """
    try:
        parsed = msgspec.json.decode(text, type=tuple[_Route, ...])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        msg = f"it is not a JSON list of routes ({str(error)[:200]})"
        raise ValueError(msg) from error
    return tuple(_route(number, route, checks) for number, route in enumerate(parsed, 1))


def _route(number: int, route: _Route, checks: Collection[str]) -> AlertRoute:
    where = f"route {number}"
    if route.severity not in LEAST:
        msg = f"{where}: {route.severity[:40]!r} is not a severity: write {' or '.join(LEAST)}"
        raise ValueError(msg)
    for name in route.namespaces:
        if not NAMESPACE.fullmatch(name):
            msg = f"{where}: {name[:80]!r} is not the name of a namespace"
            raise ValueError(msg)
    for name in route.checks:
        if name not in checks:
            msg = f"{where}: there is no check {name[:40]!r} but {', '.join(sorted(checks))}"
            raise ValueError(msg)
    return AlertRoute(
        channel=_id(where, "channel", route.channel),
        least=LEAST[route.severity],
        namespaces=frozenset(route.namespaces),
        checks=frozenset(route.checks),
        role=None if route.role is None else _id(where, "role", route.role),
    )


def _id(where: str, field: str, value: str | int) -> int:
    if not SNOWFLAKE.fullmatch(str(value)):
        msg = (
            f"{where}: {str(value)[:40]!r} is not the id of a {field}: right-click it, copy the id"
        )
        raise ValueError(msg)
    return int(value)


def quiet_hours(text: str) -> Quiet:
    """Read hours such as `22-7 Europe/Berlin`.

    Raises:
        ValueError: They cannot be read.
    """
    match = re.fullmatch(r"(\d{1,2})-(\d{1,2})\s+([\w+/-]{1,60})", text.strip(), re.ASCII)
    hours = [int(match[1]), int(match[2])] if match else []
    if not match or max(hours) >= HOURS or hours[0] == hours[1]:
        msg = "it is two different hours from 0 to 23 and a time zone"
        raise ValueError(msg)
    try:
        zone = ZoneInfo(match[3])
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        msg = f"{match[3]!r} is not a time zone that this system knows"
        raise ValueError(msg) from error
    return Quiet(hours[0], hours[1], zone)
