"""What is kept of route checks: for the terminal, and for whoever leads next."""

from __future__ import annotations

from msgspec.structs import replace

from bot.domain.record import RecordType
from bot.domain.shares import fewer
from bot.domain.tenancy import party_of
from bot.net.route_checks.checks import CheckedHost, LatencySample, RouteChecks
from bot.routing.site_state import SiteState


def kept(checks: RouteChecks) -> RouteChecks:
    """The part that is stored: of an hour's latencies the median, and not what is left out."""
    return replace(checks, hosts=tuple(map(_shorter, checks.hosts)), left_out=())


def _shorter(host: CheckedHost) -> CheckedHost:
    took = host.latency
    median = () if took is None else (LatencySample(host.latencies[-1].at, took),)
    # The next process counts from zero: what this one counted is stored with the uptime.
    return replace(host, latencies=median, kept=True, asked=0, answered=0)


def _spare(checks: RouteChecks) -> RouteChecks | None:
    """Without a tenth of the hosts, of whoever has the most: those that answer go first."""
    if not checks.hosts:
        return None
    ordered = sorted(checks.hosts, key=lambda host: host.outcome is not SiteState.FAILS)
    hosts = fewer(ordered, lambda host: party_of(host.route))
    return replace(checks, hosts=tuple(sorted(hosts, key=lambda host: host.host)))


CHECKS: RecordType[RouteChecks] = RecordType("route-checks", RouteChecks, spare=_spare)
