"""What stands behind `/health`, `/why` and `meshmedic check`: ask, examine, remember."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.domain import mute_annotation
from bot.domain.check import Check
from bot.domain.finding import Finding, Ref
from bot.domain.report import Around, Report, examine, focus
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot, SnapshotReader
from bot.domain.story import Event, LogTail, Story
from bot.errors import ClusterError, InputError
from bot.health.checks import CHECKS
from bot.net.diagnosis.diagnosis import Diagnosed, Diagnoses
from bot.net.mesh.rounds import Links

KEPT = 16
"""Reports that are remembered, so that drilling in and exporting show what was answered."""

STORY_EVENTS = 5


class Cluster(SnapshotReader, Protocol):
    """What health needs of a cluster, listed once or watched."""

    async def events(self, ref: Ref) -> tuple[Event, ...]:
        """The events about an object, the newest first."""
        ...

    async def last_log_lines(self, pod: Ref, container: str) -> LogTail | None:
        """The last lines of a container, before its last restart where it had one."""
        ...


@dataclass
class Health:
    """Reports and the stories behind their findings.

    `around` stands about each check's run; `on_report` receives each report of everything.
    `diagnosed` gives the diagnoses of routes that stand, `rounds` what is known of the network
    between nodes.
    """

    cluster: Cluster
    checks: tuple[Check, ...] = CHECKS
    around: Around = nullcontext
    on_report: Callable[[Report], None] | None = None
    diagnosed: Callable[[], tuple[Diagnosed, ...]] = tuple
    rounds: Callable[[], Links | None] = field(default=lambda: None)
    _kept: OrderedDict[str, Report] = field(default_factory=OrderedDict)
    latest: Report | None = None
    """The latest report of everything."""

    async def check(self, scopes: tuple[str, ...] = (), namespace: str | None = None) -> Report:
        """Examine the cluster for these scopes (all where none is named)."""
        checks = tuple(check for check in self.checks if not scopes or check.scope in scopes)
        report = await self._report(checks, namespace)
        self._remember(report)
        return report

    async def look(self) -> Report:
        """Examine everything for a background task: the report is not remembered."""
        return await self._report(self.checks, None)

    async def _report(self, checks: tuple[Check, ...], namespace: str | None) -> Report:
        snapshot = await self.cluster.snapshot(_reads(checks), namespace)
        facts: dict[type, object] = {
            Diagnoses: Diagnoses(self.diagnosed()),
            Links: self.rounds(),
        }
        snapshot = replace(snapshot, supplements=facts)
        # Ten thousand pods take some 30 ms: in a thread, so that the event loop goes on.
        return await asyncio.to_thread(self._examine, snapshot, checks, namespace)

    async def why(self, code: str) -> Story:
        """The story of the finding with that code, as the cluster is now.

        Raises:
            InputError: No present finding has that code.
        """
        report = await self.check()
        return await self.story(report, self._one(report, code))

    async def story(self, report: Report, finding: Finding) -> Story:
        """Chain, downstream, events and last log lines; what cannot be read is said."""
        events, log = await asyncio.gather(
            self.cluster.events(finding.subject), self._log(finding), return_exceptions=True
        )
        unseen = [str(answer) for answer in (events, log) if isinstance(answer, ClusterError)]
        for answer_ in (events, log):
            if isinstance(answer_, BaseException) and not isinstance(answer_, ClusterError):
                raise answer_
        return Story(
            taken_at=report.taken_at,
            chain=report.chain(finding),
            check=next(check for check in self.checks if check.name == finding.check),
            downstream=report.downstream.get(finding.key, ()),
            events=() if isinstance(events, BaseException) else events[:STORY_EVENTS],
            log=None if isinstance(log, BaseException) else log,
            unseen=tuple(unseen),
        )

    def recall(self, number: str) -> Report | None:
        """A report that was answered lately, by its number; None once it is forgotten."""
        return self._kept.get(number)

    def restore(self, report: Report) -> None:
        """Take a report of everything from before a restart for the latest, unless one is newer.

        It was kept shortened, so it serves suggestions and stories, and is not exported.
        """
        if self.latest is None or self.latest.taken_at < report.taken_at:
            self.latest = report

    def remembered(self, number: str) -> Report | None:
        """The same, or the latest one from before a restart: it names what is to be looked into."""
        latest = self.latest
        return self.recall(number) or (latest if latest and latest.number == number else None)

    def suggestions(self, typed: str, most: int) -> tuple[Finding, ...]:
        """Findings of the latest report whose code, subject or reason holds what was typed."""
        return _holding(self.latest, typed)[:most]

    async def present(self, typed: str, most: int) -> tuple[Finding, ...]:
        """The same of now: what is no more cannot be muted, and what is new can."""
        return _holding(await self.look(), typed)[:most]

    def _examine(
        self, snapshot: Snapshot, checks: tuple[Check, ...], namespace: str | None
    ) -> Report:
        """Judge all that was read, so that a cause of another scope is found, and narrow then."""
        report = examine(snapshot, self.checks, namespace=namespace, around=self.around)
        return focus(report, checks)

    async def _log(self, finding: Finding) -> LogTail | None:
        if finding.subject.kind != "Pod":
            return None
        container = next(
            (evidence.value for evidence in finding.evidence if evidence.label == "container"), None
        )
        return await self.cluster.last_log_lines(finding.subject, container) if container else None

    def _remember(self, report: Report) -> None:
        self._kept[report.number] = report
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        if not report.namespace and len(report.scopes) > 1:
            self.latest = report
            if self.on_report:
                self.on_report(report)

    def _one(self, report: Report, asked: str) -> Finding:
        """The finding with that code, else the only one whose name or reason holds the words."""
        found = report.with_code(asked) or _holding(report, asked)
        if len(found) == 1:
            return found[0]
        if not found:
            raise InputError(not_found(f"No finding has the code {asked!r} now", report))
        subjects = ", ".join(f"{finding.code} ({finding.subject})" for finding in found[:5])
        msg = f"{asked!r} stands for {len(found)} findings. Choose one by its code: {subjects}."
        raise InputError(msg)


def _reads(checks: Iterable[Check]) -> tuple[type[Object], ...]:
    """The kinds that the checks read, and those whose annotations may silence a finding."""
    read = (kind for check in checks for kind in check.reads)
    return tuple(dict.fromkeys((*read, *mute_annotation.READS)))


def not_found(what: str, report: Report) -> str:
    """Why a finding is not there: a cluster that was not seen whole has proved nothing."""
    if not report.unseen:
        return f"{what}: it is mended, or the code is mistyped. Ask /health again."
    kinds = ", ".join(dict.fromkeys(gap.kind for gap in report.unseen))
    return f"{what}, but not everything could be seen, so it may be there still. Not seen: {kinds}."


def _holding(report: Report | None, words: str) -> tuple[Finding, ...]:
    """The findings whose code, subject or reason holds what was typed."""
    wanted = words.strip().lower()
    return tuple(
        finding
        for finding in (report.findings if report else ())
        if wanted in finding.code or wanted in f"{finding.subject} {finding.reason}".lower()
    )
