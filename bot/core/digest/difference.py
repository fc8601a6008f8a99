"""What is different between two reports, told by causes: what follows from one is only counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from bot.core.check import Check
from bot.core.checks import CHECKS
from bot.core.finding import Finding
from bot.core.kinds import KIND_OF
from bot.core.record import Shelf
from bot.core.report import Report, kind_name
from bot.core.verdict import Verdict


class Known(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an earlier digest knew of a finding; `first` is when a digest saw it first."""

    verdict: Verdict
    reason: str
    first: datetime


class Base(msgspec.Struct, frozen=True):
    """What the last digest of a name knew, by key; `dropped` counts what there was no room for."""

    taken_at: datetime
    known: dict[str, Known] = {}
    dropped: int = 0


class Bases(msgspec.Struct, frozen=True):
    """One base for each digest, by its name."""

    by_name: dict[str, Base] = {}


class Entry(msgspec.Struct, frozen=True):
    """A finding that is there: how many follow from it, since when, and what it was before."""

    finding: Finding
    downstream: int = 0
    since: datetime | None = None
    was: Verdict | None = None


class Gone(msgspec.Struct, frozen=True):
    """A finding that is not there any more; `seen` tells whether its absence is evidence."""

    key: str
    reason: str
    verdict: Verdict
    first: datetime
    seen: bool = True

    @property
    def subject(self) -> str:
        """`Kind namespace/name`, out of the key."""
        _, kind, namespace, name = (*self.key.split("/", 3), "", "", "")[:4]
        return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


class Difference(msgspec.Struct, frozen=True):
    """The parts of a digest. `lost` was there before, and could not be looked for now."""

    new: tuple[Entry, ...] = ()
    worse: tuple[Entry, ...] = ()
    same: tuple[Entry, ...] = ()
    better: tuple[Entry, ...] = ()
    fixed: tuple[Gone, ...] = ()
    lost: tuple[Gone, ...] = ()
    first: bool = False
    forgotten: int = 0

    @property
    def some(self) -> bool:
        """Whether anything is different."""
        return bool(self.new or self.worse or self.better or self.fixed or self.lost)


def difference(before: Base | None, now: Report, threshold: Verdict) -> Difference:
    """Compare a report with what the digest before it knew.

    Without one everything is new, and said to be a first look.
    """
    known = before.known if before else {}
    told = tuple(root for root in now.roots if _counts(root, now, threshold))
    sorted_in: dict[str, list[Entry]] = {"new": [], "worse": [], "same": [], "better": []}
    for root in told:
        earlier = known.get(root.key)
        sorted_in[_where(earlier, root)].append(_entry(root, now, earlier))
    gone = tuple(
        Gone(key, each.reason, each.verdict, each.first, seen=_sees(now, key))
        for key, each in known.items()
        if key not in now.by_key and each.verdict.rank >= threshold.rank
    )
    return Difference(
        **{name: tuple(found) for name, found in sorted_in.items()},
        fixed=tuple(each for each in gone if each.seen),
        lost=tuple(each for each in gone if not each.seen),
        first=before is None,
        forgotten=before.dropped if before else 0,
    )


def base(report: Report, before: Base | None) -> Base:
    """What the next digest shall compare with: every finding, since what follows may outlive.

    What could not be looked for now is kept as it was known.
    """
    earlier = before.known if before else {}
    found = {
        each.key: Known(each.verdict, each.reason[:80], _first(each, earlier, report))
        for each in report.findings
    }
    unseen = {
        key: each for key, each in earlier.items() if key not in found and not _sees(report, key)
    }
    return Base(report.taken_at, found | unseen)


def _first(each: Finding, earlier: Mapping[str, Known], report: Report) -> datetime:
    known = earlier.get(each.key)
    return known.first if known else (each.since or report.taken_at)


def _where(earlier: Known | None, root: Finding) -> str:
    if earlier is None:
        return "new"
    change = root.verdict.rank - earlier.verdict.rank
    return "worse" if change > 0 else "better" if change < 0 else "same"


def _entry(root: Finding, report: Report, earlier: Known | None) -> Entry:
    since = root.since or (earlier.first if earlier else None)
    count = len(report.downstream.get(root.key, ()))
    was = earlier.verdict if earlier and earlier.verdict is not root.verdict else None
    return Entry(root, count, since, was)


def _counts(root: Finding, report: Report, threshold: Verdict) -> bool:
    """A cause may be milder than what it brings about."""
    tree = (root, *report.downstream.get(root.key, ()))
    return any(each.verdict.rank >= threshold.rank for each in tree)


def _sees(report: Report, key: str) -> bool:
    """Whether it would be there if it were: nothing that its check reads is unseen."""
    check, kind, *_ = (*key.split("/"), "")
    hidden = {gap.kind for gap in report.unseen}
    return kind in report.counts and not hidden & ({kind} | _READS.get(check, frozenset()))


def _reads(check: Check) -> frozenset[str]:
    kinds = (*check.judges, *check.needs)
    return frozenset(kind_name(kind) for kind in kinds if kind in KIND_OF)


_READS = {check.name: _reads(check) for check in CHECKS}


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
