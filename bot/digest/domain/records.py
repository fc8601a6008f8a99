"""The stored state of digests: which are set up, and what came of their scheduled runs.

A run is recorded before and after its message is posted, so that a run that is only claimed is
known to be possibly posted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from bot.digest.domain.schedule import Timetable
from bot.domain.record import RecordType
from bot.domain.refusal import NotObserved
from bot.domain.verdict import Verdict

UTC_ZONE = ZoneInfo("UTC")

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
MOST = 20
"""Digests that people may set up."""

MOST_RUNS = 60
"""Stored runs of one digest: more than a clock error of a month can bring back."""

UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)
"""When a digest of the settings began, before the stored beginning is filled in."""


class RunStage(StrEnum):
    """How far a scheduled run has come."""

    CLAIMED = "claimed"
    """A process was about to post it, and may have done so."""
    SENT = "sent"
    """Its message is posted."""
    UNCHANGED = "unchanged"
    """Nothing was new: the time is noted in an earlier message."""
    LOST = "lost"
    """The channel is unavailable, and the owner was told."""

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        return self is not RunStage.CLAIMED


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One scheduled run.

    day: Its local date. due: Its moment. at, by: When and by which process it was claimed.
    message: The id of its message. brief: The message is one line, which may be edited in place.
    """

    day: date
    due: datetime
    stage: RunStage
    at: datetime
    by: str = ""
    message: int = 0
    brief: bool = False
    findings: int = 0
    new: int = 0
    late: bool = False


class DigestSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """One digest: what it examines, where and when it is posted, and what it leaves out.

    `threshold` is the mildest verdict that it reports; `began` is when it was set up.
    """

    name: str
    channel: int
    when: Timetable
    began: datetime
    scopes: tuple[str, ...] = ()
    namespace: str = ""
    threshold: Verdict = Verdict.PROGRESSING
    only_changes: bool = False
    trends: bool = False
    paused: bool = False


class DigestState(msgspec.Struct, frozen=True):
    """The whole state, by the names of digests.

    schedules: What people set up. turns: The runs of each, the oldest first. removed: Digests of
    the settings that people removed. began: When each digest of the settings was first known.
    """

    schedules: dict[str, DigestSchedule] = {}
    turns: dict[str, tuple[RunRecord, ...]] = {}
    removed: tuple[str, ...] = ()
    began: dict[str, datetime] = {}

    def every(self, defaults: tuple[DigestSchedule, ...]) -> dict[str, DigestSchedule]:
        """All digests by name: those of the settings, unless people changed them."""
        current = {
            default.name: replace(default, began=self.began.get(default.name, default.began))
            for default in defaults
            if default.name not in self.removed
        }
        return current | self.schedules

    def with_beginnings(self, defaults: tuple[DigestSchedule, ...]) -> DigestState:
        """With the time at which digests of the settings were first known."""
        began = {default.name: default.began for default in defaults} | self.began
        return replace(self, began=began)

    def with_schedule(self, schedule: DigestSchedule) -> DigestState:
        """With one digest, which replaces another of its name."""
        removed = tuple(name for name in self.removed if name != schedule.name)
        schedules = self.schedules | {schedule.name: schedule}
        return replace(self, schedules=schedules, removed=removed)

    def without(self, name: str) -> DigestState:
        """Without one digest; the removal is stored, or the settings would bring it back."""
        schedules = {key: schedule for key, schedule in self.schedules.items() if key != name}
        removed = (*(removed for removed in self.removed if removed != name), name)[-MOST:]
        return replace(self, schedules=schedules, removed=removed)

    def runs_of(self, name: str) -> tuple[RunRecord, ...]:
        """The stored runs of one digest, the oldest first."""
        return self.turns.get(name, ())

    def run(self, name: str, day: date) -> RunRecord | None:
        """One run, if it was ever claimed."""
        return next((run for run in self.runs_of(name) if run.day == day), None)

    def over(self, name: str) -> frozenset[date]:
        """The dates of which nothing is left to do."""
        return frozenset(run.day for run in self.runs_of(name) if run.stage.over)

    def with_run(self, name: str, record: RunRecord) -> DigestState:
        """With the record of a run, which replaces an older one."""
        others = tuple(run for run in self.runs_of(name) if run.day != record.day)
        turns = self.turns | {name: (*others, record)[-MOST_RUNS:]}
        return replace(self, turns=turns)

    def last_message(self, name: str) -> RunRecord | None:
        """The latest run of a digest that has a message."""
        return next((run for run in reversed(self.runs_of(name)) if run.message), None)

    @property
    def latest(self) -> tuple[str, RunRecord] | None:
        """The latest successful run, with the name of its digest."""
        well = [
            (name, record)
            for name, turns in self.turns.items()
            for record in turns
            if record.stage in (RunStage.SENT, RunStage.UNCHANGED)
        ]
        return max(well, key=lambda entry: entry[1].at, default=None)


def mark(name: str, day: date) -> str:
    """What no other message has than that of one run."""
    return f"meshmedic:digest:{name}:{day.isoformat()}"


def _spare(state: DigestState) -> DigestState | None:
    """Drop the older half of all runs that are over, and never one that may be in flight."""
    fewer = {name: _newer(turns) for name, turns in state.turns.items()}
    return None if fewer == state.turns else replace(state, turns=fewer)


def _newer(turns: tuple[RunRecord, ...]) -> tuple[RunRecord, ...]:
    half = len(turns) // 2
    return (*(record for record in turns[:half] if not record.stage.over), *turns[half:])


DIGESTS: RecordType[DigestState] = RecordType("digests", DigestState, spare=_spare)


@dataclass(frozen=True, slots=True)
class DigestPlan:
    """The digests of the settings, which are off until a channel is set."""

    channel: int = 0
    daily: Timetable = field(default_factory=lambda: Timetable(8, 0))
    weekly: Timetable | None = None
    zone: ZoneInfo = UTC_ZONE
    only_changes: bool = False
    fallback: int = 0

    def schedules(self) -> tuple[DigestSchedule, ...]:
        """As schedules; when each began is filled in from the stored state."""
        if not self.channel:
            return ()
        daily = DigestSchedule(
            name="daily",
            channel=self.channel,
            when=self.daily,
            began=UNKNOWN,
            only_changes=self.only_changes,
        )
        weekly = self.weekly and DigestSchedule(
            name="weekly", channel=self.channel, when=self.weekly, began=UNKNOWN, trends=True
        )
        return (daily, weekly) if weekly else (daily,)


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """What the doctor examines: the stored state, the digests of the settings, and the time."""

    state: DigestState | NotObserved
    defaults: tuple[DigestSchedule, ...]
    zone: ZoneInfo
    now: datetime
