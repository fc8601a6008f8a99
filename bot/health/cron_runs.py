"""Runs of a CronJob: whether a later one made a failed run good, so that it is only a leftover."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from bot.domain import conditions
from bot.domain.finding import Ref
from bot.domain.grouping import grouped
from bot.domain.resources import batch, core
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot

RUN = re.compile(r"(?P<cron_job>.{1,252})-\d{8,10}")
"""The name of a run: that of its CronJob, and the minute that it was scheduled for."""

Success = tuple[Ref, datetime]
"""A CronJob, and a moment at which a run of it did well."""


def made_good(run: Object, snapshot: Snapshot) -> Ref | None:
    """The CronJob of a failed Job or pod of which a later run succeeded, else None."""
    job = _job(run)
    cron_job = _cron_job(job, snapshot) if job else None
    began = _began(run, snapshot)
    if cron_job is None or began is None:
        return None
    successes = snapshot.once("cron runs: successes", lambda: grouped(_successes(snapshot)))
    return cron_job if any(moment > began for moment in successes.get(cron_job, ())) else None


def _successes(snapshot: Snapshot) -> Iterator[Success]:
    """By what the CronJobs keep, and by the Jobs and pods that are still there."""
    for cron_job in snapshot.of(batch.CronJob):
        if moment := cron_job.status.last_successful_time:
            yield cron_job.ref, moment
    for job in snapshot.of(batch.Job):
        if conditions.is_true(job.status.conditions, "Complete"):
            yield from _success(job, snapshot)
    for pod in snapshot.of(core.Pod):
        if pod.status.phase == "Succeeded":
            yield from _success(pod, snapshot)


def _success(run: Object, snapshot: Snapshot) -> Iterator[Success]:
    job, began = _job(run), _began(run, snapshot)
    cron_job = _cron_job(job, snapshot) if job else None
    if cron_job and began:
        yield cron_job, began


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
