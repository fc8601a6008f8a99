"""The use case behind `/health`, `/why` and `meshmedic check`."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import msgspec

from bot.domain import mute_annotation
from bot.domain.check import Check
from bot.domain.containers import CONTAINER, MEMORY_LIMIT
from bot.domain.event_reasons import EventReasons
from bot.domain.finding import Evidence, Finding, Ref
from bot.domain.judging_budget import JudgingBudget
from bot.domain.report import Around, Report, examine, focus
from bot.domain.resources import core
from bot.domain.resources.base import Object
from bot.domain.sentences import code as as_code
from bot.domain.sentences import listed
from bot.domain.situation.situation import situation
from bot.domain.snapshot import Gap, Snapshot, SnapshotReader
from bot.domain.story import Event, LogTail, Story
from bot.domain.tenancy import PLATFORM
from bot.domain.typed import meant, quoted, unknown
from bot.domain.verdict import Verdict
from bot.errors import ClusterError, InputError
from bot.health.checks import CHECKS
from bot.health.told_events import ToldEvents
from bot.net import route_resolution
from bot.net.diagnosis.diagnosis import Diagnosed, Diagnoses, RouteFault
from bot.net.mesh.rounds import Links
from bot.net.route_checks.checks import RouteChecks
from bot.routing.running import TraefikNamespaces
from bot.routing.site_state import SiteState
from bot.routing.traefik_word import TraefikWord, nothing_said
from bot.sites.domain.site import Sites
from bot.sites.domain.weighing import sites

REMEMBERED = 16
"""Reports that are remembered, so that drilling in and exporting show what was answered."""

STORY_EVENTS = 5

FRESH = 20.0
"""Seconds for which a look is the present while somebody types. Alerts look every 15 s."""

ROUTES = "routes"
"""The scope whose reports say which sites answer."""

MEBIBYTE = 1024 * 1024


class Cluster(SnapshotReader, Protocol):
    """Reads a cluster, by listing it once or by watching it."""

    async def events(self, ref: Ref) -> tuple[Event, ...]:
        """The events about an object, the newest first."""
        ...

    async def last_log_lines(self, pod: Ref, container: str) -> LogTail | None:
        """The last log lines of a container: those before its last restart, if it had one."""
        ...

    async def memory_usage(self, pod: Ref) -> Mapping[str, int]:
        """What was last measured, in bytes by container; empty without metrics-server."""
        ...


@dataclass
class Health:
    """Reports and the stories behind their findings.

    around: A context for the run of each check, such as one that takes the time.
    clock: Seconds of CPU time, by which the time for each namespace is counted.
    fresh: Seconds for which a look is the present while somebody types.
    on_report: Receives each report of all checks and namespaces.
    diagnosed: The current diagnoses of routes.
    rounds: The results of background probes between nodes.
    unknown: The gaps in these two.
    route_checks: What route checks say of the sites; None where they are off.
    traefik: What Traefik itself says of routes.
    failing_since: When what fails was first seen failing, by the key of its finding. It outlasts a
    restart, and is earlier than what an object tells whose times are renewed with every try.
    """

    cluster: Cluster
    checks: tuple[Check, ...] = CHECKS
    around: Around = nullcontext
    clock: Callable[[], float] = time.thread_time
    fresh: float = FRESH
    on_report: Callable[[Report], None] | None = None
    diagnosed: Callable[[], tuple[Diagnosed, ...]] = tuple
    rounds: Callable[[], Links | None] = field(default=lambda: None)
    unknown: Callable[[], tuple[Gap, ...]] = tuple
    route_checks: Callable[[], RouteChecks | None] = field(default=lambda: None)
    failing_since: Callable[[], Mapping[str, datetime]] = dict
    traefik: Callable[[], Awaitable[TraefikWord]] = nothing_said
    _reports: OrderedDict[str, Report] = field(default_factory=OrderedDict)
    _told: ToldEvents = field(default_factory=ToldEvents)
    _looked: tuple[float, Report | None] = (0.0, None)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    latest: Report | None = None
    """The latest report of everything."""

    async def check(self, scopes: tuple[str, ...] = (), namespace: str | None = None) -> Report:
        """Examine the cluster for these scopes (all where none is named)."""
        checks = tuple(check for check in self.checks if not scopes or check.scope in scopes)
        report = await self._report(checks, namespace)
        self._remember(report)
        return report

    async def ask(self, scopes: tuple[str, ...] = (), namespace: str | None = None) -> Report:
        """Examine the cluster for a person, who may have mistyped the namespace.

        Raises:
            InputError: There is no such namespace; the message names those that may be meant.
        """
        report = await self.check(scopes, namespace)
        if namespace and not any(report.counts.values()):
            await self._must_exist(namespace)
        return report

    async def _must_exist(self, namespace: str) -> None:
        """Ask for a namespace in which nothing was found, unless Namespaces cannot be read.

        Raises:
            InputError: There is none of that name.
        """
        snapshot = await self.cluster.snapshot((core.Namespace,))
        names = sorted(one.name for one in snapshot.of(core.Namespace))
        if names and namespace not in names and snapshot.sees(core.Namespace):
            raise InputError(unknown("namespace", namespace, names))

    async def look(self) -> Report:
        """Examine everything for a background task: the report is not remembered."""
        report = await self._report(self.checks, None)
        self._looked = time.monotonic(), report
        return report

    async def sites(self, namespace: str | None = None) -> Sites:
        """Which sites answer, as the checks of routes and what was seen of requests say.

        Raises:
            InputError: There is no such namespace.
        """
        report = await self.ask((ROUTES,), namespace)
        return report.supplement(Sites) or Sites(taken_at=report.taken_at)

    async def route_states(self) -> Mapping[Ref, SiteState]:
        """How each route is: as the worst of its sites, where these were tested."""
        checks = tuple(check for check in self.checks if check.scope == ROUTES)
        known = (await self._report(checks, None)).supplement(Sites)
        states: dict[Ref, SiteState] = {}
        for site in known.all if known else ():  # what hurts most first
            for route in site.decided_by:
                states.setdefault(route, site.state)
        return states

    async def snapshot(
        self, types: Collection[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        """The objects with all that is known beside them: what every answer is judged by."""
        seen, word = await asyncio.gather(self.cluster.snapshot(types, namespace), self.traefik())
        facts: dict[type, object] = {
            **seen.supplements,
            TraefikWord: word,
            Diagnoses: Diagnoses(self.diagnosed()),
            Links: self.rounds(),
            RouteChecks: self.route_checks(),
            EventReasons: self._told.reasons,
        }
        return replace(seen, gaps=(*seen.gaps, *self.unknown(), *word.gaps), supplements=facts)

    async def _report(self, checks: tuple[Check, ...], namespace: str | None) -> Report:
        kinds = reads(checks, self.checks)
        if self.diagnosed():
            # What a test found holds as long as its route leads to the same endpoints.
            kinds = tuple(dict.fromkeys((*kinds, *route_resolution.READS)))
        snapshot = await self.snapshot(kinds, namespace)
        # Ten thousand pods take some 30 ms: in a thread, so that the event loop goes on.
        report = await asyncio.to_thread(self._examine, snapshot, checks, namespace)
        events = self.cluster.events
        if await self._told.learn(report.findings, snapshot.taken_at, events):
            news: dict[type, object] = {EventReasons: self._told.reasons}
            snapshot = replace(snapshot, supplements={**snapshot.supplements, **news})
            report = await asyncio.to_thread(self._examine, snapshot, checks, namespace)
        if checks == self.checks and namespace is None:
            self._told.keep_only(report)
        return report

    async def of_objects(self, route: Ref) -> RouteFault | None:
        """What is wrong with a route by all that is known but tests of it; None where nothing is.

        A diagnosis says it beside what its tests found.
        """
        checks = tuple(check for check in self.checks if check.scope == "routes")
        snapshot = await self.snapshot(reads(checks, self.checks))
        word = snapshot.supplement(TraefikWord) or TraefikWord()
        news: dict[type, object] = {Diagnoses: Diagnoses(), TraefikWord: word.of_objects()}
        facts = {**snapshot.supplements, **news}
        snapshot = replace(snapshot, supplements=facts)
        budget = self._budget(snapshot)
        report = await asyncio.to_thread(examine, snapshot, checks, budget=budget)
        faults = [finding for finding in report.findings if finding.subject == route]
        fault = max(faults, key=lambda finding: finding.verdict.rank, default=None)
        return RouteFault(fault.verdict, fault.reason, fault.message) if fault else None

    async def why(self, typed: str, code: str = "") -> Story:
        """The story of the finding that is meant, as the cluster is now.

        code: What was typed, where `typed` has more words; a finding with that code goes first.

        Raises:
            InputError: No present finding is meant.
        """
        report = await self.check()
        by_code = bool(code and report.with_code(code))
        return await self.story(report, self._match(report, code if by_code else typed))

    async def story_of(self, report: Report, code: str, gone: str) -> Story:
        """The story of a report's finding with a code, for a control under a message.

        Raises:
            InputError: The report has no such finding; the message begins with `gone`.
        """
        held = report.with_code(code)
        if not held:
            raise InputError(_not_found(gone, report))
        return await self.story(report, held[0])

    async def story(self, report: Report, finding: Finding) -> Story:
        """Chain, effects, events and last log lines; what cannot be read is named.

        Of a container that was killed for lack of memory, what it uses now.
        """
        events, log, usage = await asyncio.gather(
            self.cluster.events(finding.subject),
            self.log_tail(finding),
            self._usage(finding),
            return_exceptions=True,
        )
        answers = (events, log, usage)
        unseen = [str(error) for error in answers if isinstance(error, ClusterError)]
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, ClusterError):
                raise answer
        chain = report.chain(finding)
        if not isinstance(usage, BaseException):
            measured = (*finding.evidence, *usage)
            chain = (msgspec.structs.replace(finding, evidence=measured), *chain[1:])
        return Story(
            taken_at=report.taken_at,
            chain=chain,
            check=next(check for check in self.checks if check.name == finding.check),
            downstream=report.downstream.get(finding.key, ()),
            events=() if isinstance(events, BaseException) else events[:STORY_EVENTS],
            log=None if isinstance(log, BaseException) else log,
            unseen=tuple(unseen),
        )

    def recall(self, number: str) -> Report | None:
        """A recent answer by its number; None once it is forgotten."""
        return self._reports.get(number)

    def restore(self, report: Report) -> None:
        """Use a stored full report as the latest one, unless there is a newer one.

        It was stored shortened, so it serves suggestions and stories, but not exports. The events
        that it kept explain its findings still.
        """
        self._told.restore(report)
        if self.latest is None or self.latest.taken_at < report.taken_at:
            self.latest = report

    def remembered(self, number: str) -> Report | None:
        """A recent answer or the stored report by its number, to look up one of its findings."""
        latest = self.latest
        return self.recall(number) or (latest if latest and latest.number == number else None)

    def suggestions(self, typed: str, most: int) -> tuple[Finding, ...]:
        """Findings of the latest report whose code, subject or reason contains what was typed."""
        return _holding(self.latest, typed)[:most]

    async def present(self, typed: str, most: int) -> tuple[Finding, ...]:
        """Matching findings of a report of this moment: for muting, where an old one would mislead.

        Each keystroke asks, so one look serves for some seconds, also while it is made.
        """
        async with self._looking:
            at, report = self._looked
            if report is None or time.monotonic() - at >= self.fresh:
                report = await self.look()
        return _holding(report, typed)[:most]

    def _examine(
        self, snapshot: Snapshot, checks: tuple[Check, ...], namespace: str | None
    ) -> Report:
        """Run all checks, so that causes of other scopes are found, then narrow the report."""
        examined = examine(
            snapshot,
            self.checks,
            namespace=namespace,
            around=self.around,
            budget=self._budget(snapshot),
            platform=PLATFORM.union(_of_traefik(snapshot)),
        )
        report = _dated(focus(examined, checks), self.failing_since())
        if ROUTES not in report.scopes:
            return report
        return replace(report, supplements={Sites: sites(snapshot, report)})

    def _budget(self, snapshot: Snapshot) -> JudgingBudget:
        return JudgingBudget(self.clock, _of_traefik(snapshot))

    async def log_tail(self, finding: Finding) -> LogTail | None:
        """The last log lines of the container that explains a pod's finding; None for others.

        Raises:
            ClusterError: They cannot be read.
        """
        if finding.subject.kind != "Pod":
            return None
        container = {item.label: item.value for item in finding.evidence}.get(CONTAINER)
        return await self.cluster.last_log_lines(finding.subject, container) if container else None

    async def _usage(self, finding: Finding) -> tuple[Evidence, ...]:
        """The memory that the containers use whose limit is evidence; none where nobody knows."""
        labels = (item.label for item in finding.evidence)
        killed = [label[len(MEMORY_LIMIT) :] for label in labels if label.startswith(MEMORY_LIMIT)]
        usage = await self.cluster.memory_usage(finding.subject) if killed else {}
        return tuple(
            Evidence(
                f"memory usage of {name}", f"{usage[name] / MEBIBYTE:,.0f}Mi when last measured"
            )
            for name in killed
            if name in usage
        )

    def _remember(self, report: Report) -> None:
        self._reports[report.number] = report
        while len(self._reports) > REMEMBERED:
            self._reports.popitem(last=False)
        if not report.namespace and len(report.scopes) > 1:
            self.latest = report
            if self.on_report:
                self.on_report(report)

    def _match(self, report: Report, typed: str) -> Finding:
        """The finding with that code, else the only one whose subject or reason matches."""
        findings = report.with_code(typed) or _holding(report, typed)
        if len(findings) == 1:
            return findings[0]
        if not findings:
            raise InputError(_unknown(typed, report))
        choices = listed(f"{as_code(finding.code)} ({finding.subject})" for finding in findings)
        raise InputError(f"{quoted(typed)} fits {len(findings):,} findings: {choices}.")


def _of_traefik(snapshot: Snapshot) -> Collection[str]:
    """The namespaces that the owner names as Traefik's."""
    known = snapshot.supplement(TraefikNamespaces)
    return known.names if known else ()


def _dated(report: Report, failing_since: Mapping[str, datetime]) -> Report:
    """The report whose findings have the earliest time since which they are known to fail."""
    if not failing_since:
        return report
    return replace(
        report,
        findings=tuple(_dated_finding(finding, failing_since) for finding in report.findings),
    )


def _dated_finding(finding: Finding, failing_since: Mapping[str, datetime]) -> Finding:
    first = failing_since.get(finding.key)
    if finding.verdict in (Verdict.SUSPENDED, Verdict.UNKNOWN):
        # Since when it is that is another matter.
        return finding
    if first is None or (finding.since and finding.since <= first):
        return finding
    return msgspec.structs.replace(finding, since=first)


def reads(checks: Iterable[Check], every: Iterable[Check]) -> tuple[type[Object], ...]:
    """The types that the checks read, and those whose annotations may silence a finding.

    With what the checks of these types read, and so on: a cause is the same whatever was asked for.
    """
    wanted: dict[type[Object], None] = {}
    waiting, others = [*checks], [*every]
    while waiting:
        wanted |= dict.fromkeys(kind for check in waiting for kind in check.reads)
        others = [check for check in others if check not in waiting]
        waiting = [check for check in others if not wanted.keys().isdisjoint(check.judges)]
    return tuple(dict.fromkeys((*wanted, *mute_annotation.READS)))


def _unknown(typed: str, report: Report) -> str:
    """Why no finding is meant: it may be fixed or out of sight, or the name is mistyped."""
    subjects = {
        key: str(finding.subject)
        for finding in report.findings
        for key in (finding.subject.name, str(finding.subject))
    }
    why = _not_found(f"No finding matches {quoted(typed)}", report)
    return f"{why} {meant(typed, subjects)}".strip()


def _not_found(beginning: str, report: Report) -> str:
    """Why a finding is missing: with gaps in the report, it may still be there."""
    if not report.unseen:
        return f"{beginning}. It may be fixed by now."
    kinds = ", ".join(dict.fromkeys(gap.kind for gap in report.unseen))
    sentence = f"{beginning}, but not everything could be read, so it may still be there."
    return f"{sentence} Not seen: {kinds}."


def _holding(report: Report | None, words: str) -> tuple[Finding, ...]:
    """The findings whose code, subject or reason has every word; else those whose sentence has."""
    wanted = words.lower().split()
    findings = report.findings if report else ()
    for described in (_named, _described):
        texts = ((finding, described(finding).lower()) for finding in findings)
        if held := tuple(
            finding for finding, text in texts if all(word in text for word in wanted)
        ):
            return held
    return ()


def _named(finding: Finding) -> str:
    return f"{finding.code} {finding.subject} {finding.reason}"


def _described(finding: Finding) -> str:
    return f"{_named(finding)} {situation(finding).sentence()}"
