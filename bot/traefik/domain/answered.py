"""From the routers of an access log to the rules whose requests a server answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime

from bot.domain.finding import Ref
from bot.traefik.domain.answers import RouteView, RuleView
from bot.traefik.domain.log_summary import LogSummary
from bot.traefik.domain.runtime_view import RouterView

RouteRule = tuple[Ref, str]
"""A route, and the text of one of its rules."""

RoutersOf = Callable[[RouteView, RuleView], Iterable[RouterView]]
"""The routers that Traefik's API shows for a rule; none where it cannot be read."""


def answered_rules(
    summaries: Iterable[LogSummary], routes: Iterable[RouteView], routers_of: RoutersOf
) -> dict[RouteRule, datetime]:
    """When a server last answered a request of each rule.

    A name that two routes may have shows nothing of either of them.
    """
    rules = rules_by_router(routes, routers_of)
    times: dict[RouteRule, datetime] = {}
    for key, at in _times(summaries, rules):
        times[key] = max(at, times.get(key, at))
    return times


def rules_by_router(
    routes: Iterable[RouteView], routers_of: RoutersOf
) -> Mapping[str, set[RouteRule]]:
    """The rules that a router of a name may be of."""
    rules: defaultdict[str, set[RouteRule]] = defaultdict(set)
    for view in routes:
        for rule in view.rules:
            names = {*rule.routers, *(router.name for router in routers_of(view, rule))}
            for name in names:
                rules[name].add((view.ref, rule.match))
    return rules


def rules_of(router: str, rules: Mapping[str, set[RouteRule]]) -> Collection[RouteRule]:
    """The rules of a router; none where none is known, or two routes may be meant.

    That of an HTTPRoute takes the requests of several hosts.
    """
    # An entrypoint makes `web-…` of `…`.
    known = rules.get(router) or rules.get(router.partition("-")[2], set())
    return known if len({ref for ref, _ in known}) == 1 else ()


def _times(
    summaries: Iterable[LogSummary], rules: Mapping[str, set[RouteRule]]
) -> Iterator[tuple[RouteRule, datetime]]:
    for summary in summaries:
        for router, at in summary.answered.items():
            yield from ((key, at) for key in rules_of(router, rules))
