"""For which hosts a rule takes `/`: only these can be checked, as no other path is ever asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from bot.domain.resources.gateway import HTTPRouteMatch
from bot.net.tools.targets import is_name
from bot.routing.rules import (
    Both,
    Expression,
    Matcher,
    Not,
    RuleError,
    affirmed,
    matchers,
    parse_either,
)

LONGEST_RULE = 4096
MOST_NAMES = 100
"""Hosts of one rule."""

HOSTS = ("Host", "HostHeader")
PATHS = ("Path", "PathPrefix")
PATH_TYPES, PATTERN = ("PathPrefix", "Exact"), "RegularExpression"
ROOT = "/"
TEMPLATE = "{"
"""Begins a pattern in a path or host of Traefik 2."""

NO_HOST = "its rule names no host"
BY_PATTERN = "its rule has a pattern of hosts"
WILDCARD = "a wildcard covers hosts that are not known"
NO_NAME = "the host is not a DNS name"
DEPENDS = "its rule also depends on"
OTHER_PATH = "its rule does not take /, and no other path is asked"


class RootHost(msgspec.Struct, frozen=True):
    """A host of a rule, and why it cannot be checked; empty where it can."""

    host: str
    why: str = ""


@lru_cache(maxsize=1000)
def of_rule(rule: str) -> tuple[RootHost, ...]:
    """The hosts of a rule, as either syntax has it; one without a name where it has none."""
    if len(rule) > LONGEST_RULE:
        return (RootHost("", f"its rule is longer than {LONGEST_RULE} characters"),)
    expression = parse_either(rule)
    if isinstance(expression, RuleError):
        return (RootHost("", "its rule is not valid"),)
    names = dict.fromkeys(
        _plain(value)
        for matcher in affirmed(expression)
        if matcher.name in HOSTS
        for value in matcher.values
    )
    if not names:
        patterns = any(matcher.name == "HostRegexp" for matcher in matchers(expression))
        return (RootHost("", BY_PATTERN if patterns else NO_HOST),)
    return tuple(RootHost(name, _why(expression, name)) for name in list(names)[:MOST_NAMES])


def of_paths(host: str, *, takes_root: bool) -> RootHost:
    """The host of an Ingress's rule, some path of which takes `/` or none does."""
    name = _plain(host)
    if not name:
        return RootHost("", NO_HOST)
    return RootHost(name, _unfit(name) or ("" if takes_root else OTHER_PATH))


def of_matches(host: str, matches: Iterable[HTTPRouteMatch]) -> RootHost:
    """A host of an HTTPRoute's rule, one match of which takes every request of `/` or none does."""
    name = _plain(host)
    if not name:
        return RootHost("", NO_HOST)
    return RootHost(name, _unfit(name) or _why_unmatched(tuple(matches)))


def takes_root(match: HTTPRouteMatch) -> bool:
    """Whether the path of a match takes `/`."""
    return match.path.type in PATH_TYPES and match.path.value == ROOT


def _plain(host: str) -> str:
    return host.strip().lower().removesuffix(".")


def _unfit(name: str) -> str:
    if "*" in name or TEMPLATE in name:
        return WILDCARD
    return "" if is_name(name) else NO_NAME


def _why_unmatched(matches: Sequence[HTTPRouteMatch]) -> str:
    taking = [match for match in matches if takes_root(match)]
    if any(not match.conditions for match in taking):
        return ""
    others = {name for match in taking for name in match.conditions}
    if any(match.path.type == PATTERN for match in matches):
        others.add("a pattern")
    return f"{DEPENDS} {', '.join(sorted(others))}" if others else OTHER_PATH


def _why(expression: Expression, name: str) -> str:
    if unfit := _unfit(name):
        return unfit
    takes = _takes(expression, name)
    if takes is None:
        others = {item.name for item in matchers(expression) if item.name not in (*HOSTS, *PATHS)}
        return f"{DEPENDS} {', '.join(sorted(others)) or 'a pattern'}"
    return "" if takes else OTHER_PATH


def _takes(expression: Expression, host: str) -> bool | None:
    """Whether a rule takes `/` of a host; None where that depends on more than these."""
    match expression:
        case Matcher():
            return _fits(expression, host)
        case Not(of):
            takes = _takes(of, host)
            return None if takes is None else not takes
        case Both(parts, every):
            return _joined((_takes(part, host) for part in parts), every=every)


def _joined(parts: Iterable[bool | None], *, every: bool) -> bool | None:
    """All of these, or any of them, where some are not known."""
    known = set(parts)
    if (not every) in known:
        return not every
    return None if None in known else every


def _fits(matcher: Matcher, host: str) -> bool | None:
    if matcher.name in HOSTS:
        if host in map(_plain, matcher.values):
            return True
        return None if any("*" in value for value in matcher.values) else False
    if matcher.name in PATHS:
        if ROOT in matcher.values:
            return True
        return None if any(TEMPLATE in value for value in matcher.values) else False
    return None
