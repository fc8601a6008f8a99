"""The use case of `/net diagnose`: resolve, test in two passes, decide, remember."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from bot.domain import principal
from bot.domain.finding import Ref
from bot.domain.grouping import grouped
from bot.domain.shares import shared
from bot.domain.snapshot import SnapshotReader
from bot.domain.tenancy import party_of
from bot.domain.verdict import Verdict
from bot.errors import ClusterError, InputError
from bot.net import route_resolution as resolving
from bot.net.diagnosis import decide, proofs, recent
from bot.net.diagnosis.all_routes import (
    DiagnosedRoutes,
    Unreached,
    every_route,
    no_route,
    still_alike,
)
from bot.net.diagnosis.collector import READING, Collector, NetworkObservations
from bot.net.diagnosis.diagnosis import Diagnosed, Diagnosis, RouteFault
from bot.net.diagnosis.observation import Belief, ExecutionContext
from bot.net.diagnosis.proofs import Proofs
from bot.net.diagnosis.results import STATES
from bot.net.diagnosis.shared import SharedAnswers, seen_by, tests_alike
from bot.net.diagnosis.standing_prober import StandingProber
from bot.net.diagnosis.subject import Subject, Unresolved
from bot.net.diagnosis.vantage_points import choose_vantage_points
from bot.net.ports import Prober
from bot.net.probing.protocol import Progress, quiet
from bot.routing.site_state import SiteState

ABSENT = "no prober is installed"
NO_PROBER = f"The network: {ABSENT}. Add `deploy/components/prober`."

INSIDE = "wget in Traefik's own pod"

POLICIES = "NetworkPolicies for Traefik's pods: the test ran next to Traefik, not in its pod."
"""Why nothing was asked in it, and how to allow that, is said beside this."""

ALONE = (
    "Times, UDP, large payloads, TLS, single-endpoint VIPs and other nodes: wget in Traefik's pod "
    "can't test these. `deploy/components/prober` can."
)

KEPT = 64
"""Diagnoses that are remembered, one a route."""

ALL = 480.0
"""Seconds after which no further route of all is begun: an answer in Discord may take 15 minutes.
"""

LATE = "the time for all routes ran out"

READ_AGAIN = 60.0
"""Seconds after which objects are read again, while all routes are tested."""


class TraefikView(Protocol):
    """Traefik's own view of a route, from its API or its log."""

    async def belief(self, subject: Subject) -> Belief:
        """Its servers and its failures for a route's Service, from its API, else its log.

        Raises:
            ClusterError: Neither can be read; the message says how to allow it.
        """
        ...


class Run(NamedTuple):
    """What the diagnoses of one run share: who asks, and what was answered."""

    prober: Prober | None
    answers: SharedAnswers


@dataclass
class Diagnose:
    """Diagnoses; the one of each route that stands is remembered. Both probers may be absent.

    `on_proofs` receives the proven faults when they are others than before. `objects` returns what
    the health checks find wrong with a route by its objects, `states` whether the sites of each
    route answer.
    """

    cluster: SnapshotReader
    prober: Prober | None = None
    traefik: TraefikView | None = None
    on_proofs: Callable[[Proofs], None] | None = None
    objects: Callable[[Ref], Awaitable[RouteFault | None]] | None = None
    states: Callable[[], Awaitable[Mapping[Ref, SiteState]]] | None = None
    seconds_for_all: float = ALL
    _kept: OrderedDict[str, Diagnosed] = field(default_factory=OrderedDict)
    _restored: set[str] = field(default_factory=set)
    """The routes of which nothing is known but what an earlier process proved."""

    async def diagnose(
        self, typed: str, progress: Progress = quiet, *, private: bool = False
    ) -> Diagnosed:
        """The verdict on the route or Service that is asked for, beside what it is about.

        What is asked for in `private` raises no public alert.

        Raises:
            InputError: It means no route or Service, or several; the message suggests names.
            ClusterError: The cluster's objects cannot be read at all.
            Refused: The person lost the role meanwhile. Nothing of the test is remembered.
        """
        progress("Reading routes, Services and endpoints.")
        snapshot = await self.cluster.snapshot(resolving.READS)
        subject = resolving.resolve(snapshot, typed)
        if isinstance(subject, Unresolved):
            raise InputError(str(subject))
        return await self.examine(subject, snapshot.taken_at, progress, private=private)

    async def examine(
        self,
        subject: Subject,
        taken_at: datetime,
        progress: Progress = quiet,
        *,
        private: bool = False,
    ) -> Diagnosed:
        """Diagnose a subject that is resolved already."""
        run = Run(self.prober, SharedAnswers())
        (diagnosed,) = await self._examine_alike(
            (subject,), taken_at, progress, run, private=private
        )
        return diagnosed

    async def diagnose_all(
        self, namespace: str = "", progress: Progress = quiet, *, private: bool = False
    ) -> DiagnosedRoutes:
        """The verdict on every route, or on those of one namespace.

        Each question is asked once: routes to one port of one Service are tested together, and what
        is asked between two nodes is asked for all. Those that fail, and those that nobody tested,
        go first. What is beyond the limits of number and time is said not to be tested.

        Raises:
            InputError: There is no route.
            ClusterError: The cluster's objects cannot be read at all.
            Refused: The person lost the role meanwhile. Nothing of the test is remembered.
        """
        progress("Reading routes, Services and endpoints.")
        snapshot = await self.cluster.snapshot(resolving.READS)
        wanted, left = every_route(snapshot, namespace, await self._states())
        if not wanted and not left:
            raise InputError(no_route(snapshot, namespace))
        clock = asyncio.get_running_loop().time
        standing = StandingProber(self.prober, clock) if self.prober else None
        run, done = Run(standing, SharedAnswers()), list[Diagnosed]()
        began = read = clock()
        groups = grouped((tests_alike(subject), subject) for subject in wanted)
        try:
            for group in map(tuple, groups.values()):
                alike, gone = group, tuple[Unreached, ...]()
                if clock() - began >= self.seconds_for_all:
                    alike, gone = (), tuple(Unreached(subject.name, LATE) for subject in group)
                elif clock() - read >= READ_AGAIN:
                    snapshot, read = await self.cluster.snapshot(resolving.READS), clock()
                    alike, gone = still_alike(group, snapshot)
                left += gone
                if alike:
                    count = f"{len(done)} of {len(wanted)} routes"
                    step = partial(_step, progress, count, alike[0])
                    done += await self._examine_alike(
                        alike, snapshot.taken_at, step, run, private=private
                    )
        finally:
            if standing:
                await _close(standing, progress)
        return DiagnosedRoutes(tuple(done), left, namespace)

    async def _examine_alike(
        self,
        subjects: Sequence[Subject],
        taken_at: datetime,
        progress: Progress,
        run: Run,
        *,
        private: bool,
    ) -> tuple[Diagnosed, ...]:
        """Diagnose subjects that are tested alike, by one test: that of the first of them."""
        tested = subjects[0]
        async with asyncio.TaskGroup() as group:
            believing = group.create_task(self._belief(tested))
            observing = group.create_task(self._observe(tested, progress, run))
            judging = [group.create_task(self._judge(subject)) for subject in subjects]
        if refused := principal.refusal():
            # Half of a test: nobody else is to hear of it either.
            raise refused
        network, belief = observing.result(), believing.result()
        diagnosed: list[Diagnosed] = []
        for subject, judged in zip(subjects, judging, strict=True):
            seen = seen_by(subject, tested, network.observations)
            diagnosis = self._decided(
                subject, replace(network, observations=seen), belief, judged.result()
            )
            diagnosed.append(Diagnosed(taken_at, subject, diagnosis, private))
            self._remember(diagnosed[-1])
        return tuple(diagnosed)

    def _decided(
        self,
        subject: Subject,
        network: NetworkObservations,
        belief: Belief,
        by_objects: RouteFault | None,
    ) -> Diagnosis:
        prober, blind = self._method(network)
        unasked = _unasked(subject) or ("" if self.prober else ABSENT)
        diagnosis = decide.decide(
            subject,
            network.observations,
            network.listener_reports,
            belief,
            tuple(dict.fromkeys((*blind, *network.unmade))),
        )
        return replace(
            diagnosis,
            subject=subject.name,
            prober=prober,
            unasked=unasked,
            native=subject.native,
            by_objects=by_objects,
        )

    async def suggestions(self, typed: str, most: int = 25) -> tuple[str, ...]:
        """What can be asked for and holds what was typed."""
        snapshot = await self.cluster.snapshot(resolving.READS)
        return resolving.suggestions(snapshot, typed, most)

    @property
    def remembered(self) -> tuple[Diagnosed, ...]:
        """What stands of each route: its latest diagnosis, or an older one that proved a fault."""
        return tuple(self._kept.values())

    @property
    def proofs(self) -> Proofs:
        """The proven faults that stand, as they are kept over a restart."""
        standing = filter(recent.proves, self._kept.values())
        return Proofs(tuple(map(proofs.proof, standing)))

    @property
    def tested(self) -> tuple[Diagnosed, ...]:
        """What stands of each route that this process tested itself."""
        return tuple(past for name, past in self._kept.items() if name not in self._restored)

    def restore(self, record: Proofs) -> None:
        """Take over the proven faults that the process kept which acted last.

        One that was proven here and is not among them is over: that process saw it pass.
        """
        for name in [name for name, past in self._kept.items() if recent.proves(past)]:
            del self._kept[name]
        for proof in record.latest(KEPT).proofs:
            past = self._kept.get(proof.subject)
            if past is None or past.taken_at < proof.tested:
                self._kept[proof.subject] = proofs.diagnosed(proof)
                self._restored.add(proof.subject)

    async def _states(self) -> Mapping[Ref, SiteState]:
        """How each route is, as far as that is known."""
        try:
            return await self.states() if self.states else {}
        except ClusterError:
            # Only the order rests on it.
            return {}

    async def _belief(self, subject: Subject) -> Belief:
        if self.traefik is None:
            return Belief(unseen=("Traefik's own view of its servers.",))
        try:
            async with asyncio.timeout(READING):
                return await self.traefik.belief(subject)
        except TimeoutError:
            return Belief(unseen=(f"Traefik's own view did not come within {READING:g} s.",))
        except ClusterError as error:
            return Belief(unseen=(str(error),))

    async def _judge(self, subject: Subject) -> RouteFault | None:
        """What the objects say, where the subject is a route."""
        if self.objects is None or subject.route is None:
            return None
        try:
            return await self.objects(subject.route)
        except ClusterError as error:
            return RouteFault(Verdict.UNKNOWN, "NotSeen", str(error))

    async def _observe(self, subject: Subject, progress: Progress, run: Run) -> NetworkObservations:
        """Two passes of questions; none where the objects decide, or nobody can ask."""
        if _unasked(subject):
            return NetworkObservations()
        if run.prober is None:
            return NetworkObservations(unmade=(NO_PROBER,))
        points = choose_vantage_points(subject)
        return await Collector(run.prober, subject, points, progress, run.answers).both()

    def _method(self, network: NetworkObservations) -> tuple[str, tuple[str, ...]]:
        """By what was tested, and what that cannot see, each with how to allow it.

        Both are empty where nothing was asked.
        """
        if self.prober is None or not network.observations:
            return "", ()
        name, limitations = self.prober.name, self.prober.blind
        contexts = {
            observation.question.source.context
            for observation in network.observations
            if any(answer.outcome in STATES for answer in observation.answers)
        }
        if not contexts:
            return f"nothing: neither {name} nor {INSIDE} could be asked", limitations
        if ExecutionContext.TRAEFIK not in contexts:
            return name, (POLICIES, *limitations)
        if len(contexts) == 1:
            return INSIDE, (ALONE,)
        return f"{name}, and {INSIDE}", limitations

    def note_worked(self, name: str, moment: datetime) -> None:
        """A repair of this subject was seen to help: requests through Traefik reach its servers.

        What failed before tells nothing of the route any more.
        """
        past = self._kept.get(name)
        if past is None:
            return
        before = self.proofs
        self._kept[name] = replace(past, worked=moment)
        self._tell(before)

    def _remember(self, latest: Diagnosed) -> None:
        before, name = self.proofs, latest.subject.name
        self._restored.discard(name)
        self._kept[name] = recent.standing(self._kept.get(name), latest)
        self._kept.move_to_end(name)
        # A proven fault that is forgotten would look like one that is over.
        newest = [*reversed(self._kept)]
        first = sorted(newest, key=lambda name: not recent.proves(self._kept[name]))
        kept = set(shared(first, KEPT, lambda name: _party(self._kept[name])))
        for gone in self._kept.keys() - kept:
            del self._kept[gone]
        self._tell(before)

    def _tell(self, before: Proofs) -> None:
        if self.on_proofs and (proven := self.proofs) != before:
            self.on_proofs(proven)


async def _close(prober: StandingProber, progress: Progress) -> None:
    """End its listeners; Kubernetes removes what could not be removed at its deadline."""
    try:
        await prober.close()
    except ClusterError as error:
        progress(f"Something may be left behind: {error}")


def _step(progress: Progress, count: str, subject: Subject, said: str) -> None:
    progress(f"{count}, now {subject.name}. {said}")


def _unasked(subject: Subject) -> str:
    """Why no prober is asked of a route, in words; empty where one is."""
    if subject.external:
        return "the Service lies outside of the cluster"
    if not subject.endpoints and not subject.endpoints_seen:
        return "its endpoints could not be read"
    if not subject.endpoints:
        return "no endpoint is ready" if subject.unready else "the Service has no endpoint"
    return "" if subject.ingress_nodes else "no pod of Traefik was seen on a node"


def _party(diagnosed: Diagnosed) -> str:
    return party_of(diagnosed.subject.route or diagnosed.subject.service)
