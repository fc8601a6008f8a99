"""A diagnosis's evidence, laid out: what each place sees of each endpoint, VIP and node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from bot.domain.grouping import grouped
from bot.net.diagnosis.observation import (
    Aim,
    Belief,
    ExecutionContext,
    Key,
    ListenerReport,
    Observation,
    ProbeTarget,
    VantagePoint,
)
from bot.net.diagnosis.results import Result, ResultState, summarize
from bot.net.diagnosis.subject import EndpointAt, Subject
from bot.net.diagnosis.vantage_points import VantagePoints, choose_vantage_points, target

NOTHING = Result()
NO_BELIEF = Belief()


@dataclass(frozen=True, order=True)
class Path:
    """The path from one node of Traefik (`ingress`) to one endpoint."""

    ingress: str
    endpoint: EndpointAt

    @property
    def nodes(self) -> tuple[str, str]:
        """Traefik's node and the endpoint's."""
        return self.ingress, self.endpoint.node

    @property
    def crosses(self) -> bool:
        """Whether it leads over the overlay."""
        return bool(self.endpoint.node) and self.endpoint.node != self.ingress

    def __str__(self) -> str:
        """`ingress node -> endpoint node`, or the node alone where it stays on it."""
        return f"{self.ingress} -> {self.endpoint.node}" if self.crosses else self.ingress


@dataclass(frozen=True)
class RouteEvidence:
    """All that is known of a subject; questions about it are answered from `results`, in order."""

    subject: Subject
    results: Mapping[Key, Result] = field(default_factory=dict)
    listener_reports: Mapping[str, ListenerReport] = field(default_factory=dict)
    belief: Belief = NO_BELIEF

    @cached_property
    def points(self) -> VantagePoints:
        """The vantage points that take part."""
        return choose_vantage_points(self.subject)

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """Every path that Traefik's requests may take."""
        return tuple(
            Path(node, endpoint)
            for node in self.points.ingress_nodes
            for endpoint in self.points.endpoints
        )

    def at(self, place: VantagePoint, aim: Aim, target: ProbeTarget) -> Result:
        """One result, empty where nothing was tried."""
        return self.results.get((place, aim, target), NOTHING)

    def stand(self, node: str) -> VantagePoint:
        """Where probes stand in for Traefik on its node; its own pod where no other was used."""
        if node in self._inside_alone:
            return VantagePoint(node, ExecutionContext.TRAEFIK)
        host = self.subject.in_host_network(node)
        return VantagePoint(node, ExecutionContext.HOST if host else ExecutionContext.POD)

    def inside(self, path: Path) -> Result:
        """The endpoint by its own address, from Traefik's own pod."""
        return self.endpoint(VantagePoint(path.ingress, ExecutionContext.TRAEFIK), path.endpoint)

    def direct(self, path: Path) -> Result:
        """The endpoint by its own address, as Traefik on that node sees it.

        What Traefik's own pod saw goes before what a prober beside it saw: a NetworkPolicy may
        treat the two differently. Not so its silence: `wget` does not tell a connection that
        nobody takes from a request that nobody answers.
        """
        own, beside = self.inside(path), self.beside(path)
        vague = own.state is ResultState.SILENT and beside.seen
        return own if own.seen and not vague else beside

    def beside(self, path: Path) -> Result:
        """The endpoint by its own address, from the place from which the VIPs were tried too."""
        result = self.endpoint(self.stand(path.ingress), path.endpoint)
        return result if result.seen else self.endpoint(VantagePoint(path.ingress), path.endpoint)

    def stands_in(self, node: str) -> bool:
        """Whether Traefik is in its node's own network, and only the pod network was seen."""
        host = self.stand(node)
        return host.context is ExecutionContext.HOST and not any(
            self.endpoint(host, endpoint).seen for endpoint in self.points.endpoints
        )

    def endpoint(self, place: VantagePoint, endpoint: EndpointAt) -> Result:
        """An endpoint by its own address, from any place."""
        return self.at(place, Aim.ENDPOINT, target(endpoint))

    def sole(self, path: Path) -> Result:
        """The VIP that leads to this endpoint alone, from where Traefik stands."""
        return self.at(self.stand(path.ingress), Aim.SOLE_VIP, target(path.endpoint))

    def other_ports(self, place: VantagePoint, endpoint: EndpointAt) -> Result:
        """Other ports of the same pod."""
        return self.at(place, Aim.OTHER_PORT, target(endpoint))

    def request(self, place: VantagePoint, endpoint: EndpointAt) -> Result:
        """The route's own request to the endpoint."""
        return self.at(place, Aim.REQUEST, target(endpoint))

    def paths_from(self, node: str) -> tuple[Path, ...]:
        """The ways of one Traefik node."""
        return tuple(path for path in self.paths if path.ingress == node)

    def vip(self, node: str) -> Result:
        """The Service's own VIPs, as Traefik on that node sees them."""
        own = self.vip_from(VantagePoint(node, ExecutionContext.TRAEFIK))
        results = (own, self.vip_beside(node), self.vip_from(VantagePoint(node)))
        return next((result for result in results if result.seen), NOTHING)

    def vip_beside(self, node: str) -> Result:
        """The Service's own VIPs, from where Traefik stands on that node."""
        return self.vip_from(self.stand(node))

    def vip_from(self, place: VantagePoint) -> Result:
        """The Service's own VIPs, from any place."""
        return self.matching(place, (Aim.VIP,))

    def far(self, place: VantagePoint, node: str, aim: Aim = Aim.FAR) -> Result:
        """The bot's listener on a node; BACK is this test in the other direction."""
        aims = (Aim.FAR, Aim.BACK) if aim is Aim.FAR else (aim,)
        return self.matching(place, aims, node)

    def listener(self, path: Path, aim: Aim = Aim.FAR) -> Result:
        """Our listener on the endpoint's node, as Traefik's node sees it."""
        return self.listener_from(*path.nodes, aim)

    def listener_from(self, source: str, node: str, aim: Aim) -> Result:
        """Our listener on a node, from where Traefik stands on another, else from a pod there."""
        result = self.far(self.stand(source), node, aim)
        return result if result.seen else self.far(VantagePoint(source), node, aim)

    def node(self, place: VantagePoint, node: str) -> Result:
        """A node at its own address, beside the overlay."""
        return self.matching(place, (Aim.NODE,), node)

    def round_trip(self, path: Path) -> float | None:
        """The least time that an answer of the endpoint's node took, in milliseconds."""
        place, node = self.stand(path.ingress), path.endpoint.node
        times = (self.node(place, node).fastest, self.far(place, node).fastest)
        return min((time for time in times if time is not None), default=None)

    def matching(
        self, place: VantagePoint, aims: tuple[Aim, ...], node: str | None = None
    ) -> Result:
        """The results of some aims from one place, put together."""
        results = [
            result
            for aim in aims
            for to, result in self._by_place.get((place, aim), ())
            if node is None or to.node == node
        ]
        return results[0] if len(results) == 1 else joined(results)

    def places(self, aim: Aim) -> tuple[VantagePoint, ...]:
        """The places from which something of that aim was seen."""
        return tuple(
            sorted({k[0] for k, result in self.results.items() if k[1] is aim and result.seen})
        )

    @cached_property
    def failing(self) -> tuple[Path, ...]:
        """The ways on which Traefik's connections fail, always or at times."""
        return tuple(
            path for path in self.paths if self.direct(path).seen and not self.direct(path).ok
        )

    @cached_property
    def _inside_alone(self) -> frozenset[str]:
        """Nodes on which probes ran in Traefik's own pod alone."""
        places = {key[0] for key, result in self.results.items() if result.seen}
        own = {place.node for place in places if place.context is ExecutionContext.TRAEFIK}
        return frozenset(
            own - {place.node for place in places if place.context is not ExecutionContext.TRAEFIK}
        )

    @cached_property
    def _by_place(self) -> dict[tuple[VantagePoint, Aim], list[tuple[ProbeTarget, Result]]]:
        results = self.results.items()
        return grouped(((place, aim), (to, result)) for (place, aim, to), result in results)


def joined(results: Sequence[Result]) -> Result:
    """Join several results; a pass of one is joined with the same pass of the others."""
    depth = max((len(result.rounds) for result in results), default=0)
    rounds = tuple(
        tuple(answer for result in results for answer in chain(*result.rounds[number : number + 1]))
        for number in range(depth)
    )
    return Result(
        rounds, tuple(sorted({reason for result in results for reason in result.reasons}))
    )


def collect(
    subject: Subject,
    observations: Iterable[Observation],
    reports: Iterable[ListenerReport] = (),
    belief: Belief | None = None,
) -> RouteEvidence:
    """The evidence from observations, in any order."""
    groups = grouped((observation.question.key, observation) for observation in observations)
    results = {key: summarize(groups[key]) for key in sorted(groups)}
    return RouteEvidence(
        subject, results, {report.node: report for report in reports}, belief or NO_BELIEF
    )
