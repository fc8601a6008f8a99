"""Silences: of a finding, a namespace or a check, until a time, by a person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from bot.domain.finding import Finding, code_of, subject_of
from bot.domain.record import RecordType
from bot.domain.refusal import Refusal
from bot.domain.report import Report
from bot.domain.sentences import moment
from bot.domain.tenancy import namespace_of
from bot.domain.typed import duration, not_a_duration, quoted

LONGEST = timedelta(days=90)
MOST = 200
"""Silences at one time."""


def length(text: str) -> timedelta | Refusal:
    """Read a duration: `30m`, `4h`, `2d`, `1w`."""
    time = duration(text, "mhdw")
    if not time:
        return Refusal(not_a_duration(text, "30m", "4h", "2d"))
    if time > LONGEST:
        return Refusal(f"{quoted(text)} is too long: a mute lasts at most {LONGEST.days} days.")
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
        if self.finding:
            return self.finding
        return _of_namespace(self.namespace) if self.namespace else _of_check(self.check)

    @property
    def shown(self) -> str:
        """What it silences, for people: `Pod media/web`, without the check."""
        return str(subject_of(self.finding)) if self.finding else self.target

    @property
    def name(self) -> str:
        """What people type to end it: the finding's code, else the namespace or the check."""
        return code_of(self.finding) if self.finding else self.namespace or self.check

    def line(self) -> str:
        """One line: who, until when, and why."""
        did = "acknowledged" if self.acknowledged else "muted"
        why = f": {self.reason}" if self.reason else ""
        return f"{did} by {self.by} until {moment(self.until)}{why}"


def _of_namespace(name: str) -> str:
    return f"namespace {name}"


def _of_check(name: str) -> str:
    return f"check {name}"


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
        """By the key of each silenced finding, the line of the oldest mute that silences it."""
        return {key: mute.line() for key, mute in self.silencing(findings, now).items()}

    def silencing(self, findings: Iterable[Finding], now: datetime) -> Mapping[str, Mute]:
        """By the key of each silenced finding, the oldest mute that silences it."""
        mutes = self.at(now)
        ages = {mute.target: age for age, mute in reversed([*enumerate(mutes)])}
        found = ((finding.key, ages.keys() & _targets(finding)) for finding in findings)
        return {key: mutes[min(map(ages.__getitem__, on))] for key, on in found if on}


def _targets(finding: Finding) -> set[str]:
    """What a mute may name to silence a finding: itself, its namespace, or its check."""
    place = namespace_of(finding.subject)
    return {finding.key, _of_namespace(place), _of_check(finding.check)} - {_of_namespace("")}


def silenced(report: Report, muted: Mapping[str, str] | Collection[str] = ()) -> frozenset[str]:
    """The keys of all that is silent: what is muted, with what follows from it.

    What people muted takes along all that follows from it. An annotation may be a tenant's: it
    takes along what follows from its object in the same namespace, and nothing elsewhere.

    muted: The keys that people muted, with the lines that say so where there are any. Those that
        the report has by annotations may be among them.
    """
    lines = muted if isinstance(muted, Mapping) else report.muted
    by_people = {key for key in muted if key not in report.muted or lines[key] != report.muted[key]}
    if not by_people and not report.muted:
        return frozenset()

    def is_silent(finding: Finding) -> bool:
        place = namespace_of(finding.subject)
        return finding.key in report.muted or any(
            link.key in by_people
            or (link.key in report.muted and namespace_of(link.subject) == place != "")
            for link in report.chain(finding)
        )

    followed = (finding.key for finding in report.findings if is_silent(finding))
    return frozenset((*muted, *report.muted, *followed))


MUTES = RecordType("mutes", Mutes)
