"""Three nodes and 180 pods as real objects; what is wrong with them is for the checks to say.

Beside them stand, for a while each, objects that were recorded in real clusters: the files of
`shared/data/status`, where they are at hand.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import yaml

from bot.domain.finding import Ref
from bot.domain.report import Report, examine
from bot.domain.resources.base import Object
from bot.domain.resources.core import Node, Pod
from bot.domain.resources.decode import read_object
from bot.domain.resources.flux import Kustomization
from bot.domain.resources.registry import KINDS
from bot.domain.snapshot import Gap, Snapshot, Why
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from tests.builders import a_kustomization, a_pod, an_object
from tests.places import DATA

START = datetime(2026, 10, 1, tzinfo=UTC)
NODES = tuple(Ref("Node", "", f"node-{n}") for n in range(3))
PODS = tuple(Ref("Pod", "db" if n % 5 == 0 else "apps", f"web-{n}") for n in range(180))
RETRIED = Ref("Kustomization", "flux-system", "retried")
TYPES = {kind.name: kind.type for kind in KINDS}
GAPS = tuple(Gap(kind.name, Why.STALE) for kind in KINDS)
FRESH = 20
"""Minutes after which what did not change is examined anew: some verdicts come with time."""


@dataclass(frozen=True)
class Retry:
    """A health check that never passes: so many minutes it waits, and fails, in turn."""

    began: datetime
    waits: int
    fails: int

    def at(self, now: datetime) -> tuple[str, datetime]:
        """The status of Ready, and since when."""
        into = (now - self.began) % timedelta(minutes=self.waits + self.fails)
        waited = into - timedelta(minutes=self.waits)
        return ("Unknown", now - into) if waited < timedelta() else ("False", now - waited)


@dataclass
class World:
    """What is broken now, and how badly. Each node carries sixty pods."""

    broken: dict[Ref, Verdict] = field(default_factory=dict)
    recorded: set[int] = field(default_factory=set)
    retry: Retry | None = None
    blind: bool = False
    now: datetime = START
    _since: dict[Ref, datetime] = field(default_factory=dict)
    _seen: tuple[Any, Report] | None = None

    async def look(self) -> Report:
        """The report of this minute: while the API is away, all is as it was, and marked stale."""
        self._since = {ref: self._since.get(ref, self.now) for ref in self.broken}
        age = int(self.now.timestamp()) // (60 * FRESH)
        ready = self.retry.at(self.now) if self.retry else ("True", START)
        state = (frozenset(self.broken.items()), frozenset(self.recorded), ready, self.blind, age)
        if self._seen is None or self._seen[0] != state:
            self._seen = (state, examine(self._snapshot(*ready), CHECKS))
        return replace(self._seen[1], taken_at=self.now)

    def _snapshot(self, ready: str, since: datetime) -> Snapshot:
        found: dict[type[Object], tuple[Object, ...]] = dict.fromkeys(TYPES.values(), ())
        found[Node] = tuple(a_node(ref, self._since.get(ref)) for ref in NODES)
        found[Pod] = tuple(self._pod(number, ref) for number, ref in enumerate(PODS))
        found[Kustomization] = (a_retried_one(ready, since),)
        for number in sorted(self.recorded):
            each = recorded()[number]
            found[type(each)] = (*found[type(each)], each)
        return Snapshot(self.now, found, GAPS if self.blind else ())

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
    return read_object(plain, Node)


@cache
def a_pod_of(ref: Ref, node: str, bad: Verdict | None, since: datetime | None) -> Object:
    """Well; or its container crashes; or it is only not ready since then, as on a lost node."""
    waiting = "CrashLoopBackOff" if bad is Verdict.FAILED else ""
    plain = a_pod(ref.name, waiting=waiting, namespace=ref.namespace, node=node)
    if bad is Verdict.DEGRADED and since:
        (ready,) = plain["status"]["conditions"]
        ready |= {"status": "False", "lastTransitionTime": since.isoformat()}
        plain["status"]["containerStatuses"][0]["ready"] = False
    return read_object(plain, Pod)


@cache
def a_retried_one(ready: str, since: datetime) -> Object:
    """A Kustomization of which Ready has that status since then."""
    plain = a_kustomization(RETRIED.name)
    changed = {"status": ready, "lastTransitionTime": since.isoformat()}
    plain["status"]["conditions"][0] |= changed
    return read_object(plain, Kustomization)


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
                yield read_object(plain, kind)
