"""Lines of Traefik's access log: requests whose server was not reached, and those it answered.

Source: Traefik's CommonLogFormatter and its JSON access log, v2.10 to v3.7. A status alone does not
distinguish Traefik's own answer from a backend's, so 500 and 503 count only without a server. A
request counts as answered only where that is certain.
"""

from __future__ import annotations

import re
from datetime import datetime

from bot.domain.timestamps import instant
from bot.traefik.domain.log_entry import Entry, moment
from bot.traefik.domain.log_events import (
    Cause,
    Irrelevant,
    LogEvent,
    LogReason,
    Origin,
    ServedRequest,
    UpstreamError,
)

BEGIN = re.compile(r"\S{1,100} - ")
TIMED = '] "'
"""How a line of the common format begins, and what is in every one of them."""

TEXT = r'"[^"]*+"'
COMMON = re.compile(
    r"\S{1,100} - [^\"]{1,100}? \[(?P<time>[^\]\"]{1,40})\] "
    rf"{TEXT} (?P<status>\d{{3}}|-) [^\s\"]{{1,20}}"
    rf"(?: {TEXT} {TEXT} \d{{1,12}} (?P<router>{TEXT}|-) (?P<url>{TEXT}|-) \d{{1,12}}ms)?\s*"
)
"""A whole line, with the fields that Traefik adds at its end. Clients choose the path, the user's
name, the referer and the user agent, and Traefik escapes no quote in them: a line with more quotes
than the format has may say anything, so nothing of it is read."""

GATEWAY = frozenset({499, 502, 504})
"""Statuses of a request that did not get through, even if the server itself sent them."""

OWN = frozenset({500, 503})
"""Statuses of a request that did not get through, if no server was chosen for it."""

DOUBTFUL = GATEWAY | {500}
"""Statuses that Traefik itself gives where a server was chosen: 500 for a certificate, too."""

STAMP = re.compile(r"(\d\d)/(\w{3})/(\d{4}):(\S{8}) ([+-]\d\d)(\d\d)")
NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {name: f"{number:02}" for number, name in enumerate(NAMES, 1)}
JSON_KEYS = ("DownstreamStatus", "RequestMethod")
"""Two fields that every JSON line of the access log has by default."""


def common(line: str) -> LogEvent | None:
    """The event in a line of the common format; None if it is another line."""
    if not BEGIN.match(line) or TIMED not in line:
        return None
    match = COMMON.fullmatch(line)
    if match is None:
        return Irrelevant(LogReason.UNREADABLE)
    router, url = (_value(match[name] or "") for name in ("router", "url"))
    return _event(int(_value(match["status"]) or 0), url, match["time"], router)


def structured(entry: Entry) -> LogEvent | None:
    """The event in a JSON line of the access log; None if it is another line."""
    fields = entry.fields
    if not any(key in fields for key in JSON_KEYS):
        return None
    status = fields.get("DownstreamStatus")
    return _event(
        status if isinstance(status, int) else 0,
        _url(fields.get("ServiceURL")) or entry.text("ServiceAddr"),
        entry.text("StartUTC") or entry.text("time"),
        entry.text("RouterName"),
        entry.text("ServiceName"),
    )


def time_of(stamp: str) -> datetime | None:
    """The time that a line of either format has; None for anything else."""
    return _common_time(stamp) or moment(stamp)


def _event(status: int, address: str, stamp: str, router: str, service: str = "") -> LogEvent:
    """Most requests did not fail, so their time is not read."""
    if status in GATEWAY or (status in OWN and not address):
        return UpstreamError(
            Cause.CANCELLED if status == 499 else Cause.UNTOLD,  # noqa: PLR2004  # nginx's number
            status=status,
            address=address,
            router=router,
            service=service,
            origin=Origin.ACCESS_LOG,
            time=time_of(stamp),
        )
    if router and address and status and status not in DOUBTFUL:
        return ServedRequest(router, stamp)
    return Irrelevant(LogReason.REQUEST)


def _value(quoted: str) -> str:
    text = quoted.strip('"')
    return "" if text == "-" else text


def _url(value: object) -> str:
    """A text, or in other versions Go's url.URL as an object."""
    if isinstance(value, dict):
        scheme, host = value.get("Scheme"), value.get("Host")
        return f"{scheme}://{host}" if isinstance(host, str) and host else ""
    return value if isinstance(value, str) else ""


def _common_time(text: str) -> datetime | None:
    match = STAMP.fullmatch(text)
    if match is None:
        return None
    day, month, year, clock, hours, minutes = match.groups()
    return instant(f"{year}-{MONTHS.get(month)}-{day}T{clock}{hours}:{minutes}")
