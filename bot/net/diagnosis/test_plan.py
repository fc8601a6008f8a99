"""What a diagnosis asks the network: every test of the first pass, and what the second one repeats.

A second pass shows a fault that heals or begins during the test, and tries what ended in different
ways often enough for a rate. Pure, and bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from bot.net.diagnosis.evidence import RouteEvidence
from bot.net.diagnosis.observation import (
    Aim,
    ExecutionContext,
    Key,
    PlannedProbe,
    ProbeTarget,
    VantagePoint,
)
from bot.net.diagnosis.results import Result, ResultState
from bot.net.diagnosis.rules.application import SERVER_ERROR
from bot.net.diagnosis.subject import Subject
from bot.net.diagnosis.vantage_points import Means, VantagePoints, source, target
from bot.net.probing.admission import KUBELET
from bot.net.probing.protocol import (
    CONTROL_NAME,
    PAYLOAD,
    SETTLE,
    ListenerAddress,
    Probe,
    ProbedBackend,
    ProbeKind,
    Vip,
)

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

QUIET = (Aim.OTHER_PORT, Aim.NODE)
"""Tests that may be refused on a healthy cluster."""

RATED = (Aim.ENDPOINT, Aim.FAR, Aim.BACK, Aim.FAR_UDP, Aim.NODE)
"""Tests that show how many packets a pair of nodes loses."""


@dataclass
class TestPlan:
    """Numbers the questions of one pass, so that each probe has an id of its own."""

    subject: Subject
    points: VantagePoints
    means: Means
    questions: list[PlannedProbe] = field(default_factory=list)

    @property
    def foreign(self) -> frozenset[str]:
        """The addresses of endpoints for which their slices do not speak."""
        return frozenset(endpoint.address for endpoint in self.points.endpoints if endpoint.foreign)

    def ask(
        self, place: VantagePoint, aim: Aim, target: ProbeTarget, probe: Probe, tries: int
    ) -> None:
        """Add a question that makes this many tries of a probe, where the target may be asked."""
        if target.address in self.foreign:
            return
        numbered = msgspec.structs.replace(probe, id=str(len(self.questions)), tries=tries)
        self.questions.append(PlannedProbe(place, aim, target, numbered))


def first_pass(subject: Subject, points: VantagePoints, means: Means) -> tuple[PlannedProbe, ...]:
    """Every test, once."""
    plan = TestPlan(subject, points, means)
    for node in points.ingress_nodes:
        _from_pods(plan, source(subject, node), ingress=True)
        _from_traefik(plan, VantagePoint(node, ExecutionContext.TRAEFIK))
        if not subject.in_host_network(node):
            # From the node itself: no rule that catches the packets of pods is in the way.
            _endpoints(plan, VantagePoint(node, ExecutionContext.HOST), 2)
    for node in points.nodes:
        if node not in points.ingress_nodes:
            _from_pods(plan, VantagePoint(node), ingress=False)
        elif subject.in_host_network(node):
            # The overlay is tested between pods also where Traefik stands beside it.
            _listeners(plan, VantagePoint(node))
        if node in points.endpoint_nodes and node not in points.ingress_nodes:
            # From the endpoint's node itself, which no NetworkPolicy of kube-router keeps out.
            _endpoints(plan, VantagePoint(node, ExecutionContext.HOST), 2, only=node)
    return tuple(plan.questions)


def needs_second_pass(evidence: RouteEvidence) -> bool:
    """Whether anything was not well, so that all of it has to be tested again."""
    return any(
        not result.clean
        or result.slow
        or any(answer.status >= SERVER_ERROR for answer in result.answers)
        for (_, aim, _), result in evidence.results.items()
        if result.seen and aim not in QUIET
    )


def second_pass(evidence: RouteEvidence, first: Sequence[PlannedProbe]) -> tuple[PlannedProbe, ...]:
    """The questions of a second pass: all that were answered in the first one."""
    lossy = {
        _pair(key)
        for key, result in evidence.results.items()
        if key[1] in RATED and result.successes and result.impaired
    }
    questions: list[PlannedProbe] = []
    for question in first:
        result = evidence.at(*question.key)
        if not result.seen:
            continue
        rated = question.aim in RATED and _pair(question.key) in lossy
        probe = msgspec.structs.replace(
            question.probe,
            id=str(len(questions)),
            settle=0.0,
            **_tries(question, result, rated=rated),
        )
        questions.append(msgspec.structs.replace(question, probe=probe))
    return tuple(questions)


def _tries(question: PlannedProbe, result: Result, *, rated: bool) -> dict[str, int]:
    """How many tries, and how often one that times out is made again."""
    if rated or (result.successes and not result.ok):
        return {"tries": MANY, "again": 0}
    if result.state in (ResultState.SILENT, ResultState.BROKEN):
        return {"tries": 2, "again": 0}
    return {"tries": result.tries if question.aim is Aim.VIP else min(result.tries, FEW)}


def _pair(key: Key) -> frozenset[str]:
    return frozenset((key[0].node, key[2].node))


def _from_pods(plan: TestPlan, place: VantagePoint, *, ingress: bool) -> None:
    """All that there is to ask from where Traefik runs.

    From a node without Traefik: less of it, to tell a fault of one node from one of all.
    """
    subject = plan.subject
    _endpoints(plan, place, FEW)
    _vips(plan, place, VIP_TRIES * max(1, len(subject.endpoints) if ingress else 1))
    for aim, name in _names(subject):
        plan.ask(place, aim, ProbeTarget(), Probe(id="", kind=ProbeKind.DNS, name=name), 2)
    for endpoint in plan.points.endpoints:
        at = endpoint.address, endpoint.port
        if ingress or endpoint.node == place.node:
            plan.ask(place, Aim.REQUEST, target(endpoint), _http(subject, *at), 2)
        if ingress:
            plan.ask(place, Aim.LARGE_REQUEST, target(endpoint), _http(subject, *at, PAYLOAD), 2)
    for vip in subject.vips if ingress else ():
        probe = _http(subject, vip, subject.port)
        plan.ask(place, Aim.VIP_REQUEST, ProbeTarget(address=vip), probe, FEW)
    for endpoint in plan.points.endpoints:
        if sole := plan.means.vips.get(ProbedBackend(endpoint.address, endpoint.port)):
            plan.ask(place, Aim.SOLE_VIP, target(endpoint), _new_vip(sole), FEW)
    for name in plan.points.nodes:
        # The other nodes' own addresses, outside the overlay.
        own = subject.node(name).addresses
        if name != place.node and own:
            plan.ask(place, Aim.NODE, ProbeTarget(name, address=own[0]), _tcp(own[0], KUBELET), FEW)
    _listeners(plan, place)


def _from_traefik(plan: TestPlan, place: VantagePoint) -> None:
    """From Traefik's own pod, which NetworkPolicies may treat in another way than a prober.

    Each try is a command there: fewer of them, and no more than its wget can answer.
    """
    subject = plan.subject
    _endpoints(plan, place, 2)
    _vips(plan, place, min(VIP_TRIES * max(1, len(subject.endpoints)), MOST_INSIDE))
    for (aim, name), port in zip(_names(subject), (subject.port, HTTPS), strict=True):
        lookup = Probe(id="", kind=ProbeKind.DNS, name=name, port=port)
        plan.ask(place, aim, ProbeTarget(), lookup, 1)
    for endpoint in () if subject.tls else plan.points.endpoints:
        probe = _http(subject, endpoint.address, endpoint.port)
        plan.ask(place, Aim.REQUEST, target(endpoint), probe, 1)


def _endpoints(plan: TestPlan, place: VantagePoint, tries: int, *, only: str = "") -> None:
    """The endpoints, those of one node alone where `only` names it; from a pod other ports too."""
    for endpoint in plan.points.endpoints:
        if only and endpoint.node != only:
            continue
        probe = _tcp(endpoint.address, endpoint.port)
        plan.ask(place, Aim.ENDPOINT, target(endpoint), probe, tries)
        if place.context is ExecutionContext.POD:
            for other in endpoint.others[:3]:
                probe = _tcp(endpoint.address, other, again=0)
                plan.ask(place, Aim.OTHER_PORT, target(endpoint), probe, 1)


def _vips(plan: TestPlan, place: VantagePoint, tries: int) -> None:
    for vip in plan.subject.vips:
        probe = _tcp(vip, plan.subject.port)
        plan.ask(place, Aim.VIP, ProbeTarget(address=vip), probe, min(tries, MOST_VIP_TRIES))


def _names(subject: Subject) -> tuple[tuple[Aim, str], ...]:
    service = subject.service
    own = f"{service.name}.{service.namespace}.svc.cluster.local"
    return (Aim.NAME, own), (Aim.CONTROL_NAME, CONTROL_NAME)


def _listeners(plan: TestPlan, place: VantagePoint) -> None:
    """Our own listeners, on this node too: it is the control of the others."""
    edges = plan.points.ingress_nodes
    for name, listener in plan.means.listeners.items():
        if name not in plan.points.nodes:
            continue
        back = name in edges and place.node not in edges
        close = name in edges or place.node in (*edges, name)
        for aim, probe, tries in _of_listener(plan, listener):
            if not close and aim is not Aim.FAR:
                # Between two nodes without Traefik, whether it works is enough.
                continue
            direction = Aim.BACK if back and aim is Aim.FAR else aim
            plan.ask(place, direction, ProbeTarget(name, address=listener.address), probe, tries)


def _of_listener(plan: TestPlan, listener: ListenerAddress) -> Iterator[tuple[Aim, Probe, int]]:
    address, port = listener.address, listener.port
    yield Aim.FAR, _tcp(address, port), FEW
    for aim, size in ((Aim.FAR_SMALL, SMALL), (Aim.FAR_LARGE, PAYLOAD)):
        yield aim, Probe(id="", kind=ProbeKind.ECHO, address=address, port=port, size=size), 2
    udp = msgspec.structs.replace(
        _tcp(address, port, again=0), kind=ProbeKind.UDP, size=SMALL, seconds=1.5
    )
    yield Aim.FAR_UDP, udp, FEW
    if vip := plan.means.vips.get(ProbedBackend(address, port)):
        yield Aim.FAR_VIP, _new_vip(vip), FEW


def _tcp(address: str, port: int, *, again: int = 1) -> Probe:
    return Probe(id="", kind=ProbeKind.TCP, address=address, port=port, again=again)


def _new_vip(vip: Vip) -> Probe:
    return msgspec.structs.replace(_tcp(vip.address, vip.port), settle=SETTLE)


def _http(subject: Subject, address: str, port: int, size: int = 0) -> Probe:
    return Probe(
        id="",
        kind=ProbeKind.HTTP,
        address=address,
        port=port,
        name=subject.host,
        path=subject.path,
        tls=subject.tls,
        size=size,
    )
