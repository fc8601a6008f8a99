"""GitRepository, OCIRepository, HelmRepository, HelmChart and Bucket."""

from typing import Any

import pytest

from bot.domain.finding import Judgement, Ref
from bot.domain.report import examine
from bot.domain.verdict import Verdict
from bot.health.checks import flux_sources
from bot.health.offline import type_of
from tests.builders import Plain
from tests.health.checks.conditioned import SOURCE, a_thing, said
from tests.net.networks import a_snapshot, ago, judged

KINDS = ("GitRepository", "OCIRepository", "HelmRepository", "HelmChart", "Bucket")


def source(kind: str, *conditions: Plain, **rest: Any) -> Judgement:
    plain = a_thing(kind, "homelab", SOURCE, *conditions, **rest)
    return judged(flux_sources.CHECK.judges[type_of(plain)], plain)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_source_is_judged_by_its_ready_condition(kind: str) -> None:
    """A stored artifact is healthy; a refused login is failed, in Flux's words."""
    assert source(kind, said("Ready", reason="Succeeded")).verdict is Verdict.HEALTHY
    refused = said("Ready", "False", reason="GitOperationFailed", message="unable to authenticate")
    found = source(kind, refused)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "GitOperationFailed")
    assert found.message == "unable to authenticate"


@pytest.mark.parametrize("kind", KINDS)
def test_a_suspended_source_is_never_healthy(kind: str) -> None:
    """Its conditions are frozen as they were."""
    found = source(kind, said("Ready"), spec={"suspend": True})
    assert found.verdict is Verdict.SUSPENDED


def test_fetching_is_under_way_for_ten_minutes() -> None:
    """Then it is degraded."""
    fetching = [said("Reconciling", minutes=minutes, reason="Progressing") for minutes in (9, 11)]
    verdicts = [source("GitRepository", each).verdict for each in fetching]
    assert verdicts == [Verdict.PROGRESSING, Verdict.DEGRADED]


def test_stalled_is_failed_whatever_ready_says() -> None:
    """Flux does not try such a one again."""
    found = source("GitRepository", said("Ready"), said("Stalled", reason="URLInvalid"))
    assert (found.verdict, found.reason) == (Verdict.FAILED, "URLInvalid")


def test_a_status_of_an_older_generation_is_not_taken_for_the_present() -> None:
    """The spec was edited since."""
    found = source("Bucket", said("Ready"), meta={"generation": 4}, observedGeneration=3)
    assert (found.verdict, found.reason) == (Verdict.PROGRESSING, "NotObserved")


def test_no_status_at_all_is_no_health() -> None:
    """Nobody looked at it for three days."""
    assert source("GitRepository").verdict is Verdict.DEGRADED


def test_a_static_helm_repository_of_oci_charts_has_no_status_and_is_well() -> None:
    """Flux keeps no status for type oci: it is data, which HelmCharts read."""
    found = source("HelmRepository", spec={"type": "oci", "url": "oci://ghcr.io/charts"})
    assert found.verdict is Verdict.HEALTHY


def test_a_chart_follows_from_its_repository() -> None:
    """One cause, and the chart is downstream of it."""
    began = {"lastTransitionTime": ago(minutes=30)}
    broken = said("Ready", "False", reason="Failed") | began
    repository = a_thing("GitRepository", "homelab", SOURCE, broken, namespace="flux-system")
    chart = a_thing(
        "HelmChart",
        "apps-web",
        SOURCE,
        said("Ready", "False", reason="NoArtifact"),
        namespace="flux-system",
        spec={"sourceRef": {"kind": "GitRepository", "name": "homelab"}},
    )
    report = examine(a_snapshot(repository, chart), (flux_sources.CHECK,))
    assert [each.subject for each in report.roots] == [
        Ref("GitRepository", "flux-system", "homelab")
    ]
