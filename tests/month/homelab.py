"""Three nodes and 180 pods as real objects; what is wrong with them is for the checks to say.

Beside them stand, for a while each, objects that were recorded in real clusters: the files of
`shared/data/status`, where they are at hand.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

import yaml

from bot.domain import temporary
from bot.domain.finding import Ref
from bot.domain.report import Report, examine
from bot.domain.resources.base import Object
from bot.domain.resources.core import Node, Pod
from bot.domain.resources.flux import Kustomization
from bot.domain.resources.registry import KINDS
from bot.domain.snapshot import Gap, Snapshot, Why
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from tests.builders import a_kustomization, a_pod, an_object, as_read
from tests.places import DATA

START = datetime(2026, 10, 1, tzinfo=UTC)
NODES = tuple(Ref("Node", "", f"node-{n}") for n in range(3))
PODS = tuple(Ref("Pod", "db" if n % 5 == 0 else "apps", f"web-{n}") for n in range(180))
RETRIED = Ref("Kustomization", "flux-system", "retried")
LOOPER = Ref("Pod", "apps", "looper")
PROBE = Ref("Pod", temporary.NAMESPACE, "listen-1")
TYPES = {kind.name: kind.type for kind in KINDS}
GAPS = tuple(Gap(kind.name, Why.STALE) for kind in KINDS)
FRESH = 20
"""Minutes after which what did not change is examined anew: some verdicts come with time."""


@dataclass(frozen=True)
class Retry:
    """A health check that never passes: so many minutes it waits, and fails, in turn.

    renewed: Its controller renews the time of Ready with every look at it.
    """

    began: datetime
    waits: int
    fails: int
    renewed: bool = False

    def at(self, now: datetime) -> tuple[str, datetime]:
        """The status of Ready, and since when."""
        into = (now - self.began) % timedelta(minutes=self.waits + self.fails)
        waited = into - timedelta(minutes=self.waits)
        status, since = ("Unknown", into) if waited < timedelta() else ("False", waited)
        return status, now if self.renewed else now - since


@dataclass(frozen=True)
class CrashLoop:
    """A container that crashes for ever: so many minutes it waits, and runs well, in turn."""

    began: datetime
    waits: int
    runs: int

    def waiting(self, now: datetime) -> bool:
        """Whether it waits to be started again."""
        into = (now - self.began) % timedelta(minutes=self.waits + self.runs)
        return into < timedelta(minutes=self.waits)


@dataclass
class World:
    """What is broken now, and how badly. Each node carries sixty pods.

    probe: A pod of the bot's own test, which is in trouble. stale: Kinds of which the watch hears
    nothing, with what it heard last.
    """

    broken: dict[Ref, Verdict] = field(default_factory=dict)
    recorded: set[int] = field(default_factory=set)
    retry: Retry | None = None
    looping: CrashLoop | None = None
    probe: bool = False
    stale: dict[str, tuple[Object, ...]] = field(default_factory=dict)
    blind: bool = False
    now: datetime = START
    _since: dict[Ref, datetime] = field(default_factory=dict)
    _seen: tuple[Any, Report] | None = None
    _true: tuple[Any, Report] | None = None

    async def look(self) -> Report:
        """The report of this minute: while the API is away, all is as it was, and marked stale."""
        if not self.blind and not self.stale:
            return replace(self.truth(), taken_at=self.now)
        state = (*self._state(), self.blind, frozenset(self.stale))
        if self._seen is None or self._seen[0] != state:
            gaps = (*(GAPS if self.blind else ()), *(Gap(kind, Why.STALE) for kind in self.stale))
            heard = {TYPES[kind]: objects for kind, objects in self.stale.items()}
            seen = Snapshot(self.now, {**self._objects(), **heard}, gaps)
            self._seen = (state, examine(seen, CHECKS))
        return replace(self._seen[1], taken_at=self.now)

    def truth(self) -> Report:
        """What a look would tell that sees everything."""
        state = self._state()
        if self._true is None or self._true[0] != state:
            self._true = (state, examine(Snapshot(self.now, self._objects()), CHECKS))
        return self._true[1]

    def goes_stale(self, kind: str) -> None:
        """From now on the watch of a kind hears nothing more."""
        self._state()
        self.stale[kind] = self._objects()[TYPES[kind]]

    def _state(self) -> tuple[Any, ...]:
        self._since = {ref: self._since.get(ref, self.now) for ref in self.broken}
        age = int(self.now.timestamp()) // (60 * FRESH)
        waits = bool(self.looping and self.looping.waiting(self.now))
        broken, there = frozenset(self.broken.items()), frozenset(self.recorded)
        return broken, there, self._ready(), waits, self.probe, age

    def _ready(self) -> tuple[str, datetime]:
        return self.retry.at(self.now) if self.retry else ("True", START)

    def _objects(self) -> dict[type[Object], tuple[Object, ...]]:
        found: dict[type[Object], tuple[Object, ...]] = dict.fromkeys(TYPES.values(), ())
        found[Node] = tuple(a_node(ref, self._since.get(ref)) for ref in NODES)
        waits = self.looping and self.looping.waiting(self.now)
        looper = a_pod_of(LOOPER, NODES[0].name, Verdict.FAILED if waits else None, None)
        own = (a_probe(),) if self.probe else ()
        pods = tuple(self._pod(number, ref) for number, ref in enumerate(PODS))
        found[Pod] = (*pods, looper, *own)
        found[Kustomization] = (a_retried_one(*self._ready()),)
        for number in sorted(self.recorded):
            each = recorded()[number]
            found[type(each)] = (*found[type(each)], each)
        return found

    def _pod(self, number: int, ref: Ref) -> Object:
        node = NODES[number % len(NODES)]
        if node in self.broken:
            return a_pod_of(ref, node.name, Verdict.DEGRADED, self._since[node])
        return a_pod_of(ref, node.name, self.broken.get(ref), self._since.get(ref))


@cache
def a_node(ref: Ref, down: datetime | None) -> Object:
    """Ready, or silent since then."""
    status, at = ("True", START) if down is None else ("Unknown", down)
    ready = {"type": "Ready", "status": status, "lastTransitionTime": at.isoformat()}
    plain = an_object("Node", ref.name, namespace="", status={"conditions": [ready]})
    return as_read(plain, Node)


@cache
def a_pod_of(ref: Ref, node: str, bad: Verdict | None, since: datetime | None) -> Object:
    """Well; or its container crashes; or it is only not ready since then, as on a lost node."""
    waiting = "CrashLoopBackOff" if bad is Verdict.FAILED else ""
    plain = a_pod(ref.name, waiting=waiting, namespace=ref.namespace, node=node)
    if bad is Verdict.DEGRADED and since:
        (ready,) = plain["status"]["conditions"]
        ready |= {"status": "False", "lastTransitionTime": since.isoformat()}
        plain["status"]["containerStatuses"][0]["ready"] = False
    return as_read(plain, Pod)


@cache
def a_probe() -> Object:
    """A pod of one of the bot's own tests, whose image is not there."""
    plain = a_pod(PROBE.name, waiting="ImagePullBackOff", namespace=PROBE.namespace)
    plain["metadata"] |= {
        "labels": dict(temporary.LABELS),
        "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "u"}],
    }
    return as_read(plain, Pod)


@lru_cache(maxsize=64)
def a_retried_one(ready: str, since: datetime) -> Object:
    """A Kustomization of which Ready has that status since then."""
    plain = a_kustomization(RETRIED.name)
    changed = {"status": ready, "lastTransitionTime": since.isoformat()}
    plain["status"]["conditions"][0] |= changed
    return as_read(plain, Kustomization)


@cache
def recorded() -> tuple[Object, ...]:
    """Objects of real clusters, each name once; none where the files are not at hand."""
    found = {(type(each), each.namespace, each.name): each for each in _read()}
    return tuple(found.values())


def _read() -> Iterator[Object]:
    index = DATA / "status" / "index.json"
    for each in json.loads(index.read_text()) if index.is_file() else ():
        for plain in yaml.safe_load_all((DATA / each["file"]).read_text()):
            kind = TYPES.get(plain.get("kind", "")) if isinstance(plain, dict) else None
            if kind and (plain.get("metadata") or {}).get("name"):
                yield as_read(plain, kind)
