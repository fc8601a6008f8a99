"""What is different between two reports, told by causes: what follows from one is only counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from bot.domain.check import Check
from bot.domain.finding import Finding, Ref, subject_of
from bot.domain.record import Shelf
from bot.domain.report import Report
from bot.domain.resources.registry import KIND_OF
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS


class KnownEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an earlier digest knew of a finding.

    `first` is when a digest saw it first, `cause` the key of the finding that it followed from.
    """

    verdict: Verdict
    reason: str
    first: datetime
    cause: str = ""


class Base(msgspec.Struct, frozen=True):
    """What the last digest of a name knew, by key; `dropped` counts what there was no room for.

    `noted` are marks of what it told beside the findings; None where nobody wrote them down.
    """

    taken_at: datetime
    known: dict[str, KnownEntry] = {}
    dropped: int = 0
    noted: tuple[str, ...] | None = None


class Bases(msgspec.Struct, frozen=True):
    """One base for each digest, by its name."""

    by_name: dict[str, Base] = {}


class DiffEntry(msgspec.Struct, frozen=True):
    """A finding that is there: how many follow from it, since when, and what it was before."""

    finding: Finding
    downstream: int = 0
    since: datetime | None = None
    was: Verdict | None = None


class GoneEntry(msgspec.Struct, frozen=True):
    """A finding that is not there any more, and how many that followed from it went with it."""

    key: str
    reason: str
    verdict: Verdict
    first: datetime
    downstream: int = 0

    @property
    def subject(self) -> Ref:
        """The object, out of the key."""
        return subject_of(self.key)


class Difference(msgspec.Struct, frozen=True):
    """The parts of a digest. `lost` was there before, and could not be looked for now."""

    new: tuple[DiffEntry, ...] = ()
    worse: tuple[DiffEntry, ...] = ()
    same: tuple[DiffEntry, ...] = ()
    better: tuple[DiffEntry, ...] = ()
    fixed: tuple[GoneEntry, ...] = ()
    lost: tuple[GoneEntry, ...] = ()
    first: bool = False
    forgotten: int = 0

    @property
    def present(self) -> tuple[DiffEntry, ...]:
        """All causes that exist now."""
        return (*self.new, *self.worse, *self.same, *self.better)

    @property
    def some(self) -> bool:
        """Whether anything is different."""
        return bool(self.new or self.worse or self.better or self.fixed or self.lost)


def difference(before: Base | None, now: Report, threshold: Verdict) -> Difference:
    """Compare a report with what the digest before it knew.

    Without one everything is new, and said to be a first look.
    """
    known = before.known if before else {}
    told = tuple(root for root in now.roots if _counts(root, now, threshold, known))
    sorted_in: dict[str, list[DiffEntry]] = {"new": [], "worse": [], "same": [], "better": []}
    for root in told:
        earlier = known.get(root.key)
        sorted_in[_where(earlier, root)].append(_entry(root, now, earlier))
    gone = {
        key: known_entry
        for key, known_entry in known.items()
        if key not in now.by_key and _asked(now, key)
    }
    fixed = {key: known_entry for key, known_entry in gone.items() if _sees(now, key)}
    lost = {key: entry for key, entry in gone.items() if key not in fixed}
    return Difference(
        **{name: tuple(found) for name, found in sorted_in.items()},
        fixed=_causes(fixed, now, threshold),
        lost=_causes(lost, now, threshold),
        first=before is None,
        forgotten=before.dropped if before else 0,
    )


def base(report: Report, before: Base | None, noted: tuple[str, ...] = ()) -> Base:
    """What the next digest shall compare with: every finding, since what follows may outlive.

    What could not be looked for now is kept as it was known; what was not asked for is not.
    """
    earlier = before.known if before else {}
    found = {
        finding.key: KnownEntry(
            *_standing(finding, earlier.get(finding.key)),
            _first(finding, earlier, report),
            finding.cause or "",
        )
        for finding in report.findings
    }
    unseen = {
        key: entry
        for key, entry in earlier.items()
        if key not in found and _asked(report, key) and not _sees(report, key)
    }
    return Base(report.taken_at, found | unseen, noted=noted)


def _first(each: Finding, earlier: Mapping[str, KnownEntry], report: Report) -> datetime:
    known = earlier.get(each.key)
    return known.first if known else (each.since or report.taken_at)


def _where(earlier: KnownEntry | None, root: Finding) -> str:
    if earlier is None:
        return "new"
    verdict, _ = _standing(root, earlier)
    change = verdict.rank - earlier.verdict.rank
    return "worse" if change > 0 else "better" if change < 0 else "same"


def _standing(found: Finding, earlier: KnownEntry | None) -> tuple[Verdict, str]:
    """How bad it is, and why: what failed and is only under way since tries again, no more."""
    tries = found.verdict is Verdict.PROGRESSING
    if earlier and tries and earlier.verdict.rank >= Verdict.DEGRADED.rank:
        return earlier.verdict, earlier.reason
    return found.verdict, found.reason[:80]


def _entry(root: Finding, report: Report, earlier: KnownEntry | None) -> DiffEntry:
    since = root.since or (earlier.first if earlier else None)
    count = len(report.downstream.get(root.key, ()))
    was = earlier.verdict if earlier and earlier.verdict is not root.verdict else None
    return DiffEntry(root, count, since, was)


def _counts(
    root: Finding, report: Report, threshold: Verdict, known: Mapping[str, KnownEntry]
) -> bool:
    """A cause may be milder than what it brings about."""
    tree = (root, *report.downstream.get(root.key, ()))
    standing = (_standing(finding, known.get(finding.key))[0] for finding in tree)
    return any(verdict.rank >= threshold.rank for verdict in standing)


def _causes(
    gone: Mapping[str, KnownEntry], now: Report, threshold: Verdict
) -> tuple[GoneEntry, ...]:
    """The causes alone; what followed from one that is there still is counted there."""
    trees: dict[str, list[KnownEntry]] = {}
    for key, entry in gone.items():
        trees.setdefault(_root(key, gone), []).append(entry)
    return tuple(
        GoneEntry(key, gone[key].reason, gone[key].verdict, gone[key].first, len(tree) - 1)
        for key, tree in trees.items()
        if gone[key].cause not in now.by_key
        and any(known_entry.verdict.rank >= threshold.rank for known_entry in tree)
    )


def _root(key: str, gone: Mapping[str, KnownEntry]) -> str:
    """What it followed from in the end, as far as that is gone too. The text may be mangled."""
    passed = [key]
    while (cause := gone[passed[-1]].cause) in gone and cause not in passed:
        passed.append(cause)
    return passed[-1]


def _asked(report: Report, key: str) -> bool:
    """Whether the report answers for it: what is out of its scopes or namespace is not gone."""
    subject, scope = subject_of(key), _SCOPE.get(key.partition("/")[0])
    place = subject.name if subject.kind == "Namespace" else subject.namespace
    inside = not report.scopes or scope is None or scope in report.scopes
    return inside and report.namespace in (None, place)


def _sees(report: Report, key: str) -> bool:
    """Whether it would be there if it were: nothing that its check reads is unseen."""
    check, kind = key.partition("/")[0], subject_of(key).kind
    hidden = {gap.kind for gap in report.unseen}
    return kind in report.counts and not hidden & ({kind} | _READS.get(check, frozenset()))


def _reads(check: Check) -> frozenset[str]:
    kinds = (*check.judges, *check.needs)
    return frozenset(kind.kind_name() for kind in kinds if kind in KIND_OF)


_READS = {check.name: _reads(check) for check in CHECKS}
_SCOPE = {check.name: check.scope for check in CHECKS}


def _spare(kept: Bases) -> Bases | None:
    """A tenth less of the largest: the mildest go, and are counted."""
    largest = max(kept.by_name, key=lambda name: len(kept.by_name[name].known), default=None)
    if largest is None or not kept.by_name[largest].known:
        return None
    each = kept.by_name[largest]
    worst = sorted(each.known.items(), key=lambda one: -one[1].verdict.rank)
    fewer = dict(worst[: len(worst) * 9 // 10])
    dropped = each.dropped + len(worst) - len(fewer)
    smaller = msgspec.structs.replace(each, known=fewer, dropped=dropped)
    return Bases(kept.by_name | {largest: smaller})


BASES: Shelf[Bases] = Shelf("digest-bases", Bases, spare=_spare)
