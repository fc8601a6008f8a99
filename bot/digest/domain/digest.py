"""A composed digest: everything that a renderer shows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

import msgspec

from bot.digest.domain.diff import Base, DiffEntry, Difference, difference
from bot.digest.domain.open_items import OpenItem, StandingItem
from bot.domain.finding import Finding
from bot.domain.report import Report
from bot.domain.snapshot import Gap
from bot.domain.verdict import Verdict
from bot.history.domain.trends import Trends

NOTED = 500
"""Marks that are stored; beyond that, new entries go unnoticed."""


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """What a digest says at `report.taken_at`.

    due: When it was due, where it is late. muted: A line for each silenced finding. approvals: A
    line for each Change that waits or is being made. trends: Of the weekly digest. before: What
    the digest before `noted`.
    """

    name: str
    report: Report
    difference: Difference
    standing: StandingItem
    due: datetime | None = None
    muted: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()
    trends: Trends | None = None
    before: tuple[str, ...] | None = None

    @property
    def verdict(self) -> Verdict:
        """The verdict that everybody may know."""
        return self.report.public.verdict

    @property
    def shown(self) -> int:
        """How many causes exist and are not silenced."""
        return len(self.difference.present)

    @property
    def quiet(self) -> bool:
        """Nothing is different from the digest before: `only changes` posts no new message."""
        different = self.difference.some or self.difference.first
        # Without the marks of the digest before, what is new is unknown.
        return not different and (self.before is None or set(self.noted) <= set(self.before))

    @property
    def noted(self) -> tuple[str, ...]:
        """A mark of each entry beside the findings, by which the next digest finds new ones."""
        sentences = (
            *(f"{item.subject}: {item.what}" for item in self.standing.open),
            *(f"{expiring.subject} ends" for expiring in self.standing.expiring),
            *(f"{gap.kind} not seen" for gap in self.gaps if not gap.why.by_choice),
            *self.approvals,
            *(f"{note.subject} {note.reason}" for note in self.notes),
        )
        return tuple(sorted({_mark(sentence) for sentence in sentences}))[:NOTED]

    @property
    def brief(self) -> bool:
        """Whether one line is enough: a healthy day, and a digest without trends."""
        return self.healthy and self.trends is None

    @property
    def healthy(self) -> bool:
        """Whether everything was observed, and nothing is worth reporting."""
        standing = self.standing
        notable = (
            *(self.difference.present, self.difference.some, self.muted, self.approvals),
            *(standing.open, standing.expiring, standing.unseen, self.notes),
        )
        return self.verdict is Verdict.HEALTHY and not any(notable)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What is good to know of healthy objects, for everybody."""
        return self.report.public.notes

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What was not observed, of findings and of open items."""
        known = {gap.kind for gap in self.report.gaps}
        further = (gap for gap in self.standing.unseen if gap.kind not in known)
        return (*self.report.gaps, *further)


def compose(
    name: str,
    report: Report,
    standing: StandingItem,
    before: Base | None,
    *,
    threshold: Verdict = Verdict.PROGRESSING,
    due: datetime | None = None,
    muted: Mapping[str, str] | None = None,
    approvals: tuple[str, ...] = (),
    trends: Trends | None = None,
) -> Digest:
    """Compare two reports, and move silenced findings into lines of their own."""
    parts = difference(before, report, threshold)
    silenced = muted or {}
    lines = tuple(
        f"{entry.finding.subject} {silenced[entry.finding.key]}"
        for entry in parts.present
        if entry.finding.key in silenced
    )
    return Digest(
        name=name,
        report=report,
        difference=_without(parts, silenced),
        standing=msgspec.structs.replace(standing, open=_dated(standing.open, report)),
        due=due,
        muted=lines,
        approvals=approvals,
        trends=trends,
        before=before.noted if before else None,
    )


def with_gaps(digest: Digest, gaps: tuple[Gap, ...]) -> Digest:
    """The digest that names these, too, among what was not seen."""
    standing = digest.standing
    wider = msgspec.structs.replace(standing, unseen=(*standing.unseen, *gaps))
    return msgspec.structs.replace(digest, standing=wider)


def _mark(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=5).hexdigest()


def _without(parts: Difference, muted: Mapping[str, str]) -> Difference:
    def kept(entries: tuple[DiffEntry, ...]) -> tuple[DiffEntry, ...]:
        return tuple(entry for entry in entries if entry.finding.key not in muted)

    new, worse, same, better = map(kept, (parts.new, parts.worse, parts.same, parts.better))
    return msgspec.structs.replace(parts, new=new, worse=worse, same=same, better=better)


def _dated(opened: tuple[OpenItem, ...], report: Report) -> tuple[OpenItem, ...]:
    """Open items with their beginning, where a finding of the object knows it."""
    since = {finding.subject: finding.since for finding in report.findings if finding.since}
    return tuple(
        msgspec.structs.replace(open_item, since=open_item.since or since.get(open_item.subject))
        for open_item in opened
    )
