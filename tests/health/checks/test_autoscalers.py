"""Autoscalers that cannot scale."""

import pytest

from bot.domain.finding import Judgement
from bot.domain.verdict import Verdict
from bot.health.checks.autoscalers import CHECK
from bot.health.offline import type_of
from tests.builders import Plain
from tests.health.checks.conditioned import a_thing, said
from tests.net.networks import judged


def verdict(plain: Plain) -> Judgement:
    return judged(CHECK.judges[type_of(plain)], plain, live=False)


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


def test_a_pod_that_has_just_started_may_have_no_metrics_for_a_while() -> None:
    """They are gathered once a minute."""
    for minutes, expected in ((1, Verdict.PROGRESSING), (30, Verdict.DEGRADED)):
        blind = said("ScalingActive", "False", reason="FailedGetResourceMetric", minutes=minutes)
        scaler = a_thing("HorizontalPodAutoscaler", "web", "autoscaling/v2", blind)
        assert judged(CHECK.judges[type_of(scaler)], scaler).verdict is expected
