"""What a route's failure follows from, where requests of it were seen to fail.

Each way of its requests that fails names what may break it, the nearest first: the node that is not
Ready, the link that the background probes see broken, the Pod and the workload behind it. Only what
explains all of these ways is a cause. A fault that a test proved, and that nothing else names, is a
finding of its own: all routes that fail by the same row at the same places follow from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from bot.domain import containers
from bot.domain.finding import Alike, Finding, FindingOf, Judgement, Ref
from bot.domain.resources import core
from bot.domain.sentences import listed
from bot.domain.snapshot import Snapshot
from bot.health.alike_sites import BehindRoute, silent_places
from bot.health.workload_pods import maker
from bot.net.diagnosis import recent
from bot.net.diagnosis.diagnosis import DIAGNOSES, Diagnosed, Row
from bot.net.diagnosis.subject import EndpointAt, Subject
from bot.net.mesh import health as mesh
from bot.net.mesh.matrix import By, Pair
from bot.net.route_checks.answered import (
    GATEWAY_TIMEOUT,
    TRAEFIK_IS_GONE,
    TRAEFIK_REFUSES,
    Answerer,
    RouteAnswer,
)
from bot.net.route_checks.checks import checked_hosts
from bot.net.topology import is_ready
from bot.routing import running
from bot.routing.addresses import AddressKind, classify
from bot.routing.candidates import candidates_of
from bot.routing.service_endpoints import ready_endpoints
from bot.routing.site_state import DOES_NOT_ANSWER, SiteState
from bot.routing.traefik_word import REQUESTS_FAIL, FailedRequests, standing_failures

NODES, CONNECTIVITY, ROUTE_FAULTS = "nodes", "connectivity", "route-faults"
"""The checks whose findings are named as causes; the last one has the faults of their own."""

NO_SITE_ANSWERS = "NoSiteAnswers"
"""The reason of a place by which several sites fail alike, and none answers."""

FAULT = "Fault"
"""The kind that stands for a fault in a finding's subject."""

REFUSING, GONE = "TraefikRefuses", "TraefikGone"
"""The reasons of the faults that nobody listens where Traefik takes requests, and that no pod of it
runs.
"""

OF_GATEWAY = frozenset({502, 503, GATEWAY_TIMEOUT})
"""Statuses by which Traefik says that it got no answer of a backend."""

TESTS: Mapping[Row, tuple[By, ...]] = {
    **dict.fromkeys((Row.OVERLAY_DOWN, Row.ONE_WAY, Row.NO_ROUTE, Row.NODE_ADDRESS), (By.POD,)),
    Row.MTU: (By.LARGE,),
}
"""Rows of what is between two nodes, and the background probes that may see the same."""

OF_SERVICE = frozenset({Row.APPLICATION, Row.TARGET_PORT, Row.POLICY, Row.SOURCE_ADDRESS})
"""Rows in which the fault is at the Service or behind it, wherever requests come from."""

ARROW = " -> "
"""Between the two nodes of a place of a diagnosis."""

MOST_PLACES = 3
"""Places that the name of a fault has; the rest is counted."""


class Server(NamedTuple):
    """Where requests end: a pod, where one is known, on a node, where one is known."""

    pod: Ref | None = None
    node: str = ""


def with_causes(judged: Judgement, route: Ref, snapshot: Snapshot) -> Judgement:
    """The judgement on a route, with what it may follow from where requests were seen to fail."""
    caused = _with_causes(judged, route, snapshot)
    if caused is judged:
        return judged
    # A pod behind a Service of another namespace, which the route itself names.
    places = {service.namespace for service in _services_of(route, snapshot)}
    named = (ref for ref in caused.follows if ref.namespace in places)
    return replace(caused, named=(*judged.named, *named))


def _with_causes(judged: Judgement, route: Ref, snapshot: Snapshot) -> Judgement:
    if judged.fact == DIAGNOSES:
        proving = recent.proving(route, snapshot)
        return _by_test(judged, *proving, snapshot) if proving else judged
    if judged.reason == REQUESTS_FAIL:
        return _by_log(judged, route, snapshot)
    if judged.reason == DOES_NOT_ANSWER:
        return _by_checks(judged, route, snapshot)
    return judged


def _by_test(judged: Judgement, test: Diagnosed, now: Subject, snapshot: Snapshot) -> Judgement:
    row, ways = test.diagnosis.row, list[tuple[Ref, ...]]()
    if tests := TESTS.get(row):
        for place in test.diagnosis.places:
            pairs = _pairs(place, now)
            down = (ref for name in place.split(ARROW) for ref in _of_node(name, snapshot))
            ways.append((*down, *_of_links(pairs, tests, snapshot)))
    elif row is Row.REDIRECT:
        # The same rule refuses what the agents send; a node that is not Ready refuses nothing.
        named = (mesh.refusing(place, snapshot) for place in test.diagnosis.places)
        ways += (tuple(map(_link, names)) for names in named)
    elif row is Row.APPLICATION:
        ways += (_behind(Server(_pod(at), at.node), snapshot) for at in now.endpoints)
    return replace(judged, follows=tuple(_common(ways)), root=_fault(judged, test, now))


def _fault(judged: Judgement, test: Diagnosed, now: Subject) -> Finding | None:
    """What the test proved, as a finding of its own; None where it is not known at what place."""
    row, places = test.diagnosis.row, sorted(test.diagnosis.places)
    if row in OF_SERVICE:
        places = [f"{now.service.name}:{now.port}"]
    if not places:
        return None
    namespace = now.service.namespace if row in OF_SERVICE else ""
    subject = Ref(FAULT, namespace, f"{_placed(places)}: {row}")
    return _root(judged, subject, row.reason, test.diagnosis.because)


def _root(judged: Judgement, subject: Ref, reason: str, message: str) -> Finding:
    """A fault that is no object, as a finding of its own."""
    return Finding(
        check=ROUTE_FAULTS,
        subject=subject,
        verdict=judged.verdict,
        reason=reason,
        message=message,
        evidence=judged.evidence,
    )


def _placed(places: Sequence[str]) -> str:
    return listed(places, MOST_PLACES)


def _by_log(judged: Judgement, route: Ref, snapshot: Snapshot) -> Judgement:
    """By the addresses that Traefik's log names; where it names none, any server may be meant."""
    failed = standing_failures(route, snapshot, recent.passed(route, snapshot))
    named = [requests for requests in failed if requests.address]
    ways = [way for requests in named or failed for way in _of_requests(requests, route, snapshot)]
    first = min((requests.first for requests in failed if requests.first), default=None)
    return replace(
        judged, since=first, follows=tuple(_common(ways)), alike=_at_one_service(named, snapshot)
    )


def _of_requests(
    requests: FailedRequests, route: Ref, snapshot: Snapshot
) -> Iterator[tuple[Ref, ...]]:
    """What may break each server that these requests may have meant."""
    ingress = [pod.spec.node_name for pod in running.traefik_pods(snapshot)]
    for server in _servers(requests.address, route, snapshot):
        pairs = [(node, server.node) for node in ingress] if requests.lost and server.node else []
        links = [link for pair in pairs for link in _of_links([pair], (By.POD,), snapshot)]
        yield (*_of_node(server.node, snapshot), *links, *_of_pod(server.pod, snapshot))


def _servers(address: str, route: Ref, snapshot: Snapshot) -> Iterable[Server]:
    if not address:
        return _of_route(route, snapshot)
    place = classify(snapshot, address)
    if place.kind is AddressKind.VIP:
        return [server for service in place.services for server in _of_service(service, snapshot)]
    return [Server(place.pod, place.node)]


def _of_route(route: Ref, snapshot: Snapshot) -> list[Server]:
    """Every ready endpoint of the Services to which a route leads."""
    own = candidates_of(route, snapshot)
    services = dict.fromkeys(candidate.to for candidate in own if not candidate.indirect)
    return [server for service in services for server in _of_service(service, snapshot)]


def _services_of(route: Ref, snapshot: Snapshot) -> frozenset[Ref]:
    return frozenset(candidate.to for candidate in candidates_of(route, snapshot))


def _of_service(service: Ref, snapshot: Snapshot) -> Iterator[Server]:
    for endpoint in ready_endpoints(service, snapshot):
        target = endpoint.target_ref
        pod = target.ref(service.namespace) if target and target.kind == "Pod" else None
        yield Server(pod, endpoint.node_name or "")


def _pod(endpoint: EndpointAt) -> Ref | None:
    return Ref("Pod", endpoint.namespace, endpoint.pod) if endpoint.pod else None


def _behind(server: Server, snapshot: Snapshot) -> tuple[Ref, ...]:
    """The node of a server where it is not Ready, its pod, and the workload that made the pod."""
    return (*_of_node(server.node, snapshot), *_of_pod(server.pod, snapshot))


def _of_pod(ref: Ref | None, snapshot: Snapshot) -> tuple[Ref, ...]:
    pod = snapshot.get(core.Pod, ref.namespace, ref.name) if ref else None
    workload = maker(pod, snapshot) if pod else None
    return tuple(filter(None, (ref, workload)))


def _of_node(name: str, snapshot: Snapshot) -> tuple[Ref, ...]:
    node = snapshot.get(core.Node, "", name) if name else None
    return (FindingOf("Node", "", name, check=NODES),) if node and not is_ready(node) else ()


def _of_links(pairs: Iterable[Pair], tests: Sequence[By], snapshot: Snapshot) -> tuple[Ref, ...]:
    return tuple(map(_link, mesh.blamed(pairs, tests, snapshot)))


def _link(node: str) -> Ref:
    return FindingOf("Node", "", node, check=CONNECTIVITY)


def _pairs(place: str, now: Subject) -> list[Pair]:
    """The pair that a place of a diagnosis names; of a node, its pairs that requests take."""
    source, arrow, target = place.partition(ARROW)
    if arrow:
        return [(source, target)]
    behind = {endpoint.node for endpoint in now.endpoints if endpoint.node}
    ends = behind if place in now.ingress_nodes else set(now.ingress_nodes)
    return [(place, end) for end in sorted(ends - {place})]


def _of_traefik(snapshot: Snapshot) -> list[Ref]:
    """What stops all of Traefik's pods; nothing while one of them is ready."""
    pods = tuple(running.present_pods(snapshot))
    if any(map(containers.is_ready, pods)):
        return []
    return _common([_behind(Server(pod.ref, pod.spec.node_name), snapshot) for pod in pods])


def _common(ways: Sequence[Sequence[Ref]]) -> list[Ref]:
    """What may break every one of the ways, in the order of the first."""
    return [ref for ref in ways[0] if all(ref in way for way in ways)] if ways else []


def _by_checks(judged: Judgement, route: Ref, snapshot: Snapshot) -> Judgement:
    """By who answered: whether the backend is to blame, Traefik, or neither of these."""
    known = checked_hosts(route, snapshot)
    failing = [host.worst for host in known if host.outcome is SiteState.FAILS]
    if not failing or not all(_is_of_backend(at.answer) for at in failing):
        return judged
    if all(at.answer.what == TRAEFIK_IS_GONE for at in failing):
        return replace(judged, follows=tuple(_of_traefik(snapshot)), root=_gone(judged))
    if all(at.answer.what == TRAEFIK_REFUSES for at in failing):
        nodes = sorted({at.node for at in failing})
        follows = (*_of_traefik(snapshot), *_common([_of_node(node, snapshot) for node in nodes]))
        return replace(judged, follows=follows, root=_refusing(judged, nodes))
    lost = all(
        at.answer.by is Answerer.NOBODY or at.answer.status == GATEWAY_TIMEOUT for at in failing
    )
    failed = standing_failures(route, snapshot, recent.passed(route, snapshot))
    named = [requests for requests in failed if requests.address]
    ways = [
        way
        for requests in named or [FailedRequests(1, lost=lost)]
        for way in _of_requests(requests, route, snapshot)
    ]
    services = _services_of(route, snapshot)
    (service,) = services if len(services) == 1 else (None,)
    said = "; ".join(sorted({at.answer.what for at in failing}))
    return replace(
        judged,
        follows=(*_of_traefik(snapshot), *_common(ways)),
        alike=Alike(service, said) if service else None,
        root=_silent(judged, route, snapshot),
    )


def _silent(judged: Judgement, route: Ref, snapshot: Snapshot) -> Finding | None:
    """The place at which this route's sites fail like others, and what a test proved of it."""

    def behind(of: Ref) -> BehindRoute:
        nodes = frozenset(server.node for server in _of_route(of, snapshot))
        return BehindRoute(_services_of(of, snapshot), nodes)

    past = snapshot.once("health.past_faults", lambda: dict(_past_faults(snapshot)))
    places = snapshot.once(
        "health.silent_places", lambda: silent_places(snapshot, behind, past.keys())
    )
    place = places.get(route)
    if place is None:
        return None
    proving = [recent.proving(other, snapshot) for other in place.routes]
    for test, now in filter(None, (*proving, *map(past.get, place.past))):
        if place.node in _nodes_of(test) and not test.private:
            return _fault(judged, test, now)
    by = f"Traefik on {place.node}" if place.of_traefik else f"pods on {place.node}"
    return Finding(
        check=ROUTE_FAULTS,
        subject=Ref(FAULT, "", f"{by}: no site answers"),
        verdict=judged.verdict,
        reason=NO_SITE_ANSWERS,
        message=f"No site answers through {by}, and {len(place.routes):,} routes fail the same "
        f"way: {place.what}.",
    )


def _past_faults(snapshot: Snapshot) -> Iterator[tuple[Ref, tuple[Diagnosed, Subject]]]:
    """The routes that are known to lead past a fault, with the test that proved it."""
    for route, tests in recent.applying(snapshot).items():
        for test, now in tests:
            way = recent.past_fault(test, now, snapshot)
            if way and not way.lapsed:
                yield route, (test, now)


def _nodes_of(test: Diagnosed) -> set[str]:
    return {node for place in test.diagnosis.places for node in place.split(ARROW)}


def _is_of_backend(answer: RouteAnswer) -> bool:
    """Whether Traefik or nobody answered in the backend's place."""
    by_traefik = answer.by is Answerer.TRAEFIK and answer.status in OF_GATEWAY
    return by_traefik or answer.by is Answerer.NOBODY


def _refusing(judged: Judgement, nodes: Sequence[str]) -> Finding:
    message = f"Nothing listens on Traefik's ports on {_placed(nodes)}."
    return _root(judged, Ref(FAULT, "", f"{_placed(nodes)}: traefik"), REFUSING, message)


def _gone(judged: Judgement) -> Finding:
    message = "No Traefik pod is running, so nothing accepts requests."
    return _root(judged, Ref(FAULT, "", "traefik: no pod runs"), GONE, message)


def _at_one_service(failed: Sequence[FailedRequests], snapshot: Snapshot) -> Alike | None:
    """What routes have in common whose requests fail in the same ways at the same Service."""
    services = {classify(snapshot, requests.address).service for requests in failed}
    (service,) = services if len(services) == 1 else (None,)
    ways = sorted({requests.what for requests in failed})
    return Alike(service, "; ".join(ways)) if service else None
