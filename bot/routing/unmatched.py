"""Matchers that Traefik accepts and that no request fulfils, and what to write instead.

Such a rule is served by its letter: Traefik reports no error, and every request misses it.
Source: pkg/muxer/http of Traefik v2.10 to v3.7, and Host with a wildcard since 3.7.
"""

from __future__ import annotations

import re

from bot.routing.rules import SHOWN, Both, Expression, Matcher, Not, Syntax, quoted

WILDCARDS_SINCE = (3, 7)
"""From 3.7 on, Host takes a wildcard such as `*.a.example`."""

TEMPLATE = re.compile(r"\{[A-Za-z_][\w-]*[:}]")
"""A named pattern of version 2, as in `{id:[0-9]+}`."""

TEMPLATED = {
    "Host": "HostRegexp",
    "HostRegexp": "HostRegexp",
    "HostSNIRegexp": "HostSNIRegexp",
    "Path": "PathRegexp",
    "PathPrefix": "PathRegexp",
}
"""Matchers that took named patterns in version 2, and what takes a pattern in version 3."""

PATTERN = re.compile(r"[\^$\\*+?\[(|]")
PLACEHOLDER = re.compile(r"\$\{|\{\{|<<")
WITH_PORT = re.compile(r"[^:\[\]]{1,300}:\d+")


def unmatched(expression: Expression, syntax: Syntax, *, wildcards: bool) -> tuple[str, ...]:
    """Why the matchers of a rule that no request fulfils do not match, each with a remedy."""
    reasons = (_why(matcher, syntax, wildcards=wildcards) for matcher in _matchers(expression))
    return tuple(dict.fromkeys(filter(None, reasons)))


def can_match(expression: Expression, syntax: Syntax, *, wildcards: bool) -> bool:
    """Whether some request fulfils the rule, as far as is known."""
    match expression:
        case Matcher():
            return not _why(expression, syntax, wildcards=wildcards)
        case Not():
            return True
        case Both(parts, every):
            met = (can_match(part, syntax, wildcards=wildcards) for part in parts)
            return all(met) if every else any(met)


def _matchers(expression: Expression) -> list[Matcher]:
    """The matchers that must hold; a negation excludes nothing that exists."""
    match expression:
        case Matcher():
            return [expression]
        case Not():
            return []
        case Both(parts):
            return [matcher for part in parts for matcher in _matchers(part)]


def _why(matcher: Matcher, syntax: Syntax, *, wildcards: bool) -> str:
    """Why no request fulfils a matcher; one of several values may be enough."""
    reasons = [
        _why_value(matcher.name, value, syntax, wildcards=wildcards) for value in matcher.values
    ]
    return reasons[0] if all(reasons) else ""


def _why_value(name: str, value: str, syntax: Syntax, *, wildcards: bool) -> str:
    shown = quoted(value[:SHOWN])
    if name in TEMPLATED and PLACEHOLDER.search(value):
        return f"nothing filled in the placeholder in {shown}."
    if syntax is Syntax.V3 and name in TEMPLATED and TEMPLATE.search(value):
        return (
            f"{shown} has a pattern of Traefik 2, which Traefik 3 does not read as one. "
            f"Write {TEMPLATED[name]} with a regular expression."
        )
    if syntax is Syntax.V2 and name == "HostRegexp" and "{" not in value and PATTERN.search(value):
        return (
            f"Traefik 2 takes {shown} literally. "
            "Write a named pattern: HostRegexp(`{name:pattern}`)."
        )
    return _why_host(value, wildcards=wildcards) if name == "Host" else ""


def _why_host(value: str, *, wildcards: bool) -> str:
    shown = quoted(value[:SHOWN])
    if "*" in value and not wildcards:
        return f"Host takes {shown} literally, without a wildcard. Write HostRegexp."
    if "/" in value or any(char.isspace() for char in value):
        return f"{shown} is not a host name. Write the name alone, without a scheme and a path."
    if WITH_PORT.fullmatch(value):
        return f"Host compares names without a port. Write {quoted(value.rpartition(':')[0])}."
    return ""
