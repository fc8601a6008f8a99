"""batch: Jobs and CronJobs."""

from __future__ import annotations

from bot.domain.resources.base import ConditionsStatus, Object, Part, Reference, Time
from bot.domain.resources.limits import Many, Text


class JobSpec(Part, frozen=True):
    """`spec` of a Job."""

    suspend: bool = False
    parallelism: int = 1
    completions: int | None = None


class JobStatus(ConditionsStatus, frozen=True):
    """`status` of a Job."""

    start_time: Time | None = None
    completion_time: Time | None = None
    active: int = 0
    ready: int = 0
    succeeded: int = 0
    failed: int = 0


class Job(Object, frozen=True):
    """batch Job."""

    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()


class CronJobSpec(Part, frozen=True):
    """`spec` of a CronJob."""

    suspend: bool = False
    schedule: Text = ""
    starting_deadline_seconds: int | None = None


class CronJobStatus(Part, frozen=True):
    """`status` of a CronJob; `lastSuccessfulTime` exists from Kubernetes 1.21 on."""

    active: Many[Reference] | None = None
    last_schedule_time: Time | None = None
    last_successful_time: Time | None = None


class CronJob(Object, frozen=True):
    """batch CronJob."""

    spec: CronJobSpec = CronJobSpec()
    status: CronJobStatus = CronJobStatus()
