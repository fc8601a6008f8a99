"""Kustomizations: kstatus, suspension, and whom they wait for."""

from datetime import UTC, datetime
from typing import Any

from bot.domain.finding import Judgement, Ref
from bot.domain.resources.flux import Kustomization
from bot.domain.verdict import Verdict
from bot.health.checks import flux_kustomizations
from tests.builders import a_kustomization
from tests.fakes import snapshot_of

NOW = datetime(2026, 11, 23, 13, tzinfo=UTC)


def judged(plain: dict[str, Any]) -> Judgement:
    snapshot = snapshot_of(plain, now=NOW)
    return flux_kustomizations.judge(snapshot.of(Kustomization)[0], snapshot)


def a_condition(type_: str, status: str, **rest: Any) -> dict[str, Any]:
    return {"type": type_, "status": status, "lastTransitionTime": "2026-11-23T12:58:00Z", **rest}


def with_conditions(*conditions: dict[str, Any], **spec: Any) -> dict[str, Any]:
    plain = a_kustomization(**spec)
    plain["status"]["conditions"] = list(conditions)
    return plain


def test_a_reconciled_one_is_healthy():
    """Ready=True for the present generation."""
    assert judged(a_kustomization()).verdict is Verdict.HEALTHY


def test_a_suspended_one_is_never_healthy_whatever_its_frozen_conditions_say():
    """Suspension freezes the conditions as they were."""
    said = judged(a_kustomization(suspend=True))
    assert (said.verdict, said.reason) == (Verdict.SUSPENDED, "Suspended")


def test_a_suspended_one_that_is_being_deleted_is_on_its_way_out():
    """The suspension no longer decides: its finalizer runs all the same."""
    plain = a_kustomization(suspend=True)
    plain["metadata"]["deletionTimestamp"] = "2026-11-23T12:58:00Z"
    assert judged(plain).reason == "Terminating"


def test_a_failed_build_is_failed_in_fluxs_words():
    """Reason and message are those of the condition."""
    said = judged(with_conditions(a_condition("Ready", "False", reason="BuildFailed", message="x")))
    assert (said.verdict, said.reason, said.message) == (Verdict.FAILED, "BuildFailed", "x")


def test_a_failure_is_degraded_where_an_older_revision_still_serves():
    """Whatever Reconciling says beside it; without any revision it is failed."""
    ready = a_condition("Ready", "False", reason="BuildFailed")
    retry = a_condition("Reconciling", "True", reason="ProgressingWithRetry")
    first = with_conditions(ready, retry)
    later = with_conditions(ready, retry)
    later["status"]["lastAppliedRevision"] = "main@sha1:1"
    assert [judged(plain).verdict for plain in (first, later)] == [Verdict.FAILED, Verdict.DEGRADED]


def test_a_reconciliation_that_has_not_failed_yet_is_under_way():
    """Nothing is wrong so far."""
    plain = a_condition("Reconciling", "True", reason="Progressing")
    assert judged(with_conditions(plain)).verdict is Verdict.PROGRESSING


def test_stalled_is_failed():
    """Flux does not try again by itself."""
    stalled = a_condition("Stalled", "True", reason="InvalidPath")
    assert judged(with_conditions(stalled)).verdict is Verdict.FAILED


def test_an_older_generation_is_under_way():
    """The status speaks of an earlier spec."""
    plain = a_kustomization()
    plain["metadata"]["generation"] = 2
    assert judged(plain).reason == "NotObserved"


def test_a_first_reconciliation_that_failed_is_failed_although_nothing_was_observed():
    """Flux leaves observedGeneration at -1; the condition itself names the generation."""
    plain = with_conditions(
        a_condition("Ready", "False", reason="BuildFailed", observedGeneration=1)
    )
    plain["metadata"]["generation"], plain["status"]["observedGeneration"] = 1, -1
    assert judged(plain).verdict is Verdict.FAILED


def test_it_follows_what_it_waited_for_then_its_dependencies_then_its_source():
    """The likeliest cause comes first."""
    failed = a_condition(
        "Ready",
        "False",
        message="timeout waiting for: [HelmRelease/media/jellyfin status: 'Failed']",
    )
    said = judged(
        with_conditions(
            failed,
            dependsOn=[{"name": "infra"}],
            sourceRef={"kind": "GitRepository", "name": "homelab"},
        )
    )
    assert said.follows == (
        Ref("HelmRelease", "media", "jellyfin"),
        Ref("Kustomization", "flux-system", "infra"),
        Ref("GitRepository", "flux-system", "homelab"),
    )
