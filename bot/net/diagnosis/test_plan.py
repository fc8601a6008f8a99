"""What is asked of the network about one route: every test of one pass. Pure, and bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from bot.net.diagnosis.observation import Aim, ExecutionContext, ProbeTarget, Question, VantagePoint
from bot.net.diagnosis.subject import EndpointAt, Subject
from bot.net.diagnosis.vantage_points import Means, VantagePoints, source, target
from bot.net.probing.protocol import (
    PAYLOAD,
    SETTLE,
    Kind,
    ListenerAddress,
    Probe,
    ProbedBackend,
    Vip,
)

KUBELET = 10250
"""A port that every node has open or refuses: both give the round trip to the node."""

CONTROL_NAME = "kubernetes.default.svc.cluster.local"
SMALL = 64
FEW = 4
MANY = 24
"""Tries of a path whose first tries ended in different ways, or slowly: for a rate."""
VIP_TRIES = 5
"""Fresh connections to a VIP for each endpoint behind it."""
MOST_VIP_TRIES = 40
MOST_INSIDE = 20
"""Connections to a VIP from Traefik's own pod: each is a command there."""

HTTPS = 443
"""The port of `kubernetes.default`."""


@dataclass
class TestPlan:
    """Numbers the questions of one pass, so that each probe has an id of its own."""

    subject: Subject
    stage: VantagePoints
    means: Means
    made: list[Question] = field(default_factory=list)

    def ask(
        self, place: VantagePoint, aim: Aim, target: ProbeTarget, probe: Probe, tries: int
    ) -> None:
        """Ask so many tries of a probe."""
        one = msgspec.structs.replace(probe, id=str(len(self.made)), tries=tries)
        self.made.append(Question(place, aim, target, one))


def first_pass(subject: Subject, stage: VantagePoints, means: Means) -> tuple[Question, ...]:
    """Every test, once."""
    asking = TestPlan(subject, stage, means)
    for node in stage.edges:
        _from_edge(asking, source(subject, node))
        _from_traefik(asking, VantagePoint(node, ExecutionContext.TRAEFIK))
        if not subject.in_host_network(node):
            _from_host(asking, VantagePoint(node, ExecutionContext.HOST))
    for node in stage.nodes:
        place = VantagePoint(node)
        if node not in stage.edges:
            _from_elsewhere(asking, place)
        elif subject.in_host_network(node):
            # The overlay is tested between pods also where Traefik stands beside it.
            _listeners(asking, place)
        if node in stage.homes and node not in stage.edges:
            _at_home(asking, VantagePoint(node, ExecutionContext.HOST))
    return tuple(asking.made)


def _from_edge(asking: TestPlan, place: VantagePoint) -> None:
    """All that there is to ask from where Traefik runs."""
    _endpoints(asking, place, FEW)
    _vips(asking, place, VIP_TRIES * max(1, len(asking.subject.endpoints)))
    _names(asking, place)
    _requests(asking, place)
    _sole_vips(asking, place)
    _nodes(asking, place)
    _listeners(asking, place)


def _from_elsewhere(asking: TestPlan, place: VantagePoint) -> None:
    """The same from a node without Traefik, to tell a fault of one node from one of all."""
    _endpoints(asking, place, FEW)
    _vips(asking, place, VIP_TRIES)
    _names(asking, place)
    _sole_vips(asking, place)
    _nodes(asking, place)
    _listeners(asking, place)
    for endpoint in asking.stage.endpoints:
        if endpoint.node == place.node:
            _request(asking, place, endpoint)


def _from_traefik(asking: TestPlan, place: VantagePoint) -> None:
    """From Traefik's own pod, which NetworkPolicies may treat in another way than a prober.

    Each try is a command there: fewer of them, and no more than its wget can answer.
    """
    subject = asking.subject
    _endpoints(asking, place, 2)
    _vips(asking, place, min(VIP_TRIES * max(1, len(subject.endpoints)), MOST_INSIDE))
    for aim, name, port in (
        (Aim.NAME, _name(subject), subject.port),
        (Aim.CONTROL_NAME, CONTROL_NAME, HTTPS),
    ):
        asking.ask(place, aim, ProbeTarget(), Probe(id="", kind=Kind.DNS, name=name, port=port), 1)
    if not subject.tls:
        for endpoint in asking.stage.endpoints:
            probe = _http(subject, endpoint.address, endpoint.port)
            asking.ask(place, Aim.REQUEST, target(endpoint), probe, 1)


def _from_host(asking: TestPlan, place: VantagePoint) -> None:
    """From the node itself: no rule that catches the packets of pods is in the way."""
    _endpoints(asking, place, 2)


def _at_home(asking: TestPlan, place: VantagePoint) -> None:
    """From the endpoint's node itself, which no NetworkPolicy of kube-router keeps out."""
    for endpoint in asking.stage.endpoints:
        if endpoint.node == place.node:
            probe = Probe(id="", kind=Kind.TCP, address=endpoint.address, port=endpoint.port)
            asking.ask(place, Aim.ENDPOINT, target(endpoint), probe, 2)


def _endpoints(asking: TestPlan, place: VantagePoint, tries: int) -> None:
    for endpoint in asking.stage.endpoints:
        probe = Probe(id="", kind=Kind.TCP, address=endpoint.address, port=endpoint.port)
        asking.ask(place, Aim.ENDPOINT, target(endpoint), probe, tries)
        if place.stance is ExecutionContext.POD:
            for other in endpoint.others[:3]:
                probe = Probe(id="", kind=Kind.TCP, address=endpoint.address, port=other, again=0)
                asking.ask(place, Aim.OTHER_PORT, target(endpoint), probe, 1)


def _vips(asking: TestPlan, place: VantagePoint, tries: int) -> None:
    subject = asking.subject
    for vip in subject.vips:
        probe = Probe(id="", kind=Kind.TCP, address=vip, port=subject.port)
        asking.ask(place, Aim.VIP, ProbeTarget(address=vip), probe, min(tries, MOST_VIP_TRIES))


def _sole_vips(asking: TestPlan, place: VantagePoint) -> None:
    for endpoint in asking.stage.endpoints:
        if vip := asking.means.vips.get(ProbedBackend(endpoint.address, endpoint.port)):
            asking.ask(place, Aim.SOLE_VIP, target(endpoint), _new_vip(vip), FEW)


def _new_vip(vip: Vip) -> Probe:
    return Probe(id="", kind=Kind.TCP, address=vip.address, port=vip.port, settle=SETTLE)


def _names(asking: TestPlan, place: VantagePoint) -> None:
    for aim, name in ((Aim.NAME, _name(asking.subject)), (Aim.CONTROL_NAME, CONTROL_NAME)):
        asking.ask(place, aim, ProbeTarget(), Probe(id="", kind=Kind.DNS, name=name), 2)


def _name(subject: Subject) -> str:
    return f"{subject.service.name}.{subject.service.namespace}.svc.cluster.local"


def _requests(asking: TestPlan, place: VantagePoint) -> None:
    subject = asking.subject
    for endpoint in asking.stage.endpoints:
        _request(asking, place, endpoint)
        probe = _http(subject, endpoint.address, endpoint.port, PAYLOAD)
        asking.ask(place, Aim.LARGE_REQUEST, target(endpoint), probe, 2)
    for vip in subject.vips:
        probe = _http(subject, vip, subject.port)
        asking.ask(place, Aim.VIP_REQUEST, ProbeTarget(address=vip), probe, FEW)


def _request(asking: TestPlan, place: VantagePoint, endpoint: EndpointAt) -> None:
    probe = _http(asking.subject, endpoint.address, endpoint.port)
    asking.ask(place, Aim.REQUEST, target(endpoint), probe, 2)


def _http(subject: Subject, address: str, port: int, size: int = 0) -> Probe:
    return Probe(
        id="",
        kind=Kind.HTTP,
        address=address,
        port=port,
        name=subject.host,
        path=subject.path,
        tls=subject.tls,
        size=size,
    )


def _nodes(asking: TestPlan, place: VantagePoint) -> None:
    """The other nodes' own addresses, outside the overlay."""
    for name in asking.stage.nodes:
        own = asking.subject.node(name).addresses
        if name != place.node and own:
            probe = Probe(id="", kind=Kind.TCP, address=own[0], port=KUBELET)
            asking.ask(place, Aim.NODE, ProbeTarget(name, address=own[0]), probe, FEW)


def _listeners(asking: TestPlan, place: VantagePoint) -> None:
    """Our own listeners, on this node too: it is the control of the others."""
    edges = asking.stage.edges
    for name, listener in asking.means.listeners.items():
        if name not in asking.stage.nodes:
            continue
        back = name in edges and place.node not in edges
        whole = name in edges or place.node in (*edges, name)
        for aim, probe, tries in _tests(asking, listener):
            if not whole and aim is not Aim.FAR:
                # Between two nodes without Traefik, whether it works is enough.
                continue
            asked = Aim.BACK if back and aim is Aim.FAR else aim
            asking.ask(place, asked, ProbeTarget(name, address=listener.address), probe, tries)


def _tests(asking: TestPlan, listener: ListenerAddress) -> Iterator[tuple[Aim, Probe, int]]:
    address, port = listener.address, listener.port
    yield Aim.FAR, Probe(id="", kind=Kind.TCP, address=address, port=port), FEW
    for aim, size in ((Aim.FAR_SMALL, SMALL), (Aim.FAR_LARGE, PAYLOAD)):
        yield aim, Probe(id="", kind=Kind.ECHO, address=address, port=port, size=size), 2
    udp = Probe(id="", kind=Kind.UDP, address=address, port=port, size=SMALL, seconds=1.5, again=0)
    yield Aim.FAR_UDP, udp, FEW
    if vip := asking.means.vips.get(ProbedBackend(address, port)):
        yield Aim.FAR_VIP, _new_vip(vip), FEW
