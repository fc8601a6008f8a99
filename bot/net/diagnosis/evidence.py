"""A diagnosis's evidence, laid out: what each place sees of each endpoint, VIP and node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from bot.net.diagnosis.observation import Aim, Belief, Ear, Observation, Source, Stance, Target
from bot.net.diagnosis.results import State, Tally, tally
from bot.net.diagnosis.subject import EndpointAt, Subject
from bot.net.diagnosis.vantage_points import Stage, stage, target

Key = tuple[Source, Aim, Target]

NOTHING = Tally()
NO_BELIEF = Belief()


@dataclass(frozen=True, order=True)
class Path:
    """The way of one Traefik node to one endpoint."""

    edge: str
    endpoint: EndpointAt

    @property
    def crosses(self) -> bool:
        """Whether it leads over the overlay."""
        return bool(self.endpoint.node) and self.endpoint.node != self.edge

    def __str__(self) -> str:
        """`edge -> node`, or the node alone where it stays on it."""
        return f"{self.edge} -> {self.endpoint.node}" if self.crosses else self.edge


@dataclass(frozen=True)
class Case:
    """All that is known of a subject; questions about it are answered from `tallies`."""

    subject: Subject
    tallies: Mapping[Key, Tally] = field(default_factory=dict)
    ears: Mapping[str, Ear] = field(default_factory=dict)
    belief: Belief = NO_BELIEF

    @cached_property
    def stage(self) -> Stage:
        """Which places take part."""
        return stage(self.subject)

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """Every way that Traefik's requests may take."""
        return tuple(Path(edge, each) for edge in self.stage.edges for each in self.stage.endpoints)

    def at(self, place: Source, aim: Aim, target: Target) -> Tally:
        """One tally, empty where nothing was asked."""
        return self.tallies.get((place, aim, target), NOTHING)

    def stand(self, edge: str) -> Source:
        """The place that stands for Traefik on its node: its own pod where no other was asked."""
        if edge in self._inside_alone:
            return Source(edge, Stance.TRAEFIK)
        host = self.subject.in_host_network(edge)
        return Source(edge, Stance.HOST if host else Stance.POD)

    def inside(self, path: Path) -> Tally:
        """The endpoint by its own address, from Traefik's own pod."""
        return self.endpoint(Source(path.edge, Stance.TRAEFIK), path.endpoint)

    def direct(self, path: Path) -> Tally:
        """The endpoint by its own address, as Traefik on that node sees it.

        What Traefik's own pod saw goes before what a prober beside it saw: a NetworkPolicy may
        treat the two differently. Not so its silence: `wget` does not tell a connection that
        nobody takes from a request that nobody answers.
        """
        own, beside = self.inside(path), self.beside(path)
        vague = own.state is State.SILENT and beside.seen
        return own if own.seen and not vague else beside

    def beside(self, path: Path) -> Tally:
        """The same from the prober's place, which the VIPs were tried from too."""
        found = self.endpoint(self.stand(path.edge), path.endpoint)
        return found if found.seen else self.endpoint(Source(path.edge), path.endpoint)

    def stands_in(self, edge: str) -> bool:
        """Whether Traefik is in its node's own network, and only the pod network was seen."""
        host = self.stand(edge)
        return host.stance is Stance.HOST and not any(
            self.endpoint(host, each).seen for each in self.stage.endpoints
        )

    def endpoint(self, place: Source, each: EndpointAt) -> Tally:
        """An endpoint by its own address, from any place."""
        return self.at(place, Aim.ENDPOINT, target(each))

    def sole(self, place: Source, each: EndpointAt) -> Tally:
        """The VIP that leads to this endpoint alone."""
        return self.at(place, Aim.SOLE_VIP, target(each))

    def other_ports(self, place: Source, each: EndpointAt) -> Tally:
        """Other ports of the same pod."""
        return self.at(place, Aim.OTHER_PORT, target(each))

    def request(self, place: Source, each: EndpointAt) -> Tally:
        """The route's own request to the endpoint."""
        return self.at(place, Aim.REQUEST, target(each))

    def vip(self, edge: str) -> Tally:
        """The Service's own VIPs, as Traefik on that node sees them."""
        places = (Source(edge, Stance.TRAEFIK), self.stand(edge), Source(edge))
        return next((each for each in map(self.vip_from, places) if each.seen), NOTHING)

    def vip_from(self, place: Source) -> Tally:
        """The Service's own VIPs, from any place."""
        return self.matching(place, (Aim.VIP,))

    def far(self, place: Source, node: str, aim: Aim = Aim.FAR) -> Tally:
        """Our listener on a node; BACK is the same test in the other direction."""
        aims = (Aim.FAR, Aim.BACK) if aim is Aim.FAR else (aim,)
        return self.matching(place, aims, node)

    def listener(self, edge: str, node: str, aim: Aim = Aim.FAR) -> Tally:
        """Our listener on a node as a place on Traefik's node sees it: its own, else a pod."""
        found = self.far(self.stand(edge), node, aim)
        return found if found.seen else self.far(Source(edge), node, aim)

    def node(self, place: Source, node: str) -> Tally:
        """A node at its own address, beside the overlay."""
        return self.matching(place, (Aim.NODE,), node)

    def round_trip(self, place: Source, node: str) -> float | None:
        """The least time that an answer of that node took, in milliseconds."""
        times = (self.node(place, node).fastest, self.far(place, node).fastest)
        return min((each for each in times if each is not None), default=None)

    def matching(self, place: Source, aims: tuple[Aim, ...], node: str | None = None) -> Tally:
        """The tallies of some aims from one place, put together."""
        found = [
            each
            for aim in aims
            for each_target, each in self._by_place.get((place, aim), ())
            if node is None or each_target.node == node
        ]
        return found[0] if len(found) == 1 else joined(found)

    def places(self, aim: Aim) -> tuple[Source, ...]:
        """The places from which something of that aim was seen."""
        found = {key[0] for key, each in self.tallies.items() if key[1] is aim and each.seen}
        return tuple(sorted(found))

    def witnesses(self, each: EndpointAt, beside: str) -> Iterator[tuple[Source, Tally]]:
        """What the other nodes' pods, beside one node, see of an endpoint."""
        for place in self.places(Aim.ENDPOINT):
            if place.node != beside and place.stance is Stance.POD:
                found = self.endpoint(place, each)
                if found.seen:
                    yield place, found

    @cached_property
    def failing(self) -> tuple[Path, ...]:
        """The ways on which Traefik's connections fail, always or at times."""
        return tuple(
            each for each in self.paths if self.direct(each).seen and not self.direct(each).ok
        )

    @cached_property
    def _inside_alone(self) -> frozenset[str]:
        """Nodes on which Traefik's own pod was asked, and nothing beside it."""
        seen = {key[0] for key, each in self.tallies.items() if each.seen}
        own = {each.node for each in seen if each.stance is Stance.TRAEFIK}
        return frozenset(own - {each.node for each in seen if each.stance is not Stance.TRAEFIK})

    @cached_property
    def _by_place(self) -> dict[tuple[Source, Aim], list[tuple[Target, Tally]]]:
        groups: dict[tuple[Source, Aim], list[tuple[Target, Tally]]] = {}
        for (place, aim, each_target), each in sorted(self.tallies.items(), key=lambda i: i[0]):
            groups.setdefault((place, aim), []).append((each_target, each))
        return groups


def joined(found: Iterable[Tally]) -> Tally:
    """Several tallies as one; a pass of one is put together with the same pass of the others."""
    found = tuple(found)
    depth = max((len(each.rounds) for each in found), default=0)
    rounds = tuple(
        tuple(each for one in found for pass_ in one.rounds[number : number + 1] for each in pass_)
        for number in range(depth)
    )
    return Tally(rounds, tuple(sorted({reason for each in found for reason in each.reasons})))


def lay_out(
    subject: Subject,
    observations: Iterable[Observation],
    ears: Iterable[Ear] = (),
    belief: Belief | None = None,
) -> Case:
    """The case that observations make, whatever their order."""
    groups: dict[Key, list[Observation]] = {}
    for each in observations:
        asked = each.question
        groups.setdefault((asked.source, asked.aim, asked.target), []).append(each)
    tallies = {key: tally(found) for key, found in groups.items()}
    return Case(subject, tallies, {each.node: each for each in ears}, belief or NO_BELIEF)
