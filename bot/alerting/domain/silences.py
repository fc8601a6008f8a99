"""Silences: of a finding, a namespace or a check, until a time, by a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from bot.domain.finding import Finding, code_of, subject_of
from bot.domain.record import RecordType
from bot.domain.refusal import Refusal
from bot.domain.typed import duration

LONGEST = timedelta(days=90)
MOST = 200
"""Silences at one time."""


def length(text: str) -> timedelta | Refusal:
    """Read a duration: `30m`, `4h`, `2d`, `1w`."""
    time = duration(text, "mhdw")
    if not time:
        return Refusal(f"{text[:40]!r} is no time. Write a number and m, h, d or w, such as 4h.")
    if time > LONGEST:
        return Refusal(f"{text[:40]!r} is longer than {LONGEST.days} days. Mend it, or mute anew.")
    return time


class Mute(msgspec.Struct, frozen=True, kw_only=True):
    """A silence: who silenced what until when.

    `finding` is a finding's key, `namespace` and `check` are names; exactly one is set. `by` is
    the name that Discord shows; `acknowledged` says that a person works on it.
    """

    by: str
    since: datetime
    until: datetime
    finding: str = ""
    namespace: str = ""
    check: str = ""
    reason: str = ""
    acknowledged: bool = False

    @property
    def target(self) -> str:
        """What it silences; there is one silence for each target."""
        return self.finding or (
            f"namespace {self.namespace}" if self.namespace else f"check {self.check}"
        )

    @property
    def shown(self) -> str:
        """What it silences, for people: `Pod media/web`, without the check."""
        return str(subject_of(self.finding)) if self.finding else self.target

    @property
    def name(self) -> str:
        """What people type to end it: the finding's code, else the namespace or the check."""
        return code_of(self.finding) if self.finding else self.namespace or self.check

    def covers(self, finding: Finding) -> bool:
        """Whether it silences a finding."""
        subject = finding.subject
        place = subject.name if subject.kind == "Namespace" else subject.namespace
        return (
            finding.key == self.finding
            or bool(self.namespace and place == self.namespace)
            or bool(self.check and finding.check == self.check)
        )

    def line(self) -> str:
        """One line: who, until when, and why."""
        did = "seen" if self.acknowledged else "muted"
        why = f": {self.reason}" if self.reason else ""
        return f"{did} by {self.by} until {self.until:%Y-%m-%d %H:%M} UTC{why}"


class Mutes(msgspec.Struct, frozen=True):
    """All silences, the oldest first."""

    mutes: tuple[Mute, ...] = ()

    def at(self, now: datetime) -> tuple[Mute, ...]:
        """The silences in effect at a time."""
        return tuple(mute for mute in self.mutes if mute.since <= now < mute.until)

    def with_one(self, mute: Mute) -> Mutes:
        """With one more, which replaces an older one of the same target; expired ones go."""
        others = [other for other in self.at(mute.since) if other.target != mute.target]
        return Mutes((*others, mute)[-MOST:])

    def without(self, target: str) -> Mutes:
        """Without the silence of a target."""
        return Mutes(tuple(mute for mute in self.mutes if mute.target != target))

    def muted(self, findings: Iterable[Finding], now: datetime) -> Mapping[str, str]:
        """By the key of each silenced finding, the line that says by whom."""
        mutes = self.at(now)
        return {
            finding.key: mute.line()
            for finding in findings
            for mute in mutes[::-1]
            if mute.covers(finding)
        }


MUTES = RecordType("mutes", Mutes)
