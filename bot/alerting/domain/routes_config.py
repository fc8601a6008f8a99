"""What an owner writes of alerts in the settings: which go where, and hours of quiet."""

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
"""Severities by their names: each, and what is worse."""

NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class _Route(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    channel: str | int
    severity: str = "degraded"
    namespaces: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    role: str | int | None = None


def routes(given: str, checks: Collection[str]) -> tuple[AlertRoute, ...]:
    """Routes as a JSON list; the first that fits an incident takes it. `checks` are all names.

    Raises:
        ValueError: It is no such list; the message says where and what is allowed.
    """
    try:
        found = msgspec.json.decode(given, type=tuple[_Route, ...])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        msg = f"it is no JSON list of routes ({str(error)[:200]})"
        raise ValueError(msg) from error
    return tuple(_route(number, route, checks) for number, route in enumerate(found, 1))


def _route(number: int, each: _Route, checks: Collection[str]) -> AlertRoute:
    where = f"route {number}"
    if each.severity not in LEAST:
        msg = f"{where}: {each.severity[:40]!r} is no severity but {' or '.join(LEAST)}"
        raise ValueError(msg)
    for name in each.namespaces:
        if not NAMESPACE.fullmatch(name):
            msg = f"{where}: {name[:80]!r} is no namespace's name"
            raise ValueError(msg)
    for name in each.checks:
        if name not in checks:
            msg = f"{where}: there is no check {name[:40]!r} but {', '.join(sorted(checks))}"
            raise ValueError(msg)
    return AlertRoute(
        channel=_id(where, "channel", each.channel),
        least=LEAST[each.severity],
        namespaces=frozenset(each.namespaces),
        checks=frozenset(each.checks),
        role=None if each.role is None else _id(where, "role", each.role),
    )


def _id(where: str, what: str, given: str | int) -> int:
    if not SNOWFLAKE.fullmatch(str(given)):
        msg = f"{where}: {str(given)[:40]!r} is no id of a {what}: right-click it and copy its id"
        raise ValueError(msg)
    return int(given)


def quiet_hours(given: str) -> Quiet:
    """The hours that somebody wrote, `22-7 Europe/Berlin`.

    Raises:
        ValueError: They cannot be read.
    """
    found = re.fullmatch(r"(\d{1,2})-(\d{1,2})\s+([\w+/-]{1,60})", given.strip(), re.ASCII)
    hours = [int(found[1]), int(found[2])] if found else []
    if not found or max(hours) >= HOURS or hours[0] == hours[1]:
        msg = "it is two different hours from 0 to 23 and a time zone"
        raise ValueError(msg)
    try:
        zone = ZoneInfo(found[3])
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        msg = f"{found[3]!r} is no time zone that is known here"
        raise ValueError(msg) from error
    return Quiet(hours[0], hours[1], zone)
