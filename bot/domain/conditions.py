"""Reading `status.conditions` the way kstatus does. Source: kstatus, sigs.k8s.io/cli-utils."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.domain import finalizers
from bot.domain.finding import HEALTHY, Judgement, Ref
from bot.domain.resources.base import Condition, ConditionedObject, Object, ReconciledObject
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict

PATIENCE = timedelta(minutes=10)
"""How long a change may be under way before it counts as degraded."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far the clocks of two nodes may differ: within it, an order in time means nothing."""


def condition(conditions: Iterable[Condition], type_: str) -> Condition | None:
    """The condition of that type, or None."""
    for entry in conditions:
        if entry.type == type_:
            return entry
    return None


def is_true(conditions: Iterable[Condition], type_: str) -> Condition | None:
    """The condition of that type where its status is "True", else None."""
    entry = condition(conditions, type_)
    return entry if entry and entry.status == "True" else None


def healthy(condition: Condition) -> Judgement:
    """Healthy, in the words of the condition that says so."""
    since = condition.last_transition_time
    return Judgement(Verdict.HEALTHY, condition.reason, condition.message, since)


def judgement(
    condition: Condition, verdict: Verdict, *, follows: tuple[Ref, ...] = ()
) -> Judgement:
    """A verdict in the words of the condition that it rests on."""
    reason = condition.reason or condition.type
    message = condition.message or f"{condition.type} is {condition.status}."
    return Judgement(verdict, reason, message, condition.last_transition_time, follows=follows)


def progressing(
    reason: str,
    message: str,
    since: datetime | None,
    now: datetime,
    *,
    patience: timedelta = PATIENCE,
    follows: tuple[Ref, ...] = (),
) -> Judgement:
    """Under way; degraded once it takes longer than `patience`."""
    late = since is not None and now - since > patience
    verdict = Verdict.DEGRADED if late else Verdict.PROGRESSING
    return Judgement(verdict, reason, message, since, follows=follows)


def progressing_by(
    condition: Condition,
    reason: str,
    now: datetime,
    *,
    patience: timedelta = PATIENCE,
    follows: tuple[Ref, ...] = (),
) -> Judgement:
    """Under way, in the words of a condition; `reason` where it gives none."""
    return progressing(
        condition.reason or reason,
        condition.message,
        condition.last_transition_time,
        now,
        patience=patience,
        follows=follows,
    )


def terminating(
    resource: Object, now: datetime, *, follows: tuple[Ref, ...] = ()
) -> Judgement | None:
    """A verdict on an object that is being deleted, None where it is not.

    Its finalizers are named: until the last of them is removed, the object stays.
    """
    since = resource.metadata.deletion_timestamp
    if since is None:
        return None
    held = now - since > PATIENCE
    message = finalizers.describe(resource.metadata.finalizers or (), since if held else None)
    return progressing("Terminating", message, since, now, follows=follows)


def judge_by_ready(resource: ConditionedObject, snapshot: Snapshot) -> Judgement:
    """The judge of a kind that is known by its Ready condition alone."""
    ready = condition(resource.status.conditions, "Ready")
    return by_ready_alone(resource, ready, snapshot.taken_at)


def by_ready(
    resource: ReconciledObject, now: datetime, *, follows: tuple[Ref, ...] = ()
) -> Judgement:
    """The kstatus rules for a kind that keeps Ready, Reconciling and Stalled.

    Stalled is failed; an unobserved generation or Reconciling is progressing, degraded where it
    retries (`ProgressingWithRetry`); Ready decides the rest. `follows` is passed on.
    """
    if gone := terminating(resource, now):
        return gone
    meta, conditions = resource.metadata, resource.status.conditions
    if stalled := is_true(conditions, "Stalled"):
        return judgement(stalled, Verdict.FAILED, follows=follows)
    ready = condition(conditions, "Ready")
    if not _observed(resource, ready):
        message = f"Generation {meta.generation} has not been observed yet."
        since = ready.last_transition_time if ready else meta.creation_timestamp
        # The object does not say when it was edited, so its age proves nothing.
        return Judgement(Verdict.PROGRESSING, "NotObserved", message, since)
    reconciling = is_true(conditions, "Reconciling")
    if reconciling is None:
        return by_ready_alone(resource, ready, now, follows=follows)
    if reconciling.reason != "ProgressingWithRetry":
        return progressing_by(reconciling, "Reconciling", now, follows=follows)
    failing = ready if ready and ready.status == "False" else reconciling
    return judgement(failing, Verdict.DEGRADED, follows=follows)


def by_ready_alone(
    resource: Object, ready: Condition | None, now: datetime, *, follows: tuple[Ref, ...] = ()
) -> Judgement:
    """Ready True, False or Unknown; without the condition, no controller has looked at it yet."""
    if gone := terminating(resource, now, follows=follows):
        return gone
    if ready is None:
        message = "Its controller has not reported a status."
        since = resource.metadata.creation_timestamp
        return progressing("NoStatus", message, since, now, follows=follows)
    if ready.status == "True":
        return healthy(ready) if ready.reason or ready.message else HEALTHY
    if ready.status == "False":
        return judgement(ready, Verdict.FAILED, follows=follows)
    return progressing_by(ready, "ReadyUnknown", now, follows=follows)


def _observed(resource: ReconciledObject, ready: Condition | None) -> bool:
    """Whether the status speaks of the present spec.

    The condition's own generation is the better witness: after a first reconciliation that
    failed, Flux leaves `status.observedGeneration` at -1.
    """
    generation = resource.metadata.generation
    observed = (ready.observed_generation if ready else 0) or resource.status.observed_generation
    return observed == 0 or generation == 0 or observed >= generation
