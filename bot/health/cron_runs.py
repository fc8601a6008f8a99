"""Runs of a CronJob: whether a later one made a failed run good, so that it is only a leftover."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.domain import conditions
from bot.domain.finding import Ref
from bot.domain.resources import batch, core
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot

LONGEST_GAPS = {
    "@hourly": timedelta(hours=1),
    "@daily": timedelta(days=1),
    "@midnight": timedelta(days=1),
    "@weekly": timedelta(days=7),
    "@monthly": timedelta(days=31),
}
"""How far apart two runs are at most, by the short names of schedules."""

FIELDS = 5
ANY = ("*", "?")
DAYS = re.compile(r"(?:[1-9]|1\d|2[0-8])(?:,\d{1,2}){0,30}")
"""Days of a month that every month has at least one of."""

LATE = timedelta(hours=2)
"""How much later a run may come: the clock is changed by an hour twice a year."""

LEAP_HOUR = re.compile(r"0?[0-3]")
LEAP_MONTHS = (3, 4, 9, 10)
SUNDAY = 6
"""When clocks are put forward: Kubernetes leaves out a run of the hour that there is not then."""

RUN = re.compile(r"(?P<cron_job>.{1,252})-\d{8,10}")
"""The name of a run: that of its CronJob, and the minute that it was scheduled for."""


class Success(NamedTuple):
    """A run of a CronJob that did well, from when it began to when it ended."""

    cron_job: Ref
    began: datetime
    ended: datetime


def overdue_since(cron_job: batch.CronJob, snapshot: Snapshot) -> datetime | None:
    """Since when no run of it came, where by its schedule one had to; None where all is well.

    With a starting deadline Kubernetes leaves out what it missed, as while it was suspended.
    """
    gap = longest_gap(cron_job.spec.schedule)
    since = cron_job.status.last_schedule_time or cron_job.metadata.creation_timestamp
    if not snapshot.hears or cron_job.spec.starting_deadline_seconds is not None:
        return None
    if gap is None or since is None:
        return None
    runs = 2 if _may_leap(cron_job.spec.schedule, since, gap) else 1
    return since if snapshot.taken_at - since > runs * gap + LATE else None


def _may_leap(schedule: str, since: datetime, gap: timedelta) -> bool:
    """Whether the next run may fall into an hour that is skipped, in whatever time zone."""
    fields = schedule.split()
    if len(fields) != FIELDS or not LEAP_HOUR.fullmatch(fields[1]):
        return False
    dates = fields[2]
    days = (since + timedelta(days=day) for day in range(gap.days + 2))
    return any(
        day.month in LEAP_MONTHS
        and day.weekday() == SUNDAY
        and (dates in ANY or str(day.day) in dates.split(","))
        for day in days
    )


def longest_gap(schedule: str) -> timedelta | None:
    """How far apart two runs of a schedule are at most, or more; None where that may be long."""
    fields = schedule.split()
    if len(fields) != FIELDS:
        return LONGEST_GAPS.get(schedule.strip())
    day, month, weekday = fields[2:]
    if month not in ANY or (day not in ANY and not DAYS.fullmatch(day)):
        return None
    if day not in ANY:
        return LONGEST_GAPS["@monthly"]
    return LONGEST_GAPS["@daily" if weekday in ANY else "@weekly"]


def made_good(run: Object, snapshot: Snapshot) -> Ref | None:
    """The CronJob of a failed Job or pod of which a later run succeeded, else None."""
    job = _job(run)
    cron_job = _cron_job(job, snapshot) if job else None
    began = _began(run, snapshot)
    if cron_job is None or began is None:
        return None
    latest = snapshot.once("cron runs: latest successes", lambda: _latest(snapshot))
    return cron_job if cron_job in latest and latest[cron_job] > began else None


def _latest(snapshot: Snapshot) -> dict[Ref, datetime]:
    """When the last run of each CronJob that did well began, as far as anybody knows.

    A CronJob keeps only when that run ended. That counts where no run is there that ended then:
    one that began before a failed run and ended after it has not made it good.
    """
    began: dict[Ref, datetime] = {}
    ended: dict[Ref, datetime] = {}
    for success in _successes(snapshot):
        cron_job = success.cron_job
        began[cron_job] = max(success.began, began.get(cron_job, success.began))
        ended[cron_job] = max(success.ended, ended.get(cron_job, success.ended))
    for known in snapshot.of(batch.CronJob):
        moment = known.status.last_successful_time
        if moment and (known.ref not in ended or moment > ended[known.ref]):
            began[known.ref] = moment
    return began


def _successes(snapshot: Snapshot) -> Iterator[Success]:
    """By the Jobs and pods that are still there."""
    for job in snapshot.of(batch.Job):
        if complete := conditions.is_true(job.status.conditions, "Complete"):
            ended = job.status.completion_time or complete.last_transition_time
            yield from _success(job, ended, snapshot)
    for pod in snapshot.of(core.Pod):
        if pod.status.phase == "Succeeded":
            yield from _success(pod, None, snapshot)


def _success(run: Object, ended: datetime | None, snapshot: Snapshot) -> Iterator[Success]:
    job, began = _job(run), _began(run, snapshot)
    cron_job = _cron_job(job, snapshot) if job else None
    if cron_job and began:
        yield Success(cron_job, began, ended or began)


def _job(run: Object) -> Ref | None:
    """The Job itself, or the one that controls a pod."""
    if isinstance(run, batch.Job):
        return run.ref
    owner = run.controller
    return owner if owner and owner.kind == "Job" else None


def _cron_job(job: Ref, snapshot: Snapshot) -> Ref | None:
    """What made a Job: by its owner, or by its name where the Job was not read."""
    if known := snapshot.get(batch.Job, job.namespace, job.name):
        owner = known.controller
        return owner if owner and owner.kind == "CronJob" else None
    named = RUN.fullmatch(job.name)
    return Ref("CronJob", job.namespace, named["cron_job"]) if named else None


def _began(run: Object, snapshot: Snapshot) -> datetime | None:
    """When a run began: its Job, or the pod where the Job was not read."""
    job = _job(run)
    known = snapshot.get(batch.Job, job.namespace, job.name) if job else None
    return (known or run).metadata.creation_timestamp
