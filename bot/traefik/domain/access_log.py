"""Lines of Traefik's access log: requests whose server was not reached.

Source: Traefik's CommonLogFormatter and its JSON access log, v2.10 to v3.7. A status alone does not
tell Traefik's own answer from a backend's, so 500 and 503 count only where no server was asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from bot.traefik.domain.log_entry import moment
from bot.traefik.domain.log_events import Cause, Irrelevant, LogReason, Origin, Told, UpstreamError

COMMON = re.compile(
    r"\S{1,100} - .{1,100}? \[(?P<time>[^\]]{1,40})\] \"[^\"]*+\" (?P<status>\d{3}|-) \S{1,20}"
    r"(?P<rest>.*)"
)
OURS = re.compile(r""" (?P<router>"[^"]*+"|-) (?P<url>"[^"]*+"|-) \d{1,12}ms\s*$""")
"""The end of the line that Traefik adds to the common format."""

GATEWAY = frozenset({499, 502, 504})
"""Statuses of a request that did not get through, whoever answered them."""

OWN = frozenset({500, 503})
"""The same only where no server had been asked."""

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
STAMP = re.compile(r"(\d\d)/(\w{3})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
JSON_KEYS = ("DownstreamStatus", "RequestMethod")
"""Two fields that every JSON line of the access log has by default."""


def common(line: str) -> Told | None:
    """A line in the common format, or None where it is none."""
    found = COMMON.match(line)
    if found is None or not (found["status"].isdigit() or found["status"] == "-"):
        return None
    ours = OURS.search(found["rest"][-2000:])
    status = int(found["status"]) if found["status"].isdigit() else 0
    router, url = (ours["router"].strip('"'), ours["url"].strip('"')) if ours else ("", "")
    return _judged(
        status, "" if router == "-" else router, "" if url == "-" else url, _stamp(found["time"])
    )


def structured(fields: Mapping[str, Any]) -> Told | None:
    """A line in JSON, or None where it is not of the access log."""
    if not any(key in fields for key in JSON_KEYS):
        return None
    status = fields.get("DownstreamStatus")
    return _judged(
        status if isinstance(status, int) else 0,
        _word(fields, "RouterName"),
        _url(fields.get("ServiceURL")) or _word(fields, "ServiceAddr"),
        moment(fields.get("StartUTC")) or moment(fields.get("time")),
        _word(fields, "ServiceName"),
    )


def _judged(
    status: int, router: str, address: str, time: datetime | None, service: str = ""
) -> Told:
    if status not in GATEWAY and not (status in OWN and not address):
        return Irrelevant(LogReason.REQUEST)
    return UpstreamError(
        Cause.CANCELLED if status == 499 else Cause.UNTOLD,  # noqa: PLR2004  # nginx's number
        status=status,
        address=address,
        router=router,
        service=service,
        origin=Origin.ACCESS_LOG,
        time=time,
    )


def _url(value: object) -> str:
    """A text, or Go's url.URL as an object, by version."""
    if isinstance(value, dict):
        scheme, host = value.get("Scheme"), value.get("Host")
        return f"{scheme}://{host}" if isinstance(host, str) and host else ""
    return value if isinstance(value, str) else ""


def _word(fields: Mapping[str, Any], key: str) -> str:
    value = fields.get(key)
    return value if isinstance(value, str) else ""


def _stamp(text: str) -> datetime | None:
    found = STAMP.fullmatch(text)
    if found is None or found[2] not in MONTHS:
        return None
    day, _, year, hour, minute, second, sign, hours, minutes = found.groups()
    away = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        zone = timezone(away if sign == "+" else -away)
        month = MONTHS.index(found[2]) + 1
        made = datetime(int(year), month, int(day), int(hour), int(minute), int(second), 0, zone)
        return made.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
