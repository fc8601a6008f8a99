"""Whether the digests that are set up went out when they were due."""

from __future__ import annotations

from datetime import timedelta

from bot.digest.domain.records import DigestFacts, DigestSchedule, DigestState, RunStage
from bot.digest.domain.schedule import due
from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic
from bot.domain.refusal import NotObserved

OVERDUE = timedelta(minutes=10)
"""By then a digest is out, though an attempt or two had failed."""

SET_UP = (
    "If you want one, choose a channel by `/setup channels`, or set `MESHMEDIC_DIGEST_CHANNEL`."
)
CHANNEL = "Give the bot its permissions in that channel, or choose another one by `/digest set`."
LOOK = "Check the bot's log for the reason, and whether a process leads."


TOPIC = Topic(Area.DISCORD, "last digest")


def examine(facts: DigestFacts) -> Diagnostic:
    """One answer for all digests: the first that failed, else the latest run."""
    state = facts.state
    if isinstance(state, NotObserved):
        return TOPIC.unobserved(state.why)
    schedules = state.every(facts.defaults)
    if not schedules:
        return TOPIC.note("No digest is set up.", SET_UP)
    for schedule in schedules.values():
        if failure := _failure(schedule, state, facts):
            return failure
    if state.latest is None:
        return TOPIC.note("It is set up, and none was due yet.")
    name, run = state.latest
    return TOPIC.ok(f"{name} of {run.day} is {run.stage}, {_hours(facts.now - run.at)} ago.")


def _failure(schedule: DigestSchedule, state: DigestState, facts: DigestFacts) -> Diagnostic | None:
    name = schedule.name
    # A digest of the settings that no process has seen yet owes nothing.
    if schedule.paused or not (name in state.schedules or name in state.began):
        return None
    last = max(state.runs_of(name), key=lambda run: run.at, default=None)
    if last and last.stage is RunStage.LOST:
        return TOPIC.failed(f"The channel of {name} did not accept the one of {last.day}.", CHANNEL)
    done = state.over(name)
    run = due(schedule.when, facts.zone, facts.now, began=schedule.began, done=done)
    if run is None or facts.now - run.at <= OVERDUE:
        return None
    ago = _hours(facts.now - run.at)
    return TOPIC.failed(f"{name} was due {ago} ago, and there is no sign that it was posted.", LOOK)


def _hours(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds()) // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"  # noqa: PLR2004  # two hours
