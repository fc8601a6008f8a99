"""Fakes of our own protocols, written by hand."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.charts.spec import Drawing, HeatMap, Undrawn
from bot.doctor.domain.facts import ClusterFacts, Right
from bot.domain.finding import Ref
from bot.domain.refusal import NotObserved
from bot.domain.resources.base import Object
from bot.domain.resources.registry import KIND_OF, KINDS
from bot.domain.snapshot import Gap, Snapshot
from bot.domain.story import Event, LogTail
from bot.errors import ClusterError
from bot.net.ports import Prober
from bot.net.request.service import Inside
from bot.net.tools.service import Runner
from bot.remediation.change.change import Change
from bot.remediation.journal import ChangeNotifier
from bot.remediation.service import RemediationService
from bot.routing.instance import TraefikPod
from bot.traefik.domain.api import Runtime
from bot.traefik.domain.log_request import LogEnd, LogRequest
from tests.builders import as_read

TYPES = {kind.name: kind.type for kind in KINDS}


def snapshot_of(
    *plain: dict[str, Any], now: datetime | None = None, gaps: tuple[Gap, ...] = ()
) -> Snapshot:
    """A snapshot that saw every kind, and these objects, read as those of an API server are."""
    objects: dict[type[Object], list[Object]] = {kind: [] for kind in KIND_OF}
    for each in plain:
        kind = TYPES[each["kind"]]
        objects[kind].append(as_read(each, kind))
    return Snapshot(
        now or datetime.now(UTC), {kind: tuple(read) for kind, read in objects.items()}, gaps
    )


@dataclass
class FakeTraefik:
    """Replicas, what their API says (None: off), and their logs; `fails` is raised by all."""

    replicas: tuple[TraefikPod, ...] = ()
    runtimes: dict[str, Runtime] = field(default_factory=dict)
    logs: dict[str, bytes | ClusterError] = field(default_factory=dict)
    fails: ClusterError | None = None
    asked: list[LogRequest] = field(default_factory=list)

    async def pods(self) -> tuple[TraefikPod, ...]:
        """The replicas that a test laid out."""
        if self.fails:
            raise self.fails
        return self.replicas

    async def runtime(self, pod: TraefikPod) -> Runtime | NotObserved:
        """Off, unless a test says something else."""
        off = NotObserved(f"{pod.name}: Traefik's API is not switched on.", "Switch it on.")
        return self.runtimes.get(pod.name, off)

    async def log(
        self, pod: TraefikPod, request: LogRequest, on_chunk: Callable[[bytes], None]
    ) -> LogEnd:
        """In chunks that cut lines in two."""
        self.asked.append(request)
        log = self.logs.get(pod.name, b"")
        if isinstance(log, ClusterError):
            raise log
        for begin in range(0, len(log), 100):
            on_chunk(log[begin : begin + 100])
        return LogEnd(len(log))


@dataclass
class FakeCluster:
    """The Cluster protocol over plain objects; `fails` is raised by whatever is asked next."""

    objects: list[dict[str, Any]] = field(default_factory=list)
    gaps: tuple[Gap, ...] = ()
    story: dict[Ref, tuple[Event, ...]] = field(default_factory=dict)
    logs: dict[Ref, LogTail] = field(default_factory=dict)
    usage: dict[Ref, dict[str, int]] = field(default_factory=dict)
    prober: Prober | None = None
    traefik: FakeTraefik = field(default_factory=FakeTraefik)
    fails: Exception | None = None
    details_fail: ClusterError | None = None
    examined: ClusterFacts = field(
        default_factory=lambda: ClusterFacts.unobserved("", "Nobody laid out what it says.")
    )
    inside: Inside | None = None
    remediation: RemediationService | None = None
    audit_channel: int | None = None
    notifier: ChangeNotifier = field(default_factory=ChangeNotifier)
    tools: Runner | None = None
    drawn: bytes | Undrawn = b"a picture"
    drawing: list[str] = field(default_factory=list)
    """What was asked of whoever draws, in its order."""
    asked: int = 0
    later: timedelta = timedelta()

    async def announce(self, change: Change) -> None:
        """Tell whoever listens now that a change moved."""
        await self.notifier.notify(change)

    async def prepare(self) -> None:
        """A picture will be needed soon."""
        self.drawing.append("prepare")

    async def draw(self, each: Drawing) -> bytes | Undrawn:
        """Whatever a test wants to be drawn."""
        self.drawing.append("draw")
        assert each.names if isinstance(each, HeatMap) else each.lanes
        return self.drawn

    def set(self, objects: Iterable[dict[str, Any]]) -> None:
        """Put other objects in the place of all."""
        self.objects = list(objects)

    async def snapshot(
        self, types: Collection[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        """What is there now."""
        self.asked += 1
        if self.fails:
            raise self.fails
        whole = snapshot_of(*self.objects, gaps=self.gaps, now=datetime.now(UTC) + self.later)
        kept = {kind: found for kind, found in whole.objects.items() if kind in set(types)}
        return Snapshot(whole.taken_at, kept, whole.gaps)

    async def look(self, rights: tuple[Right, ...], *, lease_in: str = "") -> ClusterFacts:
        """What the doctor sees of it."""
        assert rights
        if self.fails:
            raise self.fails
        return self.examined

    async def events(self, ref: Ref) -> tuple[Event, ...]:
        """The events that a test laid out."""
        if self.details_fail:
            raise self.details_fail
        return self.story.get(ref, ())

    async def last_log_lines(self, pod: Ref, container: str) -> LogTail | None:
        """The lines that a test laid out."""
        if self.details_fail:
            raise self.details_fail
        return self.logs.get(pod)

    async def memory_usage(self, pod: Ref) -> Mapping[str, int]:
        """What a test says was measured."""
        if self.details_fail:
            raise self.details_fail
        return self.usage.get(pod, {})
