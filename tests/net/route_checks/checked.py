"""Route checks as a snapshot carries them, made as the monitor makes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.domain.finding import Ref
from bot.net.entrances import Entrance
from bot.net.probing.protocol import CertificateFault, ServedCertificate
from bot.net.route_checks.answered import Answerer, RouteAnswer
from bot.net.route_checks.checks import CheckedHost, NodeAnswer, RouteChecks, noted
from bot.net.route_checks.plan import LeftOut, RouteCheck
from bot.routing.site_state import SiteState
from tests.net.networks import MOMENT

ROUTE = Ref("IngressRoute", "apps", "site")
HOST = "web.example"
RULE = f"Host(`{HOST}`)"
MINUTE = timedelta(minutes=1)

GOOD = RouteAnswer(Answerer.BACKEND, SiteState.ANSWERS, "HTTP 200", 200)
BAD = RouteAnswer(Answerer.TRAEFIK, SiteState.FAILS, "HTTP 502 of Traefik itself", 502)
SILENT = RouteAnswer(Answerer.NOBODY, SiteState.FAILS, "no answer in time")
UNKNOWN = RouteAnswer(Answerer.NOBODY, SiteState.NOT_TESTED, "its agent ran out of time")


def a_check(host: str = HOST, route: Ref = ROUTE, match: str = "", **rest: Any) -> RouteCheck:
    """How a host is asked, by Traefik on these nodes."""
    nodes = rest.pop("nodes", ("edge",))
    entrances = tuple(
        Entrance(name="websecure", node=node, address="10.42.0.2", port=8443, tls=True)
        for node in nodes
    )
    match = match or f"Host(`{host}`)"
    return RouteCheck(host=host, route=route, match=match, by=entrances, **rest)


def a_host(
    *answers: RouteAnswer,
    minutes: float = 0,
    every: timedelta = MINUTE,
    took: float | None = 12.0,
    certificate: ServedCertificate | None = None,
    check: RouteCheck | None = None,
) -> CheckedHost:
    """A host that gave these answers, the last of them so many minutes ago."""
    asked = check or a_check(sole=True)
    host = None
    for number, answer in enumerate(answers):
        at = MOMENT - timedelta(minutes=minutes) - every * (len(answers) - 1 - number)
        node = asked.by[number % len(asked.by)].node
        latency = took if answer.by is Answerer.BACKEND else None
        host = noted(host, asked, NodeAnswer(node, at, answer, certificate, latency))
    assert host
    return host


def checks_of(
    *hosts: CheckedHost, every: timedelta = MINUTE, left_out: tuple[LeftOut, ...] = ()
) -> RouteChecks:
    """All that is known."""
    return RouteChecks(interval=every, hosts=hosts, left_out=left_out)


def a_certificate(*faults: CertificateFault, ends: datetime | None = None) -> ServedCertificate:
    """A served certificate with these faults."""
    until = ends or MOMENT + timedelta(days=60)
    return ServedCertificate(ends=int(until.timestamp()), faults=faults)
