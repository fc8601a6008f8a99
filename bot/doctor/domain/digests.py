"""The last digest: whether those that are set up went out when they were due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from bot.digest.domain.facts import DigestFacts
from bot.digest.domain.records import DigestSchedule, DigestState, RunRecord, RunStage
from bot.digest.schedule import slots
from bot.doctor.domain.examination import Area, Examination, Outcome
from bot.domain.refusal import NotObserved

OVERDUE = timedelta(minutes=10)
"""By then a slot is out, though an attempt or two had failed."""

NONE = "No digest is set up."
SET_UP = "Set MESHMEDIC_DIGEST_CHANNEL, or ask /digest set, if you want one."
CHANNEL = "Give the bot its permissions in that channel, or choose another one by /digest set."
LOOK = "Look at the bot's log: it says why; and whether a process acts."


def examine(facts: DigestFacts) -> Examination:
    """One answer for all of them: the worst, else the latest."""
    if isinstance(facts.book, NotObserved):
        return _said(Outcome.UNSEEN, facts.book.why)
    every = facts.book.every(facts.defaults)
    if not every:
        return _said(Outcome.NOTE, NONE, SET_UP)
    for digest_schedule in every.values():
        for trouble in _troubles(digest_schedule, facts.book, facts):
            return trouble
    latest = facts.book.latest
    if latest is None:
        return _said(Outcome.NOTE, "Set up, and none was due yet.")
    name, turn = latest
    ago = _hours(facts.now - turn.at)
    return _said(Outcome.OK, f"{name} of {turn.day} is {turn.stage}, {ago} ago.")


def unseen(why: str) -> Examination:
    """Nobody tells."""
    return _said(Outcome.UNSEEN, why)


def _troubles(each: DigestSchedule, book: DigestState, facts: DigestFacts) -> Iterator[Examination]:
    last = _last(book.turns_of(each.name))
    # One of the settings that no process has seen yet owes nothing.
    if each.paused or not (each.name in book.schedules or each.name in book.began):
        return
    if last and last.stage is RunStage.LOST:
        saw = f"The channel of {each.name} did not take that of {last.day}."
        yield _said(Outcome.FAILED, saw, CHANNEL)
    done = book.over(each.name)
    slot = slots.due(each.when, facts.zone, facts.now, began=each.began, done=done)
    if slot and facts.now - slot.at > OVERDUE:
        saw = f"{each.name} was due {_hours(facts.now - slot.at)} ago, and is not known to be out."
        yield _said(Outcome.FAILED, saw, LOOK)


def _last(turns: tuple[RunRecord, ...]) -> RunRecord | None:
    return max(turns, key=lambda each: each.at, default=None)


def _hours(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds()) // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"  # noqa: PLR2004  # two hours


def _said(outcome: Outcome, saw: str, fix: str = "") -> Examination:
    return Examination(Area.DISCORD, "last digest", outcome, saw, fix)
