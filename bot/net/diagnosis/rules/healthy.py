"""HEALTHY: everything that a route needs was tested, and works."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Case, Path
from bot.net.diagnosis.observation import Aim, VantagePoint
from bot.net.diagnosis.refused_connections import SOONER, TELLING
from bot.net.diagnosis.rule import DecisionRule, Match
from bot.net.diagnosis.subject import Native


def find(case: Case) -> Iterator[Match]:
    """Only where nothing that is necessary is missing.

    Seen: From every Traefik node (as Traefik stands there) every endpoint by its own address,
        the VIP five times an endpoint, and large payloads to other nodes: all tried, all ok.
    Told apart: What was not tried is never healthy: then the answer is inconclusive.
    """
    if not case.paths or list(lacking(case)):
        return
    rest = tuple(_rest(case))
    yield Match(
        because=(
            f"From Traefik's {'node' if len(case.stage.edges) == 1 else 'nodes'} every endpoint "
            f"({len(case.paths)} ways), the VIP and large payloads work, every time."
        ),
        proven=not rest,
        bears=(Aim.ENDPOINT, Aim.VIP, Aim.FAR_LARGE, Aim.LARGE_REQUEST, Aim.REQUEST, Aim.NAME),
        untested=rest,
    )


def passed(case: Case) -> bool:
    """Whether the route's own requests get through on every way, whatever else is wrong."""
    by_vip = case.subject.native is Native.ON
    return bool(case.paths) and not list(lacking(case, vips=by_vip))


def lacking(case: Case, *, vips: bool = True) -> Iterator[str]:
    """What is missing, or not well, of what health needs; without `vips` of pod IPs alone."""
    for edge in case.stage.edges:
        if case.stands_in(edge):
            yield f"{edge}: Traefik is in the host network, and only the pod network was tested"
        if vips and case.subject.vips and not case.vip(edge).ok:
            yield f"{edge}: the VIP was not tried, or not always reached"
    for path in case.paths:
        if not case.direct(path).ok:
            yield f"{path}: {path.endpoint} was not tried, or not always reached"
        elif case.inside(path).seen and not case.inside(path).ok:
            yield f"{path}: Traefik's own pod did not always reach {path.endpoint}"
        elif _too_soon(case, path) and _another(case, path):
            yield f"{path}: something nearer than {path.endpoint} answers in its place"
        elif path.crosses and not _large(case, path):
            yield f"{path}: large payloads were not tried, or did not always pass"


def _large(case: Case, path: Path) -> bool:
    by_listener = case.listener(path.edge, path.endpoint.node, Aim.FAR_LARGE)
    by_request = case.matching(case.stand(path.edge), (Aim.LARGE_REQUEST,), path.endpoint.node)
    return by_listener.ok if by_listener.seen else by_request.ok


def _too_soon(case: Case, path: Path) -> bool:
    """Connected faster than the round trip; on a busy machine that alone proves nothing."""
    trip = case.node(case.stand(path.edge), path.endpoint.node).fastest
    typical = case.beside(path).typical
    if not path.crosses or trip is None or typical is None or trip < TELLING:
        return False
    return typical < trip * SOONER


def _another(case: Case, path: Path) -> bool:
    """Whether the request is answered otherwise here than on the endpoint's own node."""
    here = case.request(case.stand(path.edge), path.endpoint).backends
    home = case.request(VantagePoint(path.endpoint.node), path.endpoint).backends
    return bool(here and home) and not here & home


def _rest(case: Case) -> Iterator[str]:
    """What is good to know, and does not decide."""
    for edge in case.stage.edges:
        place = case.stand(edge)
        if not case.matching(place, (Aim.NAME,)).ok:
            yield f"{edge}: the Service's name was not looked up."
        if not case.matching(place, (Aim.REQUEST,)).ok:
            yield f"{edge}: the route's own request was not made."
    if len(case.subject.edges) > len(case.stage.edges):
        yield "Not every Traefik node was tested from."
    if len(case.subject.endpoints) > len(case.stage.endpoints):
        yield "Not every endpoint was tested."
    for path in case.paths:
        if impaired := case.beside(path).impaired:
            yield f"{path}: {impaired} of {case.beside(path).tries} connections lost a packet."
        if case.beside(path).typical is None:
            yield f"{path}: how long a connection takes was not measured."
    if case.belief.failures:
        yield "Traefik's log tells of failures that did not show now: they may come and go."


RULE = DecisionRule(
    row=Row.HEALTHY,
    find=find,
    effect=Effect.NEEDLESS,
    effect_because="Pod-IP routing works: there is nothing that it could mend.",
    advice=("Nothing is to be done in the network.",),
)
