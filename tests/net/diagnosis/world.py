"""A small model of a cluster's network, with faults: what a prober would see in it.

It decides per packet, not per verdict: it knows of rules, links and ports, and of no row.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain.finding import Ref
from bot.net.diagnosis.observation import ExecutionContext, VantagePoint
from bot.net.diagnosis.subject import EndpointAt, NodeAt, Subject, TraefikAt
from bot.net.probing.protocol import Heard, ListenerAddress, Outcome, Probe, ProbeAnswer, ProbeKind

NEW_VIPS = "10.43.1."
LISTEN = 8473
VIP = "10.43.0.80"
PORT = 80
SYN_AGAIN = 1000.0

Pair = tuple[str, str]


def dice(seed: int) -> random.Random:
    """A course of events that is always the same."""
    return random.Random(seed)  # noqa: S311  # no secret


def a_subject(**rest: object) -> Subject:
    """`apps/web` with an endpoint on home-1, where Traefik is, and one on home-2; home-3 beside."""
    given: dict[str, object] = {
        "name": "ingress/apps/web web.example/",
        "service": Ref("Service", "apps", "web"),
        "route": Ref("Ingress", "apps", "web"),
        "host": "web.example",
        "port": PORT,
        "vips": (VIP,),
        "endpoints": (an_endpoint("home-1"), an_endpoint("home-2")),
        "traefik": (TraefikAt("home-1", "traefik", "traefik-1", ("10.42.1.2",)),),
        "nodes": tuple(a_node(each) for each in ("home-1", "home-2", "home-3")),
        "policies": (),
    }
    return Subject(**{**given, **rest})  # type: ignore[arg-type]


def number(node: str) -> int:
    """`home-2` -> 2."""
    return int(node.rpartition("-")[2])


def an_endpoint(node: str, last: int = 20, port: int = PORT, **rest: object) -> EndpointAt:
    """An endpoint in the pod network of a node."""
    address = f"10.42.{number(node)}.{last}"
    pod = f"web-{number(node)}-{last}"
    given: dict[str, object] = {
        "address": address,
        "port": port,
        "node": node,
        "namespace": "apps",
        "pod": pod,
    }
    return EndpointAt(**{**given, **rest})  # type: ignore[arg-type]


def a_node(name: str, **rest: object) -> NodeAt:
    """A node whose announced address is its own."""
    own = f"100.64.0.{number(name)}"
    return NodeAt(
        **{"name": name, "addresses": (own,), "announced": own, "backend": "vxlan", **rest}
    )  # type: ignore[arg-type]


@dataclass
class World:
    """What is wrong, in the network's own terms. Times are milliseconds."""

    subject: Subject
    trip: float = 8.0
    redirected: dict[str, int] = field(default_factory=dict)
    """Node -> port that a PREROUTING rule catches behind kube-proxy's."""
    early: dict[str, int] = field(default_factory=dict)
    """The same, before kube-proxy's: VIPs are caught too."""
    no_vip: dict[str, Outcome] = field(default_factory=dict)
    no_new_vip: frozenset[str] = frozenset()
    """Nodes whose kube-proxy knows the Service's own VIP, and none that was made later."""
    vip_stalls: frozenset[str] = frozenset()
    """Nodes whose VIP packets get lost on the overlay."""
    lost: frozenset[Pair] = frozenset()
    """Directions of the overlay that carry nothing."""
    routeless: frozenset[Pair] = frozenset()
    gateway: frozenset[Pair] = frozenset()
    """Pairs for which a gateway sends a RST."""
    loss: dict[Pair, float] = field(default_factory=dict)
    below: frozenset[str] = frozenset()
    """Nodes that do not answer at their own address."""
    narrow: frozenset[Pair] = frozenset()
    closed: frozenset[str] = frozenset()
    """Endpoint addresses on whose port nobody listens."""
    open: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Further open ports, by pod address."""
    rejects: frozenset[str] = frozenset()
    """Endpoint addresses for which a policy refuses other nodes' pods."""
    drops: frozenset[str] = frozenset()
    strict: bool = False
    """The policy refuses the pods of its own node too, as kube-router's does."""
    admits_traefik: bool = False
    """The policy lets Traefik's own pod in."""
    masquerade: bool = False
    masked: str = ""
    """The address that a masquerade gives; empty: the node's in the pod network."""
    status: int = 200
    answers: Outcome = Outcome.OK
    hangs_up: int = 0
    """How many large requests the application still answers by closing the connection."""
    nameless: frozenset[str] = frozenset()
    heals: bool = False
    """Everything is well in the second pass."""
    forbidden: frozenset[ExecutionContext] = frozenset(
        {ExecutionContext.HOST, ExecutionContext.TRAEFIK}
    )
    deaf: bool = False
    traefik_refused: frozenset[str] = frozenset()
    turn: int = 0
    heard: dict[str, dict[str, Heard]] = field(default_factory=dict)
    dice: random.Random = field(default_factory=lambda: dice(7))
    healed: bool = False

    def listener(self, node: str) -> ListenerAddress:
        """Our listener there."""
        return ListenerAddress(node, f"10.42.{number(node)}.99", LISTEN)

    def answer(self, source: VantagePoint, probe: Probe) -> tuple[ProbeAnswer, ...]:
        """All tries of a probe from a place."""
        return tuple(self._try(source, probe) for _ in range(probe.tries))

    def _try(self, source: VantagePoint, probe: Probe) -> ProbeAnswer:
        self.turn += 1
        own = self._address(source)
        if probe.kind is ProbeKind.DNS:
            bad = source.node in self.nameless and not self.healed
            outcome = Outcome.NAME if bad else Outcome.OK
            return ProbeAnswer(id=probe.id, outcome=outcome, at=self.turn, source=own)
        address, port, by_vip = self._destination(source.node, probe)
        outcome, trip, late = self._connect(source, address, port, probe, by_vip=by_vip)
        if outcome is Outcome.OK and probe.kind is ProbeKind.HTTP:
            outcome = self.answers
            if probe.size and self.hangs_up:
                self.hangs_up -= 1
                outcome = Outcome.RESET
        shown = trip + (SYN_AGAIN if late else 0)
        connected = None if outcome in (Outcome.TIMEOUT, Outcome.NO_ROUTE) else shown
        status = self.status if probe.kind is ProbeKind.HTTP and outcome is Outcome.OK else 0
        return ProbeAnswer(
            id=probe.id,
            outcome=outcome,
            at=self.turn,
            took=shown,
            connected=connected,
            status=status,
            source=own,
        )

    def _destination(self, node: str, probe: Probe) -> tuple[str, int, bool]:
        if probe.address in self.subject.vips:
            if not self.subject.endpoints:
                return "", 0, True
            each = self.subject.endpoints[self.turn % len(self.subject.endpoints)]
            return each.address, each.port, True
        if probe.address.startswith(NEW_VIPS):
            target = self.sole[int(probe.address.rpartition(".")[2])]
            return target[0], target[1], True
        return probe.address, probe.port, False

    sole: list[tuple[str, int]] = field(default_factory=list)

    def _connect(
        self, source: VantagePoint, address: str, port: int, probe: Probe, *, by_vip: bool
    ) -> tuple[Outcome, float, bool]:
        """The outcome, the time, and whether a packet had to be sent again."""
        here, pods = source.node, source.context is not ExecutionContext.HOST
        if self.healed:
            there = self._node_of(address)
            self._hear(source, there, address, probe, by_vip=by_vip)
            return Outcome.OK, self._trip(here, there), False
        if here in self.no_new_vip and probe.address.startswith(NEW_VIPS):
            return Outcome.REFUSED, 0.1, False
        if by_vip and here in self.no_vip:
            return self.no_vip[here], 0.1, False
        if by_vip and pods and self.early.get(here) == probe.port:
            return Outcome.REFUSED, 0.1, False
        if not by_vip and pods and port in (self.redirected.get(here), self.early.get(here)):
            return Outcome.REFUSED, 0.1, False
        if address.startswith("100.64."):
            there = f"home-{address.rpartition('.')[2]}"
            if {here, there} & self.below:
                return Outcome.TIMEOUT, 3000.0, False
            return Outcome.REFUSED, self._trip(here, there), False
        return self._overlay(source, address, port, probe, by_vip=by_vip)

    def _overlay(
        self, source: VantagePoint, address: str, port: int, probe: Probe, *, by_vip: bool
    ) -> tuple[Outcome, float, bool]:
        here, there = source.node, self._node_of(address)
        trip, late = self._trip(here, there), False
        if here != there:
            if (here, there) in self.routeless:
                return Outcome.NO_ROUTE, 0.1, False
            if (here, there) in self.gateway:
                return Outcome.REFUSED, 3.0, False
            if by_vip and here in self.vip_stalls:
                return Outcome.TIMEOUT, 3000.0, False
            if {here, there} & self.below or (here, there) in self.lost:
                return Outcome.TIMEOUT, 3000.0, False
            self._hear(source, there, address, probe, by_vip=by_vip)
            if (there, here) in self.lost:
                return Outcome.TIMEOUT, 3000.0, False
            share = self.loss.get((here, there), 0.0)
            gone = [self.dice.random() < 1 - (1 - share) ** 2 for _ in range(2)]
            if probe.kind is ProbeKind.UDP and gone[0]:
                return Outcome.TIMEOUT, 1500.0, False
            if all(gone):
                return Outcome.TIMEOUT, 3000.0, False
            late = gone[0]
            if probe.size > 1200 and (here, there) in self.narrow:
                return Outcome.STALLED, trip, False
        else:
            self._hear(source, there, address, probe, by_vip=by_vip)
        return (*self._pod(source, address, port, trip, by_vip=by_vip), late)

    def _pod(
        self, source: VantagePoint, address: str, port: int, trip: float, *, by_vip: bool
    ) -> tuple[Outcome, float]:
        there = self._node_of(address)
        at_home = source.node == there and (
            source.context is ExecutionContext.HOST or not self.strict
        )
        masked = by_vip and self.masquerade
        at_home |= self.admits_traefik and source.context is ExecutionContext.TRAEFIK
        if source.context is ExecutionContext.TRAEFIK and address in self.traefik_refused:
            return Outcome.REFUSED, trip
        if address in self.rejects and not at_home and not masked:
            return Outcome.REFUSED, trip
        if address in self.drops and not at_home and not masked:
            return Outcome.TIMEOUT, 3000.0
        if port in self.open.get(address, ()) or port == LISTEN:
            return Outcome.OK, trip
        known = {(each.address, each.port) for each in self.subject.endpoints}
        open_ = (address, port) in known and address not in self.closed
        return (Outcome.OK if open_ else Outcome.REFUSED), trip

    def _hear(
        self, source: VantagePoint, there: str, address: str, probe: Probe, *, by_vip: bool
    ) -> None:
        if not address.endswith(".99"):
            return
        own = self._address(source)
        if by_vip and self.masquerade:
            own = self.masked or f"10.42.{number(source.node)}.0"
        was = self.heard.setdefault(there, {}).get(own, Heard(source=own))
        udp = probe.kind is ProbeKind.UDP
        now = Heard(source=own, tcp=was.tcp + (not udp), udp=was.udp + udp)
        self.heard[there][own] = now

    def _address(self, source: VantagePoint) -> str:
        if source.context is ExecutionContext.HOST:
            return f"100.64.0.{number(source.node)}"
        return f"10.42.{number(source.node)}.{98 if source.context is ExecutionContext.POD else 2}"

    def _node_of(self, address: str) -> str:
        return f"home-{address.split('.')[2]}"

    def _trip(self, here: str, there: str) -> float:
        return 0.1 if here == there else self.trip


def all_pairs(*nodes: str) -> frozenset[Pair]:
    """Every direction between these nodes."""
    return frozenset((a, b) for a in nodes for b in nodes if a != b)


def around(node: str, others: Sequence[str] = ("home-1", "home-2", "home-3")) -> frozenset[Pair]:
    """Every direction to and from a node."""
    return frozenset(pair for pair in all_pairs(*others) if node in pair)
