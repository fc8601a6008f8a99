"""One digest, composed: everything that a renderer shows, and nothing that it must look up."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

import msgspec

from bot.digest.domain.diff import Base, DiffEntry, Difference, difference
from bot.digest.domain.open_items import OpenItem, StandingItem
from bot.domain.report import Report
from bot.domain.snapshot import Gap
from bot.domain.verdict import Verdict
from bot.history.domain.trends import Trends

NOTED = 500
"""Marks that are kept: beyond that a digest of changes alone is none."""


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """What is told at `report.taken_at`.

    `due` is set where it comes late. `muted` has a line for each finding that somebody silenced;
    `approvals` those of Changes that wait or are being made. `trends` are of the weekly one.
    `before` is what the one before `noted`.
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
    def shown(self) -> int:
        """Causes that are there and not muted."""
        return len(self.difference.present)

    @property
    def quiet(self) -> bool:
        """Nothing is different from the digest before: `only changes` posts no new message."""
        told = self.difference.some or self.difference.first
        # Of one that wrote nothing down nobody knows what is new.
        return not told and (self.before is None or set(self.noted) <= set(self.before))

    @property
    def noted(self) -> tuple[str, ...]:
        """A mark of each thing that is told beside the findings, so that a new one is news."""
        said = (
            *(f"{item.subject}: {item.what}" for item in self.standing.open),
            *(f"{expiring.subject} ends" for expiring in self.standing.expiring),
            *(f"{gap.kind} not seen" for gap in self.gaps if not gap.why.by_choice),
            *self.approvals,
        )
        return tuple(sorted({_mark(sentence) for sentence in said}))[:NOTED]

    @property
    def brief(self) -> bool:
        """One line is enough: a healthy day, of a digest without trends."""
        return self.healthy and self.trends is None

    @property
    def healthy(self) -> bool:
        """All was seen and nothing is to be told."""
        standing = self.standing
        notable = (
            *(self.difference.present, self.difference.some, self.muted, self.approvals),
            *(standing.open, standing.expiring, standing.unseen),
        )
        return self.report.verdict is Verdict.HEALTHY and not any(notable)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What was not seen, of what was judged and of what stands open."""
        known = {gap.kind for gap in self.report.gaps}
        return (
            *self.report.gaps,
            *(gap for gap in self.standing.unseen if gap.kind not in known),
        )


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
    """Compare, and take what is muted out of the parts into lines of its own."""
    whole = difference(before, report, threshold)
    silenced = muted or {}
    lines = tuple(
        f"{entry.finding.subject} {silenced[entry.finding.key]}"
        for entry in whole.present
        if entry.finding.key in silenced
    )
    return Digest(
        name=name,
        report=report,
        difference=_without(whole, silenced),
        standing=msgspec.structs.replace(standing, open=_dated(standing.open, report)),
        due=due,
        muted=lines,
        approvals=approvals,
        trends=trends,
        before=before.noted if before else None,
    )


def _mark(said: str) -> str:
    return hashlib.blake2b(said.encode(errors="replace"), digest_size=5).hexdigest()


def _without(whole: Difference, muted: Mapping[str, str]) -> Difference:
    def kept(entries: tuple[DiffEntry, ...]) -> tuple[DiffEntry, ...]:
        return tuple(entry for entry in entries if entry.finding.key not in muted)

    return msgspec.structs.replace(
        whole,
        new=kept(whole.new),
        worse=kept(whole.worse),
        same=kept(whole.same),
        better=kept(whole.better),
    )


def _dated(opened: tuple[OpenItem, ...], report: Report) -> tuple[OpenItem, ...]:
    """Since when, where a finding about the object tells."""
    since = {finding.subject: finding.since for finding in report.findings if finding.since}
    return tuple(
        msgspec.structs.replace(open_item, since=open_item.since or since.get(open_item.subject))
        for open_item in opened
    )
