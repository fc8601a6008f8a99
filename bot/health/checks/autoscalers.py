"""HorizontalPodAutoscalers that cannot scale. Source: the Kubernetes API reference."""

from __future__ import annotations

from datetime import timedelta

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement, Ref
from bot.domain.resources import apps, core
from bot.domain.resources.base import Condition
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import workload_pods

WAITS = frozenset({"BackoffBoth", "BackoffDownscale", "BackoffUpscale"})
"""Reasons for which an autoscaler waits before it scales, by its own rules."""

METRICS_GRACE = timedelta(minutes=5)
"""How long a pod that has just started may have no metrics: they are gathered once a minute."""


def judge(scaler: apps.HorizontalPodAutoscaler, snapshot: Snapshot) -> Judgement:
    """Whether it can scale, and has metrics; with no replicas to scale it is switched off."""
    if gone := conditions.terminating(scaler, snapshot.taken_at):
        return gone
    for type_ in ("AbleToScale", "ScalingActive"):
        condition = conditions.condition(scaler.status.conditions, type_)
        if condition and condition.status == "False" and condition.reason not in WAITS:
            return _unable(scaler, condition, snapshot)
    if scaler.status.conditions or scaler.status.current_replicas is not None:
        return HEALTHY
    return conditions.by_ready_alone(scaler, None, snapshot.taken_at)


def _unable(
    scaler: apps.HorizontalPodAutoscaler, condition: Condition, snapshot: Snapshot
) -> Judgement:
    """By its own words; the target and its pods that are not ready may be why."""
    if condition.reason == "ScalingDisabled":
        return conditions.judgement(condition, Verdict.SUSPENDED)
    target = scaler.spec.scale_target_ref.ref(scaler.namespace)
    follows: tuple[Ref, ...] = ()
    if condition.type == "ScalingActive":
        follows = (target, *(pod.ref for pod in workload_pods.unready(target, snapshot)))
    since, now = condition.last_transition_time, snapshot.taken_at
    recent = since is not None and now - since <= METRICS_GRACE
    verdict = Verdict.PROGRESSING if recent and snapshot.hears else Verdict.DEGRADED
    return conditions.judgement(condition, verdict, follows=follows)


CHECK = Check(
    name="autoscalers",
    scope="workloads",
    title="Autoscalers that find no target or no metrics.",
    judges={apps.HorizontalPodAutoscaler: judge},
    documented_as="kubectl get horizontalpodautoscalers -A",
    advice="Name an existing target, set resource requests on its containers, and check that "
    "metrics-server answers.",
    refers_to=(apps.Deployment, apps.StatefulSet, core.Pod),
)
