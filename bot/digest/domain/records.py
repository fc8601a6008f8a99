"""Which digests there are, as the owner set them up, and how far each slot has come.

The book is one record. What a slot did is written before and after its message goes out, so that
whoever finds a slot that is only claimed knows that it may have been sent.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from bot.digest.domain.schedule import Timetable
from bot.domain.record import Shelf
from bot.domain.refusal import NotObserved
from bot.domain.verdict import Verdict

UTC_ZONE = ZoneInfo("UTC")

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
MOST = 20
"""Digests that may be set up."""

SLOTS = 60
"""Slots of one digest that are remembered: more than any clock error of a month brings back."""


UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)
"""When a digest of the settings began, before the stored beginning is filled in."""


class RunStage(StrEnum):
    """How far a slot has come."""

    CLAIMED = "claimed"
    """Somebody was about to send it: whether it was sent is to be looked for."""
    SENT = "sent"
    """There is a message of its own."""
    UNCHANGED = "unchanged"
    """Nothing was new: the message before it has the time."""
    LOST = "lost"
    """The channel does not take it; the owner was told."""

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do."""
        return self is not RunStage.CLAIMED


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One slot: its local date, when it was due, who claimed it when, and its message.

    `brief`: the message is one line, whose time may be edited in place.
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
    """One digest: what it looks at, where and when it goes, and what it leaves out.

    `threshold` is the mildest verdict that is told; `began` when it was set up.
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
    """What people set up by name, the slots of each (the oldest first), the complaints told.

    `removed` are those of the settings that somebody removed; `began` says since when each of the
    settings is known.
    """

    schedules: dict[str, DigestSchedule] = {}
    turns: dict[str, tuple[RunRecord, ...]] = {}
    removed: tuple[str, ...] = ()
    began: dict[str, datetime] = {}
    told: dict[str, str] = {}

    def every(self, defaults: tuple[DigestSchedule, ...]) -> dict[str, DigestSchedule]:
        """All digests by name: those of the settings, unless people set them up otherwise."""
        theirs = {
            default.name: msgspec.structs.replace(
                default, began=self.began.get(default.name, default.began)
            )
            for default in defaults
            if default.name not in self.removed
        }
        return theirs | self.schedules

    def knowing(self, defaults: tuple[DigestSchedule, ...]) -> DigestState:
        """Note since when those of the settings are known."""
        began = {default.name: default.began for default in defaults} | self.began
        return msgspec.structs.replace(self, began=began)

    def with_schedule(self, each: DigestSchedule) -> DigestState:
        """Set up one digest, in the place of another of its name."""
        removed = tuple(name for name in self.removed if name != each.name)
        schedules = self.schedules | {each.name: each}
        return msgspec.structs.replace(self, schedules=schedules, removed=removed)

    def without(self, name: str) -> DigestState:
        """Remove one; that it was is remembered, or the settings would bring it back."""
        kept = {
            key: digest_schedule for key, digest_schedule in self.schedules.items() if key != name
        }
        removed = (*(removed for removed in self.removed if removed != name), name)[-MOST:]
        return msgspec.structs.replace(self, schedules=kept, removed=removed)

    def turns_of(self, name: str) -> tuple[RunRecord, ...]:
        """The slots of one digest that are remembered, the oldest first."""
        return self.turns.get(name, ())

    def turn(self, name: str, day: date) -> RunRecord | None:
        """One slot, if it was ever claimed."""
        return next((run for run in self.turns_of(name) if run.day == day), None)

    def over(self, name: str) -> frozenset[date]:
        """The dates of which nothing is left to do."""
        return frozenset(
            run_record.day for run_record in self.turns_of(name) if run_record.stage.over
        )

    def with_turn(self, name: str, turn: RunRecord) -> DigestState:
        """Note how far a slot has come."""
        others = tuple(
            run_record for run_record in self.turns_of(name) if run_record.day != turn.day
        )
        turns = self.turns | {name: (*others, turn)[-SLOTS:]}
        return msgspec.structs.replace(self, turns=turns)

    def last_message(self, name: str) -> RunRecord | None:
        """The latest slot of a digest that has a message."""
        return next(
            (run_record for run_record in reversed(self.turns_of(name)) if run_record.message), None
        )

    def telling(self, name: str, why: str) -> DigestState:
        """Note what was complained about; an empty word is the end of it."""
        others = {key: record for key, record in self.told.items() if key != name}
        return msgspec.structs.replace(self, told=others | ({name: why} if why else {}))

    @property
    def latest(self) -> tuple[str, RunRecord] | None:
        """The slot that went well last, with the name of its digest."""
        well = [
            (name, turn)
            for name, turns in self.turns.items()
            for turn in turns
            if turn.stage in (RunStage.SENT, RunStage.UNCHANGED)
        ]
        return max(well, key=lambda one: one[1].at, default=None)


def carried(name: str, day: date) -> str:
    """What a message carries invisibly to say which slot it is."""
    return f"meshmedic:digest:{name}:{day.isoformat()}"


def nonce(name: str, day: date) -> str:
    """The same in the 25 characters by which Discord knows a message that was sent twice."""
    return hashlib.blake2b(carried(name, day).encode(), digest_size=12).hexdigest()


def _spare(book: DigestState) -> DigestState | None:
    """The older half of all slots that are over; never one that may be in flight."""
    fewer = {name: _newer(turns) for name, turns in book.turns.items()}
    return None if fewer == book.turns else msgspec.structs.replace(book, turns=fewer)


def _newer(turns: tuple[RunRecord, ...]) -> tuple[RunRecord, ...]:
    half = len(turns) // 2
    return (*(turn for turn in turns[:half] if not turn.stage.over), *turns[half:])


DIGESTS: Shelf[DigestState] = Shelf("digests", DigestState, spare=_spare)


@dataclass(frozen=True, slots=True)
class DigestPlan:
    """What the settings say: digests are off until there is a channel."""

    channel: int = 0
    daily: Timetable = field(default_factory=lambda: Timetable(8, 0))
    weekly: Timetable | None = None
    zone: ZoneInfo = UTC_ZONE
    only_changes: bool = False
    fallback: int = 0

    def schedules(self) -> tuple[DigestSchedule, ...]:
        """The digests of the settings; since when they are known stands in the store."""
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
    """What is kept of digests, what the settings set up, and the moment of the question."""

    state: DigestState | NotObserved
    defaults: tuple[DigestSchedule, ...]
    zone: ZoneInfo
    now: datetime
