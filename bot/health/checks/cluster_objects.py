"""Namespaces, volumes and autoscalers, for `meshmedic judge`. Source: the Kubernetes API reference.

A live cluster is judged by the pods and Services behind them, which say why.
"""

from __future__ import annotations

import msgspec

from bot.domain import conditions, finalizers
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources import apps, core
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict

WAITS = frozenset({"BackoffBoth", "BackoffDownscale", "BackoffUpscale"})
"""Reasons for which an autoscaler waits before it scales, by its own rules."""


def judge_namespace(namespace: core.Namespace, snapshot: Snapshot) -> Judgement:
    """Active, or being deleted: then its conditions say what holds it up."""
    gone = conditions.terminating(namespace, snapshot.taken_at)
    held = [condition for condition in namespace.status.conditions if condition.status == "True"]
    if not gone or not held:
        return gone or HEALTHY
    said = " ".join(f"{condition.message.rstrip('. ')}." for condition in held if condition.message)
    message = f"{gone.message} {said}{finalizers.meanings_in(said)}"
    return msgspec.structs.replace(gone, reason=held[0].type, message=message)


def judge_volume(volume: core.PersistentVolume, snapshot: Snapshot) -> Judgement:
    """Available, bound and released (kept after its claim) are healthy, failed is failed."""
    if gone := conditions.terminating(volume, snapshot.taken_at):
        return gone
    phase, message = volume.status.phase or "Pending", volume.status.message
    if phase == "Failed":
        return Judgement(Verdict.FAILED, phase, message)
    if phase in ("Available", "Bound", "Released"):
        return HEALTHY
    since = volume.metadata.creation_timestamp
    return conditions.progressing(phase, message, since, snapshot.taken_at)


def judge_autoscaler(scaler: apps.HorizontalPodAutoscaler, snapshot: Snapshot) -> Judgement:
    """Whether it can scale, and has metrics; with no replicas to scale it is switched off."""
    if gone := conditions.terminating(scaler, snapshot.taken_at):
        return gone
    for type_ in ("AbleToScale", "ScalingActive"):
        condition = conditions.condition(scaler.status.conditions, type_)
        if condition and condition.status == "False" and condition.reason not in WAITS:
            off = condition.reason == "ScalingDisabled"
            return conditions.judgement(condition, Verdict.SUSPENDED if off else Verdict.DEGRADED)
    if scaler.status.conditions or scaler.status.current_replicas is not None:
        return HEALTHY
    return conditions.by_ready_alone(scaler, None, snapshot.taken_at)


CHECK = Check(
    name="cluster-objects",
    title="Namespaces that do not end, volumes that failed, autoscalers that cannot scale.",
    judges={
        core.Namespace: judge_namespace,
        core.PersistentVolume: judge_volume,
        apps.HorizontalPodAutoscaler: judge_autoscaler,
    },
    documented_as="kubectl get namespaces,persistentvolumes,horizontalpodautoscalers -A",
    advice="Describe it: its conditions say what it waits for.",
)
