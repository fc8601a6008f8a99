"""Splits a line of Traefik's log, in any format, into time, level, message and fields.

Source: logrus (Traefik v2: text, text in colours, JSON) and zerolog (v3: console, JSON). Both are
unwrapped from what Docker, CRI, Compose and kubectl add to a line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from bot.domain.timestamps import instant

ANSI = re.compile(r"\x1b\[[0-9;]{0,32}[A-Za-z]")
WRAPPINGS = 3
"""How often a line may be wrapped, such as a file of Docker's that another tool shipped."""

WRAPPED = re.compile(
    r"\A(?:\S{1,200}\s{1,40}\|\s|\[pod/\S{1,300}\]\s|\S{10,40}\s(?:stdout|stderr)\s[FP]\s"
    r"|\d{4}-\d\d-\d\dT\S{1,30}\s"
    r"""(?=time="|\{|\d{4}-\d\d-\d\dT|[A-Z]{4}\[|\S{1,100} - .{1,100}? \[)"""
    # A time that ends where the line begins, and the beginning of the journal's lines
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})? ?(?:Z|UTC|[+-]\d\d:?\d\d)?\s?"
    r"""(?=time="|level=|\{|\d{4}-\d\d-\d\dT|[A-Z]{4}\[|[EWIF]\d{4} )"""
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S{1,100} [^\s:]{1,100}: "
    # The names of pod and container in columns, as stern writes them, or one in brackets
    r"|(?:\[\S{1,200}\]|[\w.-]{1,253} [\w.-]{1,63}) (?=time=\"|\{\"|\d{4}-\d\d-\d\dT|[A-Z]{4}\[))"
)
"""The name of a container or pod, CRI's stream, or a time before a line with its own time."""

ZEROLOG = re.compile(
    r"(?:(?P<time>\d{4}-\d\d-\d\dT\S{1,40})\s{1,4})?(?P<level>TRC|DBG|INF|WRN|ERR|FTL|PNC|\?\?\?)\s"
    r"(?:(?P<caller>\S{1,300}:\d{1,6})\s)?(?:>\s?)?"
)
LOGRUS_COLOURED = re.compile(
    r"(?P<level>TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[(?P<time>[^\]]{0,40})\]\s?"
)
FIELD = re.compile(
    r"""(?:^|\s)((?:ACME )?[\w.-]{1,100})="""
    r"""("(?:[^"\\]|\\.)*+"|\[[^\s\]]{0,2000}\]|[^\s"]*+)(?=\s|$)"""
)
"""One name of Traefik's has a space, and a list of texts stands in brackets."""

ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
CONTROL = {"n": "\n", "r": "\r", "t": "\t"}

LEVELS = {
    "TRC": "trace", "DBG": "debug", "INF": "info", "WRN": "warn", "ERR": "error", "FTL": "fatal",
    "PNC": "panic", "TRAC": "trace", "DEBU": "debug", "INFO": "info", "WARN": "warn",
    "ERRO": "error", "FATA": "fatal", "PANI": "panic", "warning": "warn",
}  # fmt: skip
"""The levels of both libraries in one spelling."""


class Entry(NamedTuple):
    """One parsed line. `level` and `time` are empty if the line has none."""

    message: str
    level: str = ""
    time: datetime | None = None
    fields: Mapping[str, Any] = MappingProxyType({})

    def text(self, key: str) -> str:
        """The value of a field; empty if it is missing or not a text."""
        value = self.fields.get(key)
        return value if isinstance(value, str) else ""


def unwrap(line: str) -> str:
    """The line as Traefik wrote it, without colours and without any wrapping."""
    text = _plain(line)
    for _ in range(WRAPPINGS):
        inner = _object(text) if text.startswith("{") and '"stream"' in text else None
        if inner and isinstance(inner.get("log"), str):
            text = _plain(inner["log"])
        elif match := WRAPPED.match(text):
            text = text[match.end() :]
        else:
            break
    return text


def read(line: str) -> Entry:
    """Parse an unwrapped line. A line of an unknown format is one message."""
    plain = _object(line) if line.startswith("{") else None
    return _text(line) if plain is None else _structured(plain)


def moment(text: object) -> datetime | None:
    """Parse a time of RFC 3339, to UTC; None for anything else.

    Traefik writes it with the offset of its container. A time without a zone counts as UTC.
    """
    if not isinstance(text, str):
        return None
    return instant(text) or instant(f"{text}Z")


def _plain(line: str) -> str:
    return (ANSI.sub("", line) if "\x1b" in line else line).strip()


def _object(text: str) -> dict[str, Any] | None:
    try:
        plain = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None
    return plain if isinstance(plain, dict) else None


def _structured(plain: dict[str, Any]) -> Entry:
    """From JSON: the message of logrus is `msg`, that of zerolog `message`."""
    message, level = plain.get("message", plain.get("msg")), plain.get("level")
    level = level if isinstance(level, str) else ""
    message = message if isinstance(message, str) else ""
    return Entry(message, LEVELS.get(level, level), moment(plain.get("time")), plain)


def _text(line: str) -> Entry:
    if line.startswith(("time=", "level=")):
        fields = {name: _unquoted(value) for name, value in FIELD.findall(line)}
        level = fields.get("level", "")
        time = moment(fields.get("time"))
        return Entry(fields.get("msg", ""), LEVELS.get(level, level), time, fields)
    head = ZEROLOG.match(line) or LOGRUS_COLOURED.match(line)
    message, fields = _split(line[head.end() :] if head else line)
    if head is None:
        return Entry(message, fields=fields)
    return Entry(message, LEVELS.get(head["level"], ""), moment(head["time"]), fields)


def _split(text: str) -> tuple[str, dict[str, str]]:
    """The message, and the fields after it: the last ones with nothing between them."""
    matches = list(FIELD.finditer(text)) if "=" in text else []
    begin = len(text)
    fields: dict[str, str] = {}
    for match in reversed(matches):
        if text[match.end() : begin].strip():
            break
        fields.setdefault(match[1], _unquoted(match[2]))
        begin = match.start()
    return text[:begin].strip(), fields


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    return ESCAPE.sub(_unescaped, value[1:-1]) if "\\" in value else value[1:-1]


def _unescaped(escape: re.Match[str]) -> str:
    wide, narrow, plain = escape.groups()
    return CONTROL.get(plain, plain) if plain else chr(int(wide or narrow, 16))
