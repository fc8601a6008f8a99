"""HEALTHY: everything that a route needs was tested, and works."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Path, RouteEvidence
from bot.net.diagnosis.observation import Aim, VantagePoint
from bot.net.diagnosis.refused_connections import SOONER, TELLING
from bot.net.diagnosis.rule import DecisionRule, Match
from bot.net.diagnosis.subject import Native


def find(evidence: RouteEvidence) -> Iterator[Match]:
    """Only where nothing that is necessary is missing.

    Seen: From every Traefik node (as Traefik stands there) every endpoint by its own address,
        the VIP five times an endpoint, and large payloads to other nodes: all tried, all ok.
    Unlike: What was not tried is never healthy: then the answer is inconclusive.
    """
    if not evidence.paths or list(lacking(evidence)):
        return
    caveats = tuple(_rest(evidence))
    yield Match(
        because=(
            f"From Traefik's {'node' if len(evidence.points.ingress_nodes) == 1 else 'nodes'}, "
            f"every endpoint ({_paths(evidence)}), the VIP and large payloads worked every time."
        ),
        proven=not caveats,
        bears=(Aim.ENDPOINT, Aim.VIP, Aim.FAR_LARGE, Aim.LARGE_REQUEST, Aim.REQUEST, Aim.NAME),
        untested=caveats,
    )


def _paths(evidence: RouteEvidence) -> str:
    return "1 path" if len(evidence.paths) == 1 else f"{len(evidence.paths)} paths"


def passed(evidence: RouteEvidence) -> bool:
    """Whether the route's own requests get through on every way, whatever else is wrong."""
    by_vip = evidence.subject.native is Native.ON
    lacks = _lacking_by_vip(evidence) if by_vip else lacking(evidence, vips=False)
    return bool(evidence.paths) and not list(lacks)


def _lacking_by_vip(evidence: RouteEvidence) -> Iterator[str]:
    """What is missing, or not well, of what requests need that go by the VIP alone."""
    for node in evidence.points.ingress_nodes:
        if evidence.stands_in(node) or not evidence.vip(node).ok:
            yield node
    for path in evidence.paths:
        alone = evidence.sole(path)
        if (alone.seen and not alone.ok) or (path.crosses and not _large(evidence, path)):
            yield str(path)


def lacking(evidence: RouteEvidence, *, vips: bool = True) -> Iterator[str]:
    """What is missing, or not well, of what health needs; without `vips` of pod IPs alone."""
    for node in evidence.points.ingress_nodes:
        if evidence.stands_in(node):
            yield f"{node}: Traefik is in the host network, but only the pod network was tested"
        if vips and evidence.subject.vips and not evidence.vip(node).ok:
            yield f"{node}: the VIP wasn't tested, or didn't always answer"
    for path in evidence.paths:
        if not evidence.direct(path).ok:
            yield f"{path}: {path.endpoint} wasn't tested, or didn't always answer"
        elif evidence.inside(path).seen and not evidence.inside(path).ok:
            yield f"{path}: Traefik's own pod couldn't always reach {path.endpoint}"
        elif _too_soon(evidence, path) and _another(evidence, path):
            yield f"{path}: something closer than {path.endpoint} answers in its place"
        elif path.crosses and not _large(evidence, path):
            yield f"{path}: large payloads weren't tested, or didn't always pass"


def _large(evidence: RouteEvidence, path: Path) -> bool:
    by_listener = evidence.listener(path, Aim.FAR_LARGE)
    by_request = evidence.matching(
        evidence.stand(path.ingress), (Aim.LARGE_REQUEST,), path.endpoint.node
    )
    return by_listener.ok if by_listener.seen else by_request.ok


def _too_soon(evidence: RouteEvidence, path: Path) -> bool:
    """Connected faster than the round trip; on a busy machine that alone proves nothing."""
    trip = evidence.node(evidence.stand(path.ingress), path.endpoint.node).fastest
    typical = evidence.beside(path).typical
    if not path.crosses or trip is None or typical is None or trip < TELLING:
        return False
    return typical < trip * SOONER


def _another(evidence: RouteEvidence, path: Path) -> bool:
    """Whether the request is answered otherwise here than on the endpoint's own node."""
    here = evidence.request(evidence.stand(path.ingress), path.endpoint).backends
    home = evidence.request(VantagePoint(path.endpoint.node), path.endpoint).backends
    return bool(here and home) and not here & home


def _rest(evidence: RouteEvidence) -> Iterator[str]:
    """What is good to know, and does not decide."""
    for node in evidence.points.ingress_nodes:
        place = evidence.stand(node)
        if not evidence.matching(place, (Aim.NAME,)).ok:
            yield f"{node}: the Service's name wasn't looked up."
        if not evidence.matching(place, (Aim.REQUEST,)).ok:
            yield f"{node}: the route's own request wasn't sent."
    if len(evidence.subject.ingress_nodes) > len(evidence.points.ingress_nodes):
        yield "The test didn't run from every Traefik node."
    if len(evidence.subject.endpoints) > len(evidence.points.endpoints):
        yield "Not every endpoint was tested."
    for path in evidence.paths:
        if impaired := evidence.beside(path).impaired:
            yield f"{path}: {impaired} of {evidence.beside(path).tries} connections lost a packet."
        if evidence.beside(path).typical is None:
            yield f"{path}: the connection time wasn't measured."
    if evidence.belief.failures:
        yield "Traefik's log has failures that didn't show up now. They may come and go."


RULE = DecisionRule(
    row=Row.HEALTHY,
    find=find,
    effect=Effect.NEEDLESS,
    effect_because="Requests to pod IPs work, so there's nothing to work around.",
    advice=("The network needs no fix.",),
)
