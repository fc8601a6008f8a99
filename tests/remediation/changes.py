"""A world in which changes are made: fakes of `/fix`'s own protocols, each of whose calls may fail.

The objects of a route are JSON in memory, versioned as the API server does it. A crash is an
exception of no kind that the code knows, raised before or after a request took effect.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from bot.domain import principal
from bot.domain.authorization import Members, Roles
from bot.domain.finding import Target
from bot.domain.refusal import NotObserved
from bot.errors import ClusterError, Conflict, InputError, Unreachable
from bot.gitops.domain.ownership import ObjectOwner
from bot.net.diagnosis.diagnosis import Diagnosed
from bot.net.probing.protocol import Outcome, ProbeAnswer
from bot.remediation.change.approval import Click, Policy
from bot.remediation.change.change import Change
from bot.remediation.change.history import ChangeHistory
from bot.remediation.change.plan import VerificationRequest
from bot.remediation.change.proof import Sample, VerificationResult, sample
from bot.remediation.change.states import MOVES
from bot.remediation.change.step import Step, written
from bot.remediation.executor import Executor
from bot.remediation.journal import ChangeJournal
from bot.remediation.loading import LoadingProbe
from bot.remediation.planner import Planner
from bot.remediation.planning.context import PlanningContext
from bot.remediation.pull_request_flow import PullRequestFlow
from bot.remediation.reconciler import Reconciler
from bot.remediation.service import RemediationService
from tests.fakes import FakeCluster
from tests.remediation.planning.situations import (
    a_diagnosis,
    a_service,
    a_situation,
    a_subject,
    an_ingress,
)
from tests.remediation.simulated_traefik import SimulatedTraefik

ANNA, BELA, STRANGER = 100_000_000_000_000_001, 100_000_000_000_000_002, 100_000_000_000_000_009
Manifest = dict[str, Any]


class Crash(BaseException):
    """The process is gone."""


@dataclass
class Wire:
    """What can go wrong with a request: `next` is called before and after each."""

    next: Callable[[str], None] = lambda _: None

    def request(self, what: str) -> None:
        self.next(f"before {what}")

    def answer(self, what: str) -> None:
        self.next(f"after {what}")


@dataclass
class FakeStore:
    """Changes by name; a status is replaced only at the version that was read."""

    wire: Wire
    kept: dict[str, Change] = field(default_factory=dict)
    versions: Any = field(default_factory=lambda: itertools.count(1))
    watch: Callable[[Change, Change], None] = lambda _old, _new: None
    """Looks at every write of a status: what was, and what will be."""

    async def create(self, change: Change, /) -> Change:
        await principal.authorize()
        self.wire.request("create")
        assert change.name not in self.kept
        bare = msgspec.structs.replace(change, history=ChangeHistory(()), version=self._version())
        self.kept[change.name] = bare
        self.wire.answer("create")
        return await self.write(msgspec.structs.replace(change, version=bare.version))

    async def read(self, name: str, /) -> Change:
        self.wire.request("read")
        if name not in self.kept:
            raise InputError(f"There is no change {name!r}.")
        return self.kept[name]

    async def write(self, change: Change, /) -> Change:
        await principal.authorize()
        self.wire.request("write")
        old = self.kept[change.name]
        if old.version != change.version:
            raise Conflict("It was changed by somebody else.")
        _check(old, change)
        self.watch(old, change)
        made = msgspec.structs.replace(change, version=self._version())
        self.kept[change.name] = made
        self.wire.answer("write")
        return made

    async def every(self) -> tuple[Change, ...]:
        self.wire.request("list")
        return tuple(sorted(self.kept.values(), key=lambda each: each.name, reverse=True))

    def _version(self) -> str:
        return str(next(self.versions))


def _check(old: Change, new: Change) -> None:
    """What the kind itself holds. Source: deploy/base/change-crd.yaml."""
    assert new.plan == old.plan
    was, now = old.history.entries, new.history.entries
    assert now[: len(was)] == was, "the history is append-only"
    assert len(now) <= len(was) + 1, "one entry at a time"
    if was and now != was:
        assert new.state in MOVES[old.state], f"{old.state} -> {new.state}"


@dataclass
class FakeWriter:
    """The objects, with a version each; `effects` are the writes that took effect."""

    wire: Wire
    world: dict[Target, Manifest] = field(default_factory=dict)
    effects: list[tuple[str, Step]] = field(default_factory=list)
    may_act: Callable[[], bool] = lambda: True
    versions: Any = field(default_factory=lambda: itertools.count(1))
    refuses: str = ""
    clock: Callable[[], datetime] = lambda: datetime(2026, 11, 1, tzinfo=UTC)
    written: Callable[[], None] = lambda: None
    """Told after each write, whoever did it."""

    async def live(self, target: Target, /) -> Manifest | None:
        self.wire.request("get")
        return copy.deepcopy(self.world.get(target))

    async def write(
        self, step: Step, live: Manifest | None, change: str, by: str, /, *, dry_run: bool
    ) -> None:
        if not dry_run and not self.may_act():
            raise ClusterError("This process does not act.")
        if not dry_run:
            await principal.authorize()
        self.wire.request("step")
        if self.refuses:
            raise ClusterError(self.refuses)
        now = self.world.get(step.object)
        if _version(now) != _version(live):
            raise Conflict("It was changed by somebody else.")
        made = written(step, live)
        if not dry_run:
            self.put(step.object, made)
            self.effects.append((change, step))
        self.wire.answer("step")

    def put(self, target: Target, made: Manifest | None) -> None:
        """Somebody writes it."""
        if made is None:
            self.world.pop(target, None)
        else:
            self.world[target] = self._stamped(made, self.world.get(target))
        self.written()

    def _stamped(self, made: Manifest, before: Manifest | None) -> Manifest:
        """As the API server keeps it."""
        made = copy.deepcopy(made)
        since = before["metadata"]["creationTimestamp"] if before else self.clock().isoformat()
        version = str(next(self.versions))
        made["metadata"] |= {"resourceVersion": version, "creationTimestamp": since}
        return made

    def bare(self) -> dict[Target, Manifest]:
        """The objects without versions and empty annotations."""
        found = copy.deepcopy(self.world)
        for each in found.values():
            each["metadata"].pop("resourceVersion", None)
            each["metadata"].pop("creationTimestamp", None)
            if not each["metadata"].get("annotations"):
                each["metadata"].pop("annotations", None)
        return found


def _version(manifest: Manifest | None) -> str:
    return manifest["metadata"].get("resourceVersion", "") if manifest else ""


def answers(status: int, number: int) -> Sample:
    return sample([ProbeAnswer(id="a", outcome=Outcome.OK, status=status)] * number, frozenset())


@dataclass
class FakeVerifier:
    """What requests meet: broken before, and after as it is said."""

    helps: bool = True
    before: Sample | NotObserved = field(default_factory=lambda: answers(502, 20))
    asked: list[VerificationRequest] = field(default_factory=list)

    async def baseline(
        self, request: VerificationRequest, progress: Any = None
    ) -> Sample | NotObserved:
        self.asked.append(request)
        return self.before

    async def helped(self, request: VerificationRequest, before: Sample) -> VerificationResult:
        return VerificationResult(helped=self.helps, because="Requests were made.")


@dataclass
class FakeDiagnose:
    tested: tuple[Diagnosed, ...] = ()


@dataclass
class FakeContextReader:
    """The situation by the present objects; `more` changes it."""

    writer: FakeWriter
    more: dict[str, Any] = field(default_factory=dict)
    diagnose: FakeDiagnose = field(default_factory=FakeDiagnose)

    async def of(self, asked: str, progress: Any = None, **_: Any) -> PlanningContext:
        self.writer.wire.request("context_reader")
        if asked != "ingress/apps/web web.example":
            raise InputError(f"No route is called {asked!r}.")
        given: dict[str, Any] = {"subject": a_subject(), "diagnosis": a_diagnosis(), **self.more}
        made = a_situation(self.writer.world.get(INGRESS) or an_ingress(), **given)
        return replace(made, service=self.writer.world.get(SERVICE))


KUSTOMIZATION = {
    "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
    "kind": "Kustomization",
    "metadata": {"namespace": "flux-system", "name": "apps"},
}
SERVICE = Target("Service", "apps", "web")
INGRESS = Target("Ingress", "apps", "web", "networking.k8s.io")
ASKED = "ingress/apps/web web.example"


@dataclass
class World:
    """One cluster, and processes that come and go."""

    wire: Wire = field(default_factory=Wire)
    now: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)
    policy: Policy = field(default_factory=Policy)
    approvers: set[int] = field(default_factory=lambda: {ANNA, BELA})
    told: list[Change] = field(default_factory=list)
    tokens: Any = field(default_factory=lambda: itertools.count(1))
    pulls: Any = None
    asked_flux: list[ObjectOwner] = field(default_factory=list)

    async def ask(self, owner: ObjectOwner) -> None:
        """Somebody asks Flux to look."""
        self.asked_flux.append(owner)

    def __post_init__(self) -> None:
        self.store = FakeStore(self.wire)
        self.writer = FakeWriter(self.wire)
        self.writer.put(SERVICE, a_service())
        self.writer.put(INGRESS, an_ingress())
        self.writer.clock = self.clock
        self.traefik = SimulatedTraefik(lambda: self.writer.world)
        self.writer.written = self.traefik.tick
        self.verifier = FakeVerifier()
        self.context_reader = FakeContextReader(self.writer)

    def process(self, may_act: Callable[[], bool] = lambda: True) -> RemediationService:
        """One that begins now."""
        writer = copy.copy(self.writer)
        writer.may_act = may_act
        loading = LoadingProbe(
            writer, self.traefik, self.traefik, self.traefik.sleep, lambda: f"{next(self.tokens):x}"
        )
        planner = Planner(self.context_reader, self.pulls, self.policy.untouchable)
        journal = ChangeJournal(self.store, self.clock, self.tell)
        executor = Executor(writer, self.verifier, loading, journal, self.clock)
        pull_requests = PullRequestFlow(
            self.pulls, FakeCluster([KUSTOMIZATION]), writer, executor, journal, self.ask
        )
        reconciler = Reconciler(
            self.store, journal, executor, pull_requests, planner.replan, self.clock, may_act
        )
        return RemediationService(
            planner=planner,
            store=self.store,
            journal=journal,
            executor=executor,
            verifier=self.verifier,
            reconciler=reconciler,
            roles=self,
            policy=self.policy,
            clock=self.clock,
            token=lambda: f"{next(self.tokens):04x}",
        )

    @property
    def roles(self) -> Roles:
        return Roles(approvers=Members(frozenset(self.approvers)))

    def allow(self, needed: Any, user: int, roles: Any) -> bool:
        """The roles of this moment."""
        return self.roles.allow(needed, user, roles)

    def clock(self) -> datetime:
        return self.now

    def passes(self, **how_long: float) -> None:
        self.now += timedelta(**how_long)

    async def tell(self, change: Change) -> None:
        self.told.append(change)

    def click(self, user: int = ANNA) -> Click:
        return Click(user, frozenset(), self.now)

    def annotation(self) -> str | None:
        """What the Service's annotation says."""
        notes = self.writer.world[SERVICE]["metadata"].get("annotations") or {}
        found: str | None = notes.get("traefik.ingress.kubernetes.io/service.nativelb")
        return found


def outage(_: str) -> None:
    raise Unreachable("The API server cannot be reached.")


def text(change: Change) -> str:
    """The whole of it, to look for words in."""
    return json.dumps(msgspec.to_builtins(change))
