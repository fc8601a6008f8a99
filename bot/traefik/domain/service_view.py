"""Traefik's own view of the one Service that a diagnosis is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.net.diagnosis.observation import Belief, Upstream
from bot.net.diagnosis.subject import Subject
from bot.net.probing.protocol import Outcome
from bot.routing.addresses import parse, split
from bot.traefik.domain.answers import LOG, Live, RoutesAnswer, RuleView
from bot.traefik.domain.log_events import Cause
from bot.traefik.domain.log_summary import LogSummary

OUTCOMES = {
    Cause.REFUSED: Outcome.REFUSED,
    Cause.TIMEOUT: Outcome.TIMEOUT,
    Cause.NO_ROUTE: Outcome.NO_ROUTE,
    Cause.UNREACHABLE: Outcome.NO_ROUTE,
    Cause.RESET: Outcome.RESET,
    Cause.EOF: Outcome.CLOSED,
    Cause.TLS: Outcome.TLS,
    Cause.NO_SUCH_HOST: Outcome.NAME,
}
"""Causes that a prober would observe, too."""


def belief(
    subject: Subject,
    answer: RoutesAnswer,
    logs: Mapping[str, LogSummary],
    version: str,
    unseen: tuple[str, ...],
) -> Belief:
    """The servers and failures of a subject's Service, selected from those of all routes."""
    servers = _servers(subject, answer) if answer.of else None
    if not servers and answer.of == LOG:
        # The router's servers may have been created before the lines that were read.
        servers = None
    return Belief(
        servers=servers,
        of=answer.of,
        failures=_failures(subject, servers or (), logs),
        version=version,
        unseen=unseen,
    )


def _servers(subject: Subject, answer: RoutesAnswer) -> tuple[tuple[str, int], ...]:
    """Host and port of the servers of the subject's rule; for a Service, of all its rules."""
    urls = [
        live.url
        for route in answer.routes
        if subject.route in (None, route.ref) and not route.unread
        for rule in route.rules
        if subject.match in ("", rule.match) or subject.route is None
        for live in _own(subject, rule)
    ]
    pairs = (split(url) for url in urls)
    return tuple(sorted({(host, port) for host, port in pairs if port is not None}))


def _own(subject: Subject, rule: RuleView) -> Iterator[Live]:
    """The rule's servers without those of its other Services."""
    if all(backend.service != subject.service for backend in rule.backends):
        return
    others = {
        url
        for backend in rule.backends
        if backend.service != subject.service
        for url in backend.servers
    }
    for live in rule.live or ():
        services = live.address.services
        if live.url not in others and (not services or subject.service in services):
            yield live


def _failures(
    subject: Subject, servers: tuple[tuple[str, int], ...], logs: Mapping[str, LogSummary]
) -> tuple[Upstream, ...]:
    """The failures at the subject's addresses, and at the servers that Traefik has for it."""
    own = {parse(endpoint.address) for endpoint in subject.endpoints}
    own |= {parse(endpoint.address) for endpoint in subject.unready}
    own |= {parse(address) for address in subject.vips}
    own |= {parse(host) for host, _ in servers}
    upstreams: dict[tuple[str, int, Outcome], Upstream] = {}
    for summary in logs.values():
        for failure in summary.failures:
            host, port = split(failure.event.address)
            ip, outcome = parse(host), OUTCOMES.get(failure.event.cause)
            if ip is None or ip not in own or port is None or outcome is None:
                continue
            key = (str(ip), port, outcome)
            before = upstreams.get(key, Upstream(*key, 0))
            last = max(filter(None, (failure.times.last, before.last)), default=None)
            upstreams[key] = Upstream(*key, before.count + failure.times.count, last)
    return tuple(sorted(upstreams.values(), key=lambda upstream: (upstream.address, upstream.port)))
