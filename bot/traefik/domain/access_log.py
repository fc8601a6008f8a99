"""Lines of Traefik's access log: requests whose server was not reached.

Source: Traefik's CommonLogFormatter and its JSON access log, v2.10 to v3.7. A status alone does not
tell Traefik's own answer from a backend's, so 500 and 503 count only where no server was asked.
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
"""Statuses of a request that did not get through, whoever answered them."""

OWN = frozenset({500, 503})
"""The same only where no server had been asked."""

STAMP = "%d/%b/%Y:%H:%M:%S %z"
JSON_KEYS = ("DownstreamStatus", "RequestMethod")
"""Two fields that every JSON line of the access log has by default."""


def common(line: str) -> LogEvent | None:
    """A line in the common format, or None where it is none."""
    found = COMMON.match(line)
    if found is None:
        return None
    own = TRAEFIKS_END.search(found["rest"][-2000:])
    router, url = map(_said, own.groups()) if own else ("", "")
    status = int(_said(found["status"]) or 0)
    if not _failed(status, url):
        return Irrelevant(LogReason.REQUEST)
    return _error(status, url, router=router, time=_stamp(found["time"]))


def structured(entry: Entry) -> LogEvent | None:
    """A line in JSON, or None where it is not of the access log."""
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


def _said(quoted: str) -> str:
    text = quoted.strip('"')
    return "" if text == "-" else text


def _url(value: object) -> str:
    """A text, or Go's url.URL as an object, by version."""
    if isinstance(value, dict):
        scheme, host = value.get("Scheme"), value.get("Host")
        return f"{scheme}://{host}" if isinstance(host, str) and host else ""
    return value if isinstance(value, str) else ""


def _stamp(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, STAMP).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
