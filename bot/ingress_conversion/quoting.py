"""Values in a rule: between backticks as people write them, or as Go quotes strings.

Source: Go, strconv.Quote.
"""

from __future__ import annotations

from collections.abc import Callable

Quote = Callable[[str], str]

SHORT = {
    '"': '\\"', "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f",
    "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
}  # fmt: skip


def backticks(value: str) -> str:
    """Raw, as Traefik's documentation writes rules."""
    return f"`{value}`"


def go(value: str) -> str:
    """As Go's `%q`."""
    return '"' + "".join(map(_character, value)) + '"'


def readable(value: str) -> str:
    """Between backticks unless it holds one; both mean the same to Traefik."""
    return go(value) if "`" in value else backticks(value)


def _character(one: str) -> str:
    if one in SHORT:
        return SHORT[one]
    if one.isprintable():
        return one
    code = ord(one)
    if code < 0x80:  # noqa: PLR2004  # where ASCII ends
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004  # the plane
