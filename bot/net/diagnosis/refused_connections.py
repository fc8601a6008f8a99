"""Who refused? What tells a refusal on the source's node from one on the far node, or in between.

Source: Linux netfilter and kube-proxy: a refusal that comes back faster than any answer of the
other node cannot have come from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.net.diagnosis.evidence import Path, RouteEvidence
from bot.net.diagnosis.observation import Aim, ExecutionContext, VantagePoint
from bot.net.diagnosis.results import Result, ResultState

TELLING = 2.0
"""Milliseconds: with a shorter round trip than this, times prove nothing."""

SOONER = 0.5
"""A refusal in less than this part of the round trip did not come from the other node."""

AS_LATE = 0.8
"""A refusal in more than this part of the round trip may have come from it."""


HEARD_BY_LISTENERS = (
    Aim.FAR,
    Aim.BACK,
    Aim.FAR_SMALL,
    Aim.FAR_LARGE,
    Aim.FAR_UDP,
    Aim.FAR_VIP,
)


@dataclass(frozen=True)
class RefusedPath:
    """A path on which every connection is refused, and what the other tests say about it."""

    evidence: RouteEvidence
    path: Path

    @property
    def place(self) -> VantagePoint:
        """The vantage point of the tests of this path."""
        return self.evidence.stand(self.path.ingress)

    @property
    def direct(self) -> Result:
        """The endpoint by its own address, from the place of the other tests."""
        return self.evidence.beside(self.path)

    @property
    def sole(self) -> Result:
        """The VIP that leads to this endpoint alone."""
        return self.evidence.sole(self.path)

    @property
    def far(self) -> Result:
        """The bot's listener on the endpoint's node."""
        return self.evidence.listener(self.path)

    @property
    def pod_reached(self) -> bool:
        """Whether something else on that node, or on that pod, was reached from here."""
        others = self.evidence.other_ports(self.place, self.path.endpoint)
        return self.far.ok or bool(others.successes)

    @property
    def by_source(self) -> bool | None:
        """Whether it came too soon to be from the other node; None where times prove nothing."""
        trip = self.evidence.round_trip(self.path)
        typical = self.direct.typical
        if not self.path.crosses or trip is None or typical is None or trip < TELLING:
            return None
        if typical <= trip * SOONER:
            return True
        return False if (self.direct.fastest or 0.0) >= trip * AS_LATE else None

    @property
    def remote(self) -> tuple[Result, ...]:
        """What pods on other nodes, neither this one nor the endpoint's, see of the endpoint."""
        return self._beyond(*self.path.nodes)

    @property
    def elsewhere(self) -> tuple[Result, ...]:
        """What pods on any other node see of it, the endpoint's own among them."""
        return self._beyond(self.path.ingress)

    def _beyond(self, *nodes: str) -> tuple[Result, ...]:
        places = self.evidence.places(Aim.ENDPOINT)
        pods = (p for p in places if p.context is ExecutionContext.POD and p.node not in nodes)
        results = (self.evidence.endpoint(place, self.path.endpoint) for place in pods)
        return tuple(result for result in results if result.seen)

    @property
    def at_home(self) -> Result:
        """What a pod on the endpoint's own node sees of it."""
        return self.evidence.endpoint(VantagePoint(self.path.endpoint.node), self.path.endpoint)

    @property
    def home_itself(self) -> Result:
        """What the endpoint's own node sees of it."""
        place = VantagePoint(self.path.endpoint.node, ExecutionContext.HOST)
        return self.evidence.endpoint(place, self.path.endpoint)

    @property
    def ingress_itself(self) -> Result:
        """What Traefik's node sees of it: no PREROUTING rule catches its own packets."""
        return self.evidence.endpoint(
            VantagePoint(self.path.ingress, ExecutionContext.HOST), self.path.endpoint
        )

    @property
    def listens(self) -> bool:
        """Whether the port is certainly open: it was reached from somewhere."""
        places = (self.at_home, self.home_itself, *self.elsewhere)
        return self.path.endpoint.watched or any(place.successes for place in places)

    @property
    def masqueraded(self) -> bool | None:
        """Whether the VIP's packets leave under another address than the pod's.

        Seen by the listeners: they hear our pods' own addresses and, behind a masquerade, others.
        """
        via_vip = self.evidence.listener(self.path, Aim.FAR_VIP)
        report = self.evidence.listener_reports.get(self.path.endpoint.node)
        if not via_vip.successes or report is None or report.heard is None:
            return None
        return any(count.source not in _known(self.evidence) for count in report.heard if count.tcp)

    @property
    def repeated(self) -> bool:
        """Whether both decisive tests were made twice."""
        return self.direct.repeated and self.sole.repeated

    @property
    def everywhere(self) -> bool:
        """Refused from every place that was asked, the endpoint's own node among them.

        A NetworkPolicy refuses the node's other pods too: where one selects the pod, only the node
        itself tells.
        """
        homes = (self.at_home, self.home_itself)
        if self.sole.successes or self.by_source or self.listens:
            return False
        if not any(home.seen for home in homes):
            return False
        if self.evidence.subject.policies and not self.home_itself.seen:
            return False
        results = (*homes, *self.elsewhere, self.ingress_itself)
        return all(r.state in (ResultState.REFUSED, ResultState.UNSEEN) for r in results)

    @property
    def mistaken(self) -> bool:
        """Whether the pod listens on another port than the Service leads to."""
        endpoint = self.path.endpoint
        if endpoint.declared:
            return endpoint.port not in endpoint.declared
        return self.other_port_open

    @property
    def other_port_open(self) -> bool:
        """Whether another port of the pod was reached from anywhere."""
        places = (self.place, *self.evidence.places(Aim.OTHER_PORT))
        results = (self.evidence.other_ports(place, self.path.endpoint) for place in places)
        return any(result.successes for result in results)


def refusals(evidence: RouteEvidence) -> Iterator[RefusedPath]:
    """Every path on which Traefik's connections are all refused."""
    for path in evidence.failing:
        refusal = RefusedPath(evidence, path)
        states = {evidence.direct(path).state, refusal.direct.state}
        if states == {ResultState.REFUSED}:
            yield refusal


def _known(evidence: RouteEvidence) -> frozenset[str]:
    """The addresses that our own tries to listeners went out from.

    Those of other tries do not count: a node's own address is what a masquerade gives.
    """
    return frozenset(
        address
        for (_, aim, _), result in evidence.results.items()
        if aim in HEARD_BY_LISTENERS
        for address in result.sources
    )
