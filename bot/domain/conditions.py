"""Reading `status.conditions` the way kstatus does. Source: kstatus, sigs.k8s.io/cli-utils."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.domain.finding import HEALTHY, Judgement, Ref
from bot.domain.resources.base import Condition, Meta
from bot.domain.verdict import Verdict

PATIENCE = timedelta(minutes=10)
"""How long a thing may be under way before that is a finding of its own."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far the clocks of two nodes may differ before an order in time means anything."""


def condition(conditions: Iterable[Condition], type_: str) -> Condition | None:
    """The condition of that type, or None."""
    return next((entry for entry in conditions if entry.type == type_), None)


def is_true(conditions: Iterable[Condition], type_: str) -> Condition | None:
    """The condition of that type where its status is "True", else None."""
    found = condition(conditions, type_)
    return found if found and found.status == "True" else None


def healthy(by: Condition) -> Judgement:
    """Healthy, in the words of the condition that says so."""
    return Judgement(
        verdict=Verdict.HEALTHY,
        reason=by.reason,
        message=by.message,
        since=by.last_transition_time,
    )


def judged(by: Condition, verdict: Verdict, *, follows: tuple[Ref, ...] = ()) -> Judgement:
    """A verdict in the words of the condition that it rests on."""
    return Judgement(
        verdict=verdict,
        reason=by.reason or by.type,
        message=by.message or f"{by.type} is {by.status}.",
        since=by.last_transition_time,
        follows=follows,
    )


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
    return Judgement(
        verdict=Verdict.DEGRADED if late else Verdict.PROGRESSING,
        reason=reason,
        message=message,
        since=since,
        follows=follows,
    )


def terminating(meta: Meta, now: datetime) -> Judgement | None:
    """A verdict on an object that is being deleted, None where it is not."""
    if meta.deletion_timestamp is None:
        return None
    return progressing("Terminating", "It is being deleted.", meta.deletion_timestamp, now)


def by_ready(
    meta: Meta,
    conditions: tuple[Condition, ...],
    now: datetime,
    *,
    observed_generation: int = 0,
    follows: tuple[Ref, ...] = (),
) -> Judgement:
    """The kstatus rules for a kind that keeps Ready, Reconciling and Stalled.

    Stalled is failed; an unobserved generation or Reconciling is progressing, degraded where it
    retries (`ProgressingWithRetry`); Ready decides the rest. `follows` is passed on.
    """
    if gone := terminating(meta, now):
        return gone
    if stalled := is_true(conditions, "Stalled"):
        return judged(stalled, Verdict.FAILED, follows=follows)
    ready = condition(conditions, "Ready")
    if not _observed(meta, ready, observed_generation):
        message = f"Generation {meta.generation} is not observed yet."
        since = ready.last_transition_time if ready else meta.creation_timestamp
        # The object does not say when it was edited, so its age proves nothing.
        return Judgement(
            verdict=Verdict.PROGRESSING, reason="NotObserved", message=message, since=since
        )
    if reconciling := is_true(conditions, "Reconciling"):
        return _under_way(reconciling, ready, now, follows)
    return by_ready_alone(meta, ready, now, follows=follows)


def by_ready_alone(
    meta: Meta, ready: Condition | None, now: datetime, *, follows: tuple[Ref, ...] = ()
) -> Judgement:
    """Ready True, False or Unknown; no condition at all is an object that nobody looked at."""
    if ready is None:
        message = "Its controller has not reported a status."
        return progressing("NoStatus", message, meta.creation_timestamp, now, follows=follows)
    if ready.status == "True":
        return healthy(ready) if ready.reason or ready.message else HEALTHY
    if ready.status == "False":
        return judged(ready, Verdict.FAILED, follows=follows)
    return progressing(
        ready.reason or "ReadyUnknown",
        ready.message,
        ready.last_transition_time,
        now,
        follows=follows,
    )


def _observed(meta: Meta, ready: Condition | None, observed_generation: int) -> bool:
    """Whether the status speaks of the present spec.

    The condition's own generation is the better witness: after a first reconciliation that
    failed, Flux leaves `status.observedGeneration` at -1.
    """
    observed = (ready.observed_generation if ready else 0) or observed_generation
    return observed == 0 or meta.generation == 0 or observed >= meta.generation


def _under_way(
    reconciling: Condition, ready: Condition | None, now: datetime, follows: tuple[Ref, ...]
) -> Judgement:
    if reconciling.reason == "ProgressingWithRetry":
        said = ready if ready and ready.status == "False" else reconciling
        return judged(said, Verdict.DEGRADED, follows=follows)
    return progressing(
        reconciling.reason or "Reconciling",
        reconciling.message,
        reconciling.last_transition_time,
        now,
        follows=follows,
    )
