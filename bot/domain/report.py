"""From a snapshot to a report: judge all objects, link effects to causes, list the gaps."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import chain
from types import MappingProxyType
from typing import Protocol, TypeVar, cast

import msgspec

from bot.domain import conditions, event_reasons, mute_annotation, tenancy
from bot.domain.alike import linked
from bot.domain.check import Check, Judge
from bot.domain.conditions import CLOCK_SKEW
from bot.domain.finding import HEALTHY, Alike, Finding, FindingOf, Judgement, Ref
from bot.domain.finding_shares import FindingShares
from bot.domain.grouping import grouped
from bot.domain.judging_budget import JudgingBudget
from bot.domain.resources.base import Object
from bot.domain.rooted import rooted, shared
from bot.domain.snapshot import Gap, Snapshot
from bot.domain.temporary import temporary, unscheduled
from bot.domain.verdict import Verdict, worst


class ReportSupplement(Protocol):
    """What one capability adds to a report, such as which sites answer."""

    @property
    def public(self) -> ReportSupplement:
        """The part of it that does not rest on what only tests in private show."""
        ...


S = TypeVar("S", bound=ReportSupplement)


@dataclass(frozen=True)
class Report:
    """The answer to one question about a cluster's health.

    findings: Worst first, each root cause followed by its effects.
    gaps: What could not be read.
    notes: What people should know about healthy objects. A note changes no verdict, raises no
        alert, and causes no finding.
    counts: How many objects of each kind were judged.
    scopes, namespace: What was asked.
    muted: A line for the key of each finding that an annotation silences.
    facts: What shows a finding beside objects, such as Traefik's log, by its key.
    seen_well: The keys of what failed and was seen to work since. Of other healthy objects a fault
        is only not seen any more.
    supplements: What capabilities add, by its type.
    platform: The namespaces of what serves all others: a cause there answers for any effect.
    """

    taken_at: datetime
    findings: tuple[Finding, ...] = ()
    gaps: tuple[Gap, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    namespace: str | None = None
    muted: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Finding, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    seen_well: frozenset[str] = frozenset()
    supplements: Mapping[type, ReportSupplement] = field(default_factory=dict)
    platform: frozenset[str] = tenancy.PLATFORM

    def supplement(self, kind: type[S]) -> S | None:
        """What a capability added as that type, if anything."""
        return cast("S | None", self.supplements.get(kind))

    @cached_property
    def number(self) -> str:
        """Eight characters that identify this report, for buttons that refer to it."""
        question = f"{self.taken_at.isoformat()}/{self.scopes}/{self.namespace}"
        return hashlib.blake2b(question.encode(), digest_size=4).hexdigest()

    @property
    def verdict(self) -> Verdict:
        """The worst verdict; at least UNKNOWN where there are gaps, or where nothing was judged."""
        verdicts = [finding.verdict for finding in self.findings]
        return worst(
            [*verdicts, Verdict.UNKNOWN] if self.unseen or not self.judged_count else verdicts
        )

    @property
    def judged_count(self) -> int:
        """How many objects were judged. None, as in a mistyped namespace, does not mean healthy."""
        return sum(self.counts.values())

    @property
    def unseen(self) -> tuple[Gap, ...]:
        """The gaps that the owner did not choose. With any, an absence proves nothing."""
        return tuple(gap for gap in self.gaps if not gap.why.by_choice)

    @property
    def hidden(self) -> tuple[str, ...]:
        """The kinds, and facts, of which something may be there that could not be seen."""
        return tuple(sorted({gap.kind for gap in self.gaps if gap.why.hides}))

    @cached_property
    def by_key(self) -> Mapping[str, Finding]:
        """The findings by key."""
        return {finding.key: finding for finding in self.findings}

    def is_noted(self, key: str, reason: str) -> bool:
        """Whether there is a note with that reason on the object of a finding."""
        return (key, reason) in self._noted

    @cached_property
    def _noted(self) -> frozenset[tuple[str, str]]:
        return frozenset((note.key, note.reason) for note in self.notes)

    @cached_property
    def roots(self) -> tuple[Finding, ...]:
        """The root causes: findings that no other finding caused."""
        return tuple(finding for finding in self.findings if finding.cause not in self.by_key)

    @cached_property
    def downstream(self) -> Mapping[str, tuple[Finding, ...]]:
        """The effects of each root cause, direct and indirect, by its key."""
        roots = ((self.chain(finding)[-1].key, finding) for finding in self.findings)
        effects = grouped((key, finding) for key, finding in roots if key != finding.key)
        return {key: tuple(findings) for key, findings in effects.items()}

    def chain(self, finding: Finding) -> tuple[Finding, ...]:
        """The finding, its cause, the cause of that, and so on to the root."""
        links = [finding]
        while (cause := self.by_key.get(links[-1].cause or "")) and cause not in links:
            links.append(cause)
        return tuple(links)

    @cached_property
    def public(self) -> Report:
        """The report without what only tests in private show, also as a cause."""
        private = {finding.key for finding in self.findings if finding.private}
        seen = self.without_causes(
            finding.key for finding in self.findings if finding.cause in private
        )
        return replace(
            self,
            findings=tuple(finding for finding in seen.findings if not finding.private),
            notes=tuple(note for note in self.notes if not note.private),
            supplements={kind: part.public for kind, part in self.supplements.items()},
        )

    @cached_property
    def answered(self) -> Report:
        """The report with those causes alone that may answer for their effects.

        What is told, stored or silenced goes by it; the other links are for display.
        """

        def answers(cause: Finding, effect: Finding) -> bool:
            return tenancy.may_answer(cause.subject, effect.subject, self.platform)

        causes = {
            finding.key: cause.key
            for finding in self.findings
            if (cause := self.by_key.get(finding.cause or "")) and answers(cause, finding)
        }
        others = [finding for finding in self.findings if causes.get(finding.key) != finding.cause]
        if not others:
            return self
        at = _by_name(self.findings)
        for finding in others:
            candidates = (cause for cause in _candidates(finding, at) if answers(cause, finding))
            if cause := _first_cause(finding, candidates, causes):
                causes[finding.key] = cause.key
        return self._caused(causes)

    def without_causes(self, keys: Iterable[str]) -> Report:
        """The report in which these findings follow from nothing."""
        cut = frozenset(keys)
        return self._caused(
            {
                finding.key: finding.cause
                for finding in self.findings
                if finding.cause and finding.key not in cut
            }
        )

    def _caused(self, causes: Mapping[str, str]) -> Report:
        return replace(self, findings=_caused(self.findings, causes))

    def with_code(self, code: str) -> tuple[Finding, ...]:
        """The findings and notes with that short code: one, unless two codes collide."""
        wanted = code.strip().lower()
        shown = (*self.findings, *self.notes)
        return tuple(finding for finding in shown if finding.code == wanted)


def judge_one(resource: Object, judge: Judge, snapshot: Snapshot) -> Judgement:
    """The verdict of one judge; an object that could not be read completely is never healthy.

    Nor is one that finalizers keep from being deleted, of whatever kind it is. A reason that only
    an event told is added.
    """
    judgement = judge(resource, snapshot)
    meta = resource.metadata
    if judgement is HEALTHY and not resource.malformed and not meta.deletion_timestamp:
        return HEALTHY
    if judgement.verdict is not Verdict.HEALTHY:
        born = meta.creation_timestamp
        judgement = event_reasons.explained(judgement, resource.ref, snapshot, born=born)
    if meta.deletion_timestamp and meta.finalizers:
        judgement = _held(resource, judgement, snapshot.taken_at)
    if not resource.malformed or judgement.verdict.rank > Verdict.UNKNOWN.rank:
        return judgement
    message = "Part of it could not be read: " + "; ".join(resource.malformed)
    return Judgement(Verdict.UNKNOWN, "Malformed", message)


def _held(resource: Object, judgement: Judgement, now: datetime) -> Judgement:
    """The worse of a judgement and of what finalizers make of a deletion; the latter is told."""
    gone = conditions.terminating(resource, now)
    if gone is None or gone.message in judgement.message:
        return judgement
    if gone.verdict.rank > judgement.verdict.rank:
        return gone
    if gone.verdict is not Verdict.DEGRADED:
        return judgement
    message = f"{judgement.message} {gone.message}".strip()
    return msgspec.structs.replace(judgement, message=message)


Around = Callable[[Check], AbstractContextManager[object]]
"""A context in which a check runs: it may take the time."""


def examine(
    snapshot: Snapshot,
    checks: Iterable[Check],
    *,
    namespace: str | None = None,
    around: Around = nullcontext,
    budget: JudgingBudget | None = None,
    platform: frozenset[str] = tenancy.PLATFORM,
) -> Report:
    """Run the checks over a snapshot.

    Objects that the bot created for a test are neither judged nor counted. With `namespace`, only
    objects there are reported, and the causes of their findings wherever those are. The scopes are
    those of the checks. Each check runs inside the context of `around`, which may time it. What the
    budget leaves no time for is a gap, and so is what a namespace has beyond its share of findings.

    platform: The namespaces of what serves all others.
    """
    budget = budget or JudgingBudget(_no_time)
    checks = tuple(checks)
    findings: list[Finding] = []
    notes: list[Finding] = []
    muted: dict[str, str] = {}
    common: dict[str, Alike] = {}
    roots: dict[str, Finding] = {}
    facts: dict[str, str] = {}
    seen_well: set[str] = set()
    unseen: set[str] = set()
    named: dict[str, tuple[Ref, ...]] = {}
    for check in checks:
        with around(check):
            for resource, finding, judgement in _findings(check, snapshot, budget):
                if judgement.seen_well:
                    seen_well.add(finding.key)
                if finding.verdict is Verdict.HEALTHY:
                    notes += [finding] * judgement.noted
                    continue
                findings.append(finding)
                if judgement.alike:
                    common[finding.key] = judgement.alike
                if judgement.root:
                    roots[finding.key] = judgement.root
                if judgement.fact:
                    facts[finding.key] = judgement.fact
                named[finding.key] = judgement.named
                if not judgement.explains:
                    unseen.add(finding.key)
                if line := mute_annotation.line(resource, snapshot):
                    muted[finding.key] = line
    shares = FindingShares(budget.whole)
    kept = shares.kept((*findings, *notes))
    findings = [finding for finding in findings if finding.key in kept]
    notes = [note for note in notes if note.key in kept]
    caused = rooted(collapse(tuple(findings), unseen, named, platform), roots)
    # What shows all that follows from a root, and what silences all of it, does so for the root.
    facts |= shared(caused, roots, facts)
    muted |= shared(caused, roots, muted)
    report = Report(
        taken_at=snapshot.taken_at,
        findings=linked(caused, common),
        gaps=_gaps_of((*snapshot.gaps, *budget.gaps(), *shares.gaps()), checks),
        counts=_counts(snapshot, checks, namespace, budget),
        scopes=tuple(dict.fromkeys(check.scope for check in checks if check.scope)),
        namespace=namespace,
        muted=muted,
        notes=tuple(sorted(notes, key=lambda note: note.key)),
        facts=facts,
        seen_well=frozenset(seen_well),
        platform=platform,
    )
    return _ordered(
        _narrowed(
            report, lambda finding: namespace in (None, tenancy.namespace_of(finding.subject))
        )
    )


def focus(report: Report, checks: Iterable[Check]) -> Report:
    """The part of a wider report that these checks cover, with the causes of its findings."""
    checks = tuple(checks)
    names = {check.name for check in checks}
    kinds = {kind.kind_name() for check in checks for kind in check.judges}
    narrowed = _narrowed(report, lambda finding: finding.check in names)
    return replace(
        narrowed,
        gaps=_gaps_of(report.gaps, checks),
        counts={kind: count for kind, count in report.counts.items() if kind in kinds},
        scopes=tuple(dict.fromkeys(check.scope for check in checks if check.scope)),
    )


def collapse(
    findings: tuple[Finding, ...],
    unseen: Collection[str] = (),
    named: Mapping[str, Collection[Ref]] = MappingProxyType({}),
    platform: Collection[str] = tenancy.PLATFORM,
) -> tuple[Finding, ...]:
    """Link each finding to the finding that caused it.

    The cause is the first of the objects it may follow from that has a finding too, unless that
    one began clearly later (an effect does not begin before its cause), the link would close a
    cycle, or that one is of another check and its key among `unseen`: it says only that nobody
    looked. Nor is it one of another namespace, except of the platform or where the finding's own
    object names it: anybody may write labels and references in a namespace of their own.

    named: What the objects of findings name themselves (`Judgement.named`), by the finding's key.
    """

    def may_explain(cause: Finding, effect: Finding) -> bool:
        return tenancy.may_answer(cause.subject, effect.subject, platform) or (
            cause.subject in named.get(effect.key, ())
        )

    at = _by_name(findings)
    causes: dict[str, str] = {}
    for finding in findings:
        candidates = (
            cause
            for cause in _candidates(finding, at)
            if (cause.key not in unseen or cause.check == finding.check)
            and may_explain(cause, finding)
        )
        if cause := _first_cause(finding, candidates, causes):
            causes[finding.key] = cause.key
    return _caused(findings, causes)


def _by_name(findings: tuple[Finding, ...]) -> Mapping[Ref | str, Finding]:
    """By key, and by object."""
    at: dict[Ref | str, Finding] = {finding.key: finding for finding in findings}
    return at | {finding.subject: finding for finding in reversed(findings)}


def _candidates(finding: Finding, at: Mapping[Ref | str, Finding]) -> Iterator[Finding]:
    """The findings on what a finding may follow from, the likeliest first."""
    for ref in finding.follows:
        if cause := at.get(ref.key if isinstance(ref, FindingOf) else ref):
            yield cause


def _first_cause(
    finding: Finding, candidates: Iterable[Finding], causes: Mapping[str, str]
) -> Finding | None:
    fit = (cause for cause in candidates if _may_cause(cause, finding))
    return next((cause for cause in fit if not _circular(causes, cause, finding)), None)


def _caused(findings: tuple[Finding, ...], causes: Mapping[str, str]) -> tuple[Finding, ...]:
    return tuple(
        finding
        if finding.cause == causes.get(finding.key)
        else msgspec.structs.replace(finding, cause=causes.get(finding.key))
        for finding in findings
    )


def _no_time() -> float:
    """A clock by which nothing takes any time."""
    return 0.0


def _findings(
    check: Check, snapshot: Snapshot, budget: JudgingBudget
) -> Iterator[tuple[Object, Finding, Judgement]]:
    """Each object of which the check has something to say, with the finding and the judgement."""
    for kind, judge in check.judges.items():
        for resource in budget.within(_lasting(snapshot, kind)):
            judgement = judge_one(resource, judge, snapshot)
            if judgement is HEALTHY:
                continue
            fields = {name: getattr(judgement, name) for name in OF_JUDGEMENT}
            known_as = check.known_as(resource, snapshot) if check.known_as else None
            finding = Finding(check=check.name, subject=resource.ref, known_as=known_as, **fields)
            yield resource, finding, judgement


OF_JUDGEMENT = ("verdict", "reason", "message", "since", "evidence", "follows", "private")
"""What a finding has from a judgement."""


def _lasting(snapshot: Snapshot, kind: type[Object]) -> tuple[Object, ...]:
    """The objects of a type that are judged and counted: all but those of a test.

    A pod of a test for which there is no room on any node is judged: without it there is no test.
    """
    objects = snapshot.of(kind)
    of_tests = set(map(id, objects.those("of a test", _of_test)))
    return tuple(item for item in objects if id(item) not in of_tests) if of_tests else objects


def _of_test(resource: Object) -> bool:
    return temporary(resource) and not unscheduled(resource)


def _may_cause(cause: Finding, effect: Finding) -> bool:
    if cause.key == effect.key:
        return False
    if cause.since is None or effect.since is None:
        return True
    return cause.since - effect.since <= CLOCK_SKEW


def _circular(causes: Mapping[str, str], cause: Finding, effect: Finding) -> bool:
    key: str | None = cause.key
    while key is not None:
        if key == effect.key:
            return True
        key = causes.get(key)
    return False


def _narrowed(report: Report, wanted: Callable[[Finding], bool]) -> Report:
    keep: set[str] = set()
    for finding in report.findings:
        if wanted(finding):
            keep.update(link.key for link in report.chain(finding))
    return replace(
        report,
        findings=tuple(finding for finding in report.findings if finding.key in keep),
        notes=tuple(filter(wanted, report.notes)),
    )


def _ordered(report: Report) -> Report:
    """Each root followed by its effects; the roots by the worst that they bring about."""
    trees = [
        (root, *sorted(report.downstream.get(root.key, ()), key=_worst_first))
        for root in report.roots
    ]
    # A cause may be milder than its effects.
    trees.sort(key=lambda tree: (min(map(_worst_first, tree))[0], -len(tree), tree[0].key))
    return replace(report, findings=tuple(chain.from_iterable(trees)))


def _worst_first(finding: Finding) -> tuple[int, str]:
    return -finding.verdict.rank, finding.key


def _gaps_of(gaps: tuple[Gap, ...], checks: tuple[Check, ...]) -> tuple[Gap, ...]:
    """The gaps in what these checks need."""
    names = {kind.kind_name() for check in checks for kind in (*check.judges, *check.needs)}
    names |= {fact for check in checks for fact in check.facts}
    return tuple(gap for gap in gaps if (gap.part_of or gap.kind) in names)


def _counts(
    snapshot: Snapshot, checks: tuple[Check, ...], namespace: str | None, budget: JudgingBudget
) -> dict[str, int]:
    counts: dict[str, int] = {}
    for kind in {kind for check in checks for kind in check.judges if kind in snapshot.objects}:
        objects = _lasting(snapshot, kind)
        if namespace is not None:
            objects = tuple(resource for resource in objects if resource.namespace == namespace)
        name = kind.kind_name()
        counts[name] = len(objects) - budget.missed(name, namespace)
    return counts
