"""The difference between two reports, by root causes; effects are only counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from bot.domain.finding import Finding, Ref, subject_of
from bot.domain.record import RecordType
from bot.domain.report import Report
from bot.domain.resources.registry import KIND_OF
from bot.domain.shares import fewer
from bot.domain.snapshot import AWAY, Why
from bot.domain.tenancy import party_of_key
from bot.domain.verdict import INCIDENT, Verdict
from bot.health.causes import ROUTE_FAULTS
from bot.health.checks import CHECKS
from bot.net.diagnosis.workaround import WORKED_AROUND
from bot.routing.traefik_word import ENDS_BY_SILENCE
from bot.sites.domain.behind import failing_behind

LAST_DIGEST = "last digest"
"""The name of the gap where nobody knows what the digest before it said."""


OF_TESTS = f"{ROUTE_FAULTS}/"
"""How the key of a fault begins that only tests of routes show."""


class KnownEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A finding of an earlier digest.

    `first` is when a digest first had it, `cause` the key of the finding that it follows from,
    `known_as` what people know its object by (`Finding.known_as`).
    """

    verdict: Verdict
    reason: str
    first: datetime
    cause: str = ""
    known_as: Ref | None = None


class Base(msgspec.Struct, frozen=True):
    """What the next digest of a name is compared with: findings by key.

    `dropped` counts findings for which there was no room. `noted` are the marks of entries beside
    the findings; None in records without them. `hidden` are the kinds that could not be seen.
    """

    taken_at: datetime
    known: dict[str, KnownEntry] = {}
    dropped: int = 0
    noted: tuple[str, ...] | None = None
    hidden: tuple[str, ...] = ()


class Bases(msgspec.Struct, frozen=True):
    """The base of each digest, by its name."""

    by_name: dict[str, Base] = {}


class DiffEntry(msgspec.Struct, frozen=True):
    """A finding that exists: how many effects it has, since when, and its earlier verdict.

    `sites` are those that do not answer because of it. `was` is UNKNOWN where it may have been
    there before, and could not be seen then.
    """

    finding: Finding
    downstream: int = 0
    since: datetime | None = None
    was: Verdict | None = None
    sites: int = 0


class GoneEntry(msgspec.Struct, frozen=True):
    """A finding that does not exist any more, and how many effects went with it."""

    key: str
    reason: str
    verdict: Verdict
    first: datetime
    downstream: int = 0
    known_as: Ref | None = None

    @property
    def subject(self) -> Ref:
        """The object, out of the key."""
        return subject_of(self.key)


class Difference(msgspec.Struct, frozen=True):
    """The parts of a digest. `lost` existed before, and cannot be observed now.

    So it is with requests that failed: that none fails any more proves no good one. What is
    `around` is not fixed either: the fault stays, and nothing is known to fail by it any more.
    """

    new: tuple[DiffEntry, ...] = ()
    worse: tuple[DiffEntry, ...] = ()
    same: tuple[DiffEntry, ...] = ()
    better: tuple[DiffEntry, ...] = ()
    fixed: tuple[GoneEntry, ...] = ()
    lost: tuple[GoneEntry, ...] = ()
    first: bool = False
    forgotten: int = 0
    around: tuple[GoneEntry, ...] = ()

    @property
    def present(self) -> tuple[DiffEntry, ...]:
        """All causes that exist now."""
        return (*self.new, *self.worse, *self.same, *self.better)

    @property
    def some(self) -> bool:
        """Whether anything changed."""
        gone = self.fixed or self.around or self.lost
        return bool(self.new or self.worse or self.better or gone)


def difference(before: Base | None, now: Report, threshold: Verdict) -> Difference:
    """Compare a report with the base of the digest before.

    Without one every finding is new, and `first` says so. What only a test in private shows is
    left out: it is neither there nor fixed.
    """
    known = before.known if before else {}
    public = now.public
    roots = tuple(root for root in public.roots if _counts(root, public, threshold, known))
    sorted_in: dict[str, list[DiffEntry]] = {"new": [], "worse": [], "same": [], "better": []}
    for root in roots:
        earlier = known.get(root.key)
        entry = _entry(root, public, earlier)
        if earlier is None and before and _was_hidden(root, before, now):
            entry = msgspec.structs.replace(entry, was=Verdict.UNKNOWN)
        sorted_in[_where(earlier, root)].append(entry)
    gone = {
        key: known_entry
        for key, known_entry in known.items()
        if key not in now.by_key and _covers(now, key)
    }
    around = {
        key: known_entry for key, known_entry in gone.items() if now.is_noted(key, WORKED_AROUND)
    }
    # A fault that only tests see has no note of its own: it stays where one of its routes has one.
    stays = {entry.cause for entry in around.values() if entry.cause.startswith(OF_TESTS)}
    around |= {key: known_entry for key, known_entry in gone.items() if key in stays}
    fixed = {
        key: known_entry
        for key, known_entry in gone.items()
        if key not in around
        and _observes(now, key)
        and (known_entry.reason not in ENDS_BY_SILENCE or key in now.seen_well)
    }
    lost = {key: entry for key, entry in gone.items() if key not in fixed.keys() | around.keys()}
    return Difference(
        **{name: tuple(entries) for name, entries in sorted_in.items()},
        fixed=_causes(fixed, public, threshold),
        around=_causes(around, public, threshold),
        lost=_causes(lost, public, threshold),
        first=before is None,
        forgotten=before.dropped if before else 0,
    )


def base(report: Report, before: Base | None, noted: tuple[str, ...] = ()) -> Base:
    """The base of the next digest: every finding, since an effect may outlive its cause.

    A finding that cannot be observed now, or only in private, stays as it was; one outside the
    report's scope does not.
    """
    earlier = before.known if before else {}
    entries = {
        finding.key: KnownEntry(
            *_standing(finding, earlier.get(finding.key)),
            _first(finding, earlier, report),
            finding.cause or "",
            finding.known_as,
        )
        for finding in report.public.findings
    }
    unseen = {
        key: entry
        for key, entry in earlier.items()
        if key not in entries
        and _covers(report, key)
        and (key in report.by_key or not _observes(report, key))
    }
    return Base(report.taken_at, entries | unseen, noted=noted, hidden=report.hidden)


def _first(finding: Finding, earlier: Mapping[str, KnownEntry], report: Report) -> datetime:
    known = earlier.get(finding.key)
    if known and known.verdict.rank < INCIDENT.rank <= finding.verdict.rank:
        # It was under way or suspended, and fails only now.
        return finding.since or report.taken_at
    return known.first if known else (finding.since or report.taken_at)


def _was_hidden(root: Finding, before: Base, now: Report) -> bool:
    """Whether something that it rests on is seen now, and was not at the digest before."""
    late = set(before.hidden).difference(now.hidden)
    return bool(late & {now.facts.get(root.key), root.subject.kind, *_NEEDS.get(root.check, ())})


def _where(earlier: KnownEntry | None, root: Finding) -> str:
    if earlier is None:
        return "new"
    verdict, _ = _standing(root, earlier)
    change = verdict.rank - earlier.verdict.rank
    return "worse" if change > 0 else "better" if change < 0 else "same"


def _standing(finding: Finding, earlier: KnownEntry | None) -> tuple[Verdict, str]:
    """Verdict and reason. A failed finding that tries again, is suspended or not known stays so."""
    if (
        earlier
        and finding.unrecovered
        and finding.verdict.rank < INCIDENT.rank <= earlier.verdict.rank
    ):
        return earlier.verdict, earlier.reason
    return finding.verdict, finding.reason[:80]


def _entry(root: Finding, report: Report, earlier: KnownEntry | None) -> DiffEntry:
    since = _since(root, earlier)
    count = len(report.downstream.get(root.key, ()))
    was = earlier.verdict if earlier and earlier.verdict is not root.verdict else None
    return DiffEntry(root, count, since, was, len(failing_behind(root, report)))


def _since(root: Finding, earlier: KnownEntry | None) -> datetime | None:
    """Since when it is so: what tries again has failed since it was first seen failing.

    The time that its object tells is that of its present try.
    """
    if earlier is None:
        return root.since
    retries = _standing(root, earlier)[0] is not root.verdict
    return earlier.first if retries or root.since is None else root.since


def _counts(
    root: Finding, report: Report, threshold: Verdict, known: Mapping[str, KnownEntry]
) -> bool:
    """Whether it or one of its effects reaches the threshold."""
    tree = (root, *report.downstream.get(root.key, ()))
    standing = (_standing(finding, known.get(finding.key))[0] for finding in tree)
    return any(verdict.rank >= threshold.rank for verdict in standing)


def _causes(
    gone: Mapping[str, KnownEntry], now: Report, threshold: Verdict
) -> tuple[GoneEntry, ...]:
    """The causes; effects of a cause that still exists are counted there."""
    trees: dict[str, list[KnownEntry]] = {}
    for key, entry in gone.items():
        trees.setdefault(_root(key, gone), []).append(entry)
    return tuple(
        GoneEntry(
            key,
            gone[key].reason,
            gone[key].verdict,
            gone[key].first,
            len(tree) - 1,
            gone[key].known_as,
        )
        for key, tree in trees.items()
        if gone[key].cause not in now.by_key
        and any(known_entry.verdict.rank >= threshold.rank for known_entry in tree)
    )


def _root(key: str, gone: Mapping[str, KnownEntry]) -> str:
    """Its first cause, as far as that is gone too. Stored causes may form a loop."""
    passed = [key]
    while (cause := gone[passed[-1]].cause) in gone and cause not in passed:
        passed.append(cause)
    return passed[-1]


def _covers(report: Report, key: str) -> bool:
    """Whether the report covers it: outside its scopes or namespace nothing is gone."""
    subject, scope = subject_of(key), _SCOPE.get(key.partition("/")[0])
    place = subject.name if subject.kind == "Namespace" else subject.namespace
    inside = not report.scopes or scope is None or scope in report.scopes
    return inside and report.namespace in (None, place)


def _observes(report: Report, key: str) -> bool:
    """Whether the report would have it: everything that its check reads was observed.

    Of a kind that is not installed any more, nothing is left.
    """
    check, subject = key.partition("/")[0], subject_of(key)
    kind = subject.kind
    if any(gap.hides_any(kind, subject.namespace) for gap in report.unseen):
        return False
    hidden = {gap.kind for gap in report.unseen}
    away = {gap.kind for gap in report.unseen if gap.why in AWAY}
    uninstalled = {gap.kind for gap in report.gaps if gap.why is Why.NOT_INSTALLED}
    if hidden & ({kind} | _READS.get(check, set())) or away & _FACTS.get(check, set()):
        return False
    return kind in report.counts or kind in uninstalled


_READS = {
    check.name: {kind.kind_name() for kind in (*check.judges, *check.needs) if kind in KIND_OF}
    for check in CHECKS
}
_NEEDS = {check.name: {kind.kind_name() for kind in check.needs} for check in CHECKS}
_FACTS = {check.name: set(check.facts) for check in CHECKS}
_SCOPE = {check.name: check.scope for check in CHECKS}


def _spare(bases: Bases) -> Bases | None:
    """Drop a tenth of the largest base, of whoever has the most the mildest, and count them."""
    largest = max(bases.by_name, key=lambda name: len(bases.by_name[name].known), default=None)
    if largest is None or not bases.by_name[largest].known:
        return None
    largest_base = bases.by_name[largest]
    worst = sorted(largest_base.known.items(), key=lambda entry: -entry[1].verdict.rank)
    known = dict(fewer(worst, lambda entry: party_of_key(entry[0])))
    dropped = largest_base.dropped + len(worst) - len(known)
    smaller = msgspec.structs.replace(largest_base, known=known, dropped=dropped)
    return Bases(bases.by_name | {largest: smaller})


BASES: RecordType[Bases] = RecordType("digest-bases", Bases, spare=_spare)
