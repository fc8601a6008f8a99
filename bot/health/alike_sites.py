"""Sites that fail alike by their route checks where no site answers: one cause is behind them.

Two places are looked at: Traefik's pods on one node, and the node on which all endpoints of a site
are. Where sites of at least two Services fail there with one symptom, and none answers, the place
is named. That does not prove what is wrong there: a test of one of these sites does. A site that is
known to lead past a fault there shows nothing of the way that the others take.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bot.domain.finding import Ref
from bot.domain.grouping import grouped
from bot.domain.snapshot import Snapshot
from bot.net.route_checks.answered import RouteAnswer
from bot.net.route_checks.checks import CheckedHost, RouteChecks, is_current
from bot.routing.site_state import SiteState

LEAST = 2
"""Services whose sites fail alike: those of one Service have that in common."""


class SilentPlace(NamedTuple):
    """A place at which no site answers.

    node: Its node. of_traefik: Whether Traefik's pods are there, else the endpoints of the sites.
    what: What was answered instead, in words.
    routes: The routes whose sites fail so.
    past: Those whose sites answer, since they lead past a fault.
    """

    node: str
    of_traefik: bool
    what: str
    routes: tuple[Ref, ...]
    past: tuple[Ref, ...] = ()


class BehindRoute(NamedTuple):
    """The Services of a route, and the nodes on which their ready endpoints are."""

    services: frozenset[Ref]
    nodes: frozenset[str]


Behind = Callable[[Ref], BehindRoute]


def silent_places(
    snapshot: Snapshot, behind: Behind, past: Collection[Ref] = ()
) -> Mapping[Ref, SilentPlace]:
    """The place at which the sites of a route fail like others, by route.

    `past` are the routes that are known to lead past a fault.
    """
    checks = snapshot.supplement(RouteChecks)
    if checks is None:
        return {}
    current = [host for host in checks.hosts if is_current(host, snapshot)]
    known = {host.route: behind(host.route) for host in current}
    places = (*_of_traefik(current, past), *_of_endpoints(current, known, past))
    by_route: dict[Ref, SilentPlace] = {}
    for place in places:
        alike = (*place.routes, *place.past)
        services = {service for route in alike for service in known[route].services}
        for route in place.routes:
            if _is_shown(route.namespace, services):
                by_route.setdefault(route, place)
    return by_route


def _is_shown(own: str, services: Collection[Ref]) -> bool:
    """Whether Services show a place to the sites of a namespace, whichever other one is left out.

    Else whoever lets two sites of one namespace fail would hide the failure of anybody's next one.
    """
    counts = Counter(service.namespace for service in services)
    most = max((count for namespace, count in counts.items() if namespace != own), default=0)
    return len(services) - most >= LEAST


class _Answered(NamedTuple):
    route: Ref
    answer: RouteAnswer


def _of_traefik(hosts: Iterable[CheckedHost], past: Collection[Ref]) -> Iterator[SilentPlace]:
    """By the latest answer of each of Traefik's nodes."""
    by_node = grouped(
        (item.node, _Answered(host.route, item.answer)) for host in hosts for item in host.answers
    )
    for node, answers in sorted(by_node.items()):
        yield from _silent(node, answers, past, of_traefik=True)


def _of_endpoints(
    hosts: Iterable[CheckedHost], known: Mapping[Ref, BehindRoute], past: Collection[Ref]
) -> Iterator[SilentPlace]:
    """Of the sites whose endpoints are all on one node."""
    by_node: dict[str, list[_Answered]] = {}
    for host in hosts:
        there = known[host.route].nodes
        if len(there) == 1:
            (node,) = there
            by_node.setdefault(node, []).append(_Answered(host.route, host.worst.answer))
    for node, answers in sorted(by_node.items()):
        yield from _silent(node, answers, past, of_traefik=False)


def _silent(
    node: str, answers: Sequence[_Answered], past: Collection[Ref], *, of_traefik: bool
) -> Iterator[SilentPlace]:
    answering = {one.route for one in answers if one.answer.outcome is SiteState.ANSWERS}
    if not answering <= set(past):
        return
    failing = grouped(
        (one.answer.what, one.route) for one in answers if one.answer.outcome is SiteState.FAILS
    )
    for what, routes in sorted(failing.items()):
        alike = tuple(sorted(set(routes)))
        yield SilentPlace(node, of_traefik, what, alike, tuple(sorted(answering)))
