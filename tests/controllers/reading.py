"""The bot's own answer about an object: its verdict, the root cause, and the words of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.finding import Finding, Ref
from bot.domain.report import Report
from bot.domain.resources.base import Object
from bot.domain.resources.decode import read_object
from bot.domain.resources.registry import KIND_OF, Kind
from bot.domain.snapshot import Gap, Snapshot, SnapshotReader, Why
from bot.domain.story import Event, LogTail
from bot.domain.verdict import Verdict
from bot.health.service import Health

Plain = dict[str, Any]


@dataclass(frozen=True)
class Shifted:
    """A cluster as it is, read so much later than it was written."""

    cluster: SnapshotReader
    later: timedelta = timedelta()

    async def snapshot(
        self, types: Iterable[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        """The same objects at a later time."""
        snapshot = await self.cluster.snapshot(tuple(types), namespace)
        return replace(snapshot, taken_at=snapshot.taken_at + self.later)

    async def events(self, ref: Ref) -> tuple[Event, ...]:
        """None: reports do not need them."""
        return ()

    async def last_log_lines(self, pod: Ref, container: str) -> LogTail | None:
        """None: reports do not need them."""
        return None

    async def memory_usage(self, pod: Ref) -> Mapping[str, int]:
        """None: reports do not need it."""
        return {}


@dataclass(frozen=True)
class Recorded:
    """Objects that were written down, read as a cluster that has nothing else."""

    taken_at: datetime
    objects: tuple[Plain, ...]

    async def snapshot(
        self, types: Iterable[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        """The objects of these types; a type of which there are none is not installed."""
        read: dict[type[Object], tuple[Object, ...]] = {}
        gaps: list[Gap] = []
        for kind in (KIND_OF[type_] for type_ in types if type_ in KIND_OF):
            found = tuple(
                read_object(plain, kind.type)
                for plain in self.objects
                if is_of(plain, kind) and namespace in (None, plain["metadata"].get("namespace"))
            )
            if found or "" in kind.groups:
                read[kind.type] = found
            else:
                gaps.append(Gap(kind.name, Why.NOT_INSTALLED))
        return Snapshot(self.taken_at, read, tuple(gaps), (namespace,) if namespace else None)


def is_of(plain: Plain, kind: Kind) -> bool:
    """Whether an object is of a kind that the bot reads."""
    group = plain["apiVersion"].rpartition("/")[0]
    return plain["kind"] == kind.name and group in kind.groups


async def report(
    cluster: SnapshotReader, *, later: timedelta = timedelta(), namespace: str | None = None
) -> Report:
    """A report of everything, or of one namespace."""
    return await Health(Shifted(cluster, later)).check(namespace=namespace)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a report says of one object."""

    verdict: Verdict
    cause: Ref | None = None
    text: str = ""


def answer(report: Report, subject: Ref) -> Answer:
    """The worst finding about an object, and the end of its chain of causes."""
    findings = [finding for finding in report.findings if finding.subject == subject]
    if not findings:
        return Answer(Verdict.HEALTHY)
    finding = max(findings, key=lambda each: each.verdict.rank)
    *links, root = report.chain(finding)
    text = "\n".join(_text(each) for each in ((finding, root) if links else (finding,)))
    return Answer(finding.verdict, root.subject if links else None, text)


def _text(finding: Finding) -> str:
    evidence = "; ".join(f"{each.label}: {each.value}" for each in finding.evidence)
    return f"{finding.reason}: {finding.message} {evidence}"
