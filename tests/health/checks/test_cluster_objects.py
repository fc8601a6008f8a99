"""Namespaces, volumes and autoscalers in saved files."""

import pytest

from bot.domain.finding import Judgement
from bot.domain.verdict import Verdict
from bot.health.checks.cluster_objects import CHECK
from bot.health.offline import type_of
from tests.builders import Plain
from tests.health.checks.conditioned import a_thing, said
from tests.net.networks import ago, judged


def verdict(plain: Plain) -> Judgement:
    return judged(CHECK.judges[type_of(plain)], plain, live=False)


def test_an_active_namespace_is_healthy() -> None:
    """It is there, and nobody deletes it."""
    assert verdict(a_thing("Namespace", "apps", "v1", phase="Active")).verdict is Verdict.HEALTHY


def test_a_namespace_that_does_not_end_says_what_holds_it_up() -> None:
    """Its conditions name the finalizers and the content that remain."""
    held = said("NamespaceFinalizersRemaining", message="finalizers remain")
    stuck = a_thing("Namespace", "apps", "v1", held, meta={"deletionTimestamp": ago(hours=2)})
    found = verdict(stuck)
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "NamespaceFinalizersRemaining")


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("Bound", Verdict.HEALTHY),
        ("Released", Verdict.HEALTHY),
        ("Failed", Verdict.FAILED),
        ("", Verdict.DEGRADED),
    ],
)
def test_a_volume_is_judged_by_its_phase(phase: str, expected: Verdict) -> None:
    """Released is what its reclaim policy asked for; without a phase nobody has looked at it."""
    assert verdict(a_thing("PersistentVolume", "data", "v1", phase=phase)).verdict is expected


@pytest.mark.parametrize(
    ("type_", "status", "reason", "expected"),
    [
        ("AbleToScale", "True", "ReadyForNewScale", Verdict.HEALTHY),
        ("AbleToScale", "False", "FailedGetScale", Verdict.DEGRADED),
        ("AbleToScale", "False", "BackoffDownscale", Verdict.HEALTHY),
        ("ScalingActive", "False", "FailedGetResourceMetric", Verdict.DEGRADED),
        ("ScalingActive", "False", "ScalingDisabled", Verdict.SUSPENDED),
        ("ScalingLimited", "True", "TooManyReplicas", Verdict.HEALTHY),
    ],
)
def test_an_autoscaler_is_judged_by_whether_it_can_scale(
    type_: str, status: str, reason: str, expected: Verdict
) -> None:
    """That it is at its limit is what the limit is for."""
    scaler = a_thing(
        "HorizontalPodAutoscaler", "web", "autoscaling/v2", said(type_, status, reason=reason)
    )
    assert verdict(scaler).verdict is expected


def test_an_autoscaler_that_nobody_looked_at_is_not_healthy() -> None:
    """No status at all; autoscaling/v1 has a status without conditions."""
    version = "autoscaling/v1"
    assert verdict(a_thing("HorizontalPodAutoscaler", "web", version)).reason == "NoStatus"
    counted = a_thing("HorizontalPodAutoscaler", "web", version, currentReplicas=2)
    assert verdict(counted).verdict is Verdict.HEALTHY
