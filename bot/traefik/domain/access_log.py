"""Lines of Traefik's access log: requests whose server was not reached.

Source: Traefik's CommonLogFormatter and its JSON access log, v2.10 to v3.7. A status alone does not
distinguish Traefik's own answer from a backend's, so 500 and 503 count only without a server.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.traefik.domain.log_entry import Entry, moment
from bot.traefik.domain.log_events import (
    Cause,
    Irrelevant,
    LogEvent,
    LogReason,
    Origin,
    UpstreamError,
)

COMMON = re.compile(
    r"\S{1,100} - .{1,100}? \[(?P<time>[^\]]{1,40})\] \"[^\"]*+\" (?P<status>\d{3}|-) \S{1,20}"
    r"(?P<rest>.*)"
)
TRAEFIKS_END = re.compile(r""" (?P<router>"[^"]*+"|-) (?P<url>"[^"]*+"|-) \d{1,12}ms\s*$""")
"""The end of the line that Traefik adds to the common format."""

GATEWAY = frozenset({499, 502, 504})
"""Statuses of a request that did not get through, even if the server itself sent them."""

OWN = frozenset({500, 503})
"""Statuses of a request that did not get through, if no server was chosen for it."""

STAMP = "%d/%b/%Y:%H:%M:%S %z"
JSON_KEYS = ("DownstreamStatus", "RequestMethod")
"""Two fields that every JSON line of the access log has by default."""


def common(line: str) -> LogEvent | None:
    """The event in a line of the common format; None if it is another line."""
    match = COMMON.match(line)
    if match is None:
        return None
    end = TRAEFIKS_END.search(match["rest"][-2000:])
    router, url = map(_value, end.groups()) if end else ("", "")
    status = int(_value(match["status"]) or 0)
    if not _failed(status, url):
        return Irrelevant(LogReason.REQUEST)
    return _error(status, url, router=router, time=_stamp(match["time"]))


def structured(entry: Entry) -> LogEvent | None:
    """The event in a JSON line of the access log; None if it is another line."""
    fields = entry.fields
    if not any(key in fields for key in JSON_KEYS):
        return None
    status = fields.get("DownstreamStatus")
    address = _url(fields.get("ServiceURL")) or entry.text("ServiceAddr")
    if not isinstance(status, int) or not _failed(status, address):
        return Irrelevant(LogReason.REQUEST)
    return _error(
        status,
        address,
        router=entry.text("RouterName"),
        service=entry.text("ServiceName"),
        time=moment(fields.get("StartUTC")) or moment(fields.get("time")),
    )


def _failed(status: int, address: str) -> bool:
    return status in GATEWAY or (status in OWN and not address)


def _error(
    status: int, address: str, *, router: str, time: datetime | None, service: str = ""
) -> UpstreamError:
    return UpstreamError(
        Cause.CANCELLED if status == 499 else Cause.UNTOLD,  # noqa: PLR2004  # nginx's number
        status=status,
        address=address,
        router=router,
        service=service,
        origin=Origin.ACCESS_LOG,
        time=time,
    )


def _value(quoted: str) -> str:
    text = quoted.strip('"')
    return "" if text == "-" else text


def _url(value: object) -> str:
    """A text, or in other versions Go's url.URL as an object."""
    if isinstance(value, dict):
        scheme, host = value.get("Scheme"), value.get("Host")
        return f"{scheme}://{host}" if isinstance(host, str) and host else ""
    return value if isinstance(value, str) else ""


def _stamp(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, STAMP).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
