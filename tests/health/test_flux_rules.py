"""What Flux's controllers mean by their conditions: objects as they write them."""

from datetime import datetime
from typing import Any

import pytest

from bot.domain.check import Check
from bot.domain.finding import Judgement, Ref
from bot.domain.report import Report, examine
from bot.domain.verdict import Verdict
from bot.health.checks import flux_helmreleases, flux_kustomizations, flux_sources
from tests.builders import Plain
from tests.health.checks.conditioned import HELM, SOURCE, a_thing, said
from tests.net.networks import a_snapshot, ago, judged

KUSTOMIZE = "kustomize.toolkit.fluxcd.io/v1"
CHECKS: tuple[Check, ...] = (
    flux_sources.CHECK,
    flux_kustomizations.CHECK,
    flux_helmreleases.CHECK,
)
TRYING = said("Reconciling", minutes=1, reason="Progressing", message="Fulfilling prerequisites")
UNKNOWN = said("Ready", "Unknown", minutes=1, reason="Progressing", message="building artifact")
ARTIFACT = {"artifact": {"revision": "main@sha1:1"}}


def a_release(name: str, *conditions: Plain, **rest: Any) -> Plain:
    return a_thing("HelmRelease", name, HELM, *conditions, **rest)


def a_repository(*conditions: Plain, **rest: Any) -> Plain:
    return a_thing("GitRepository", "home", SOURCE, *conditions, **rest)


def a_layer(name: str, *conditions: Plain, after: tuple[str, ...] = (), **rest: Any) -> Plain:
    spec = {"dependsOn": [{"name": other} for other in after], **rest.pop("spec", {})}
    return a_thing("Kustomization", name, KUSTOMIZE, *conditions, spec=spec, **rest)


def waiting(on: str, *, minutes: float = 15) -> Plain:
    message = f"dependency 'apps/{on}' is not ready"
    return said("Ready", "False", minutes=minutes, reason="DependencyNotReady", message=message)


def release(*conditions: Plain, others: tuple[Plain, ...] = (), **rest: Any) -> Judgement:
    return judged(flux_helmreleases.judge, a_release("web", *conditions, **rest), *others)


def repository(*conditions: Plain, **rest: Any) -> Judgement:
    return judged(flux_sources.judge, a_repository(*conditions, **rest))


def report(*objects: Plain) -> Report:
    return examine(a_snapshot(*objects), CHECKS)


def verdicts(*objects: Plain) -> dict[str, Verdict]:
    return {finding.subject.name: finding.verdict for finding in report(*objects).findings}


def test_a_release_whose_chart_is_missing_fails_in_the_words_of_ready() -> None:
    """Reconciling stays True and says only that prerequisites are being fulfilled."""
    missing = said("Ready", "False", reason="SourceNotReady", message="HelmChart 'x' is not ready")
    found = release(TRYING, missing)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "SourceNotReady")
    assert found.message == "HelmChart 'x' is not ready"


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ({}, Verdict.FAILED),
        ({"history": [{"status": "failed"}]}, Verdict.FAILED),
        ({"history": [{"status": "failed"}, {"status": "superseded"}]}, Verdict.DEGRADED),
        ({"history": [{"status": "deployed"}]}, Verdict.DEGRADED),
    ],
)
def test_a_failed_release_is_degraded_while_an_older_one_serves(
    status: Plain, verdict: Verdict
) -> None:
    """Helm's own history says what was installed."""
    failed = said("Ready", "False", reason="UpgradeFailed", message="timed out")
    assert release(failed, **status).verdict is verdict


@pytest.mark.parametrize(
    ("status", "verdict"), [({}, Verdict.FAILED), (ARTIFACT, Verdict.DEGRADED)]
)
def test_a_source_that_cannot_be_fetched_is_degraded_while_its_artifact_serves(
    status: Plain, verdict: Verdict
) -> None:
    """Also while Flux tries again, when Ready is Unknown and only FetchFailed remembers."""
    failed = said("FetchFailed", minutes=40, reason="GitOperationFailed", message="no such branch")
    refused = said("Ready", "False", reason="GitOperationFailed", message="no such branch")
    for conditions in ((TRYING, refused, failed), (TRYING, UNKNOWN, failed)):
        found = repository(*conditions, **status)
        assert (found.verdict, found.message) == (verdict, "no such branch")


def test_a_failing_object_has_failed_since_its_outcome_changed_and_not_since_the_last_try() -> None:
    """Flux renews the time of Ready with every try."""
    refused = said("Ready", "False", minutes=1, reason="GitOperationFailed", message="no")
    failed = said("FetchFailed", minutes=40, reason="GitOperationFailed", message="no")
    assert repository(refused, failed).since == datetime.fromisoformat(ago(minutes=40))
    assert repository(refused).since is None


def test_the_timeout_of_the_spec_is_the_grace() -> None:
    """A long install is under way; a short one is late."""
    installing = said("Reconciling", minutes=20, reason="Progressing", message="Running 'install'")
    long, short = {"timeout": "30m"}, {"timeout": "15m0s"}
    assert release(installing, UNKNOWN, spec=long).verdict is Verdict.PROGRESSING
    assert release(installing, UNKNOWN, spec=short).verdict is Verdict.DEGRADED


def test_a_new_generation_that_nobody_finishes_is_degraded() -> None:
    """Ready is of an older generation, and the controller has been at the new one for weeks."""
    stuck = said("Reconciling", minutes=60 * 24 * 14, reason="Progressing", observedGeneration=16)
    before = said("Ready", minutes=60 * 24 * 60, reason="UpgradeSucceeded", observedGeneration=14)
    found = release(stuck, before, meta={"generation": 16}, observedGeneration=14)
    assert found.verdict is Verdict.DEGRADED


def test_a_release_that_is_not_tried_again_says_why_it_failed_and_that_flux_gave_up() -> None:
    """Ready has the one, Stalled the other."""
    found = release(
        said("Stalled", reason="RetriesExceeded", message="Failed to install after 4 attempt(s)"),
        said("Ready", "False", reason="InstallFailed", message="context deadline exceeded"),
        history=[{"status": "deployed"}],
    )
    assert (found.verdict, found.reason) == (Verdict.FAILED, "RetriesExceeded")
    assert found.message == "context deadline exceeded. Failed to install after 4 attempt(s)."


def test_a_failed_test_that_the_spec_ignores_is_no_finding() -> None:
    """Ready=True is the release's own word on it."""
    tested = said("TestSuccess", "False", reason="TestFailed")
    assert release(said("Ready", reason="InstallSucceeded"), tested).verdict is Verdict.HEALTHY


def test_drift_that_flux_only_warns_of_is_told() -> None:
    """`driftDetection: warn` leaves Ready True."""
    drifted = said("Drifted", reason="DriftDetected", message="1 object differs")
    found = release(said("Ready", reason="InstallSucceeded"), drifted)
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "DriftDetected")


def test_what_waits_for_an_object_under_way_is_under_way() -> None:
    """A cluster that is being set up has no failures."""
    installing = a_layer("database", TRYING, UNKNOWN)
    assert verdicts(installing, a_layer("web", waiting("database"), after=("database",))) == {
        "database": Verdict.PROGRESSING,
        "web": Verdict.PROGRESSING,
    }


def test_what_waits_for_a_degraded_object_is_degraded() -> None:
    """An effect never outranks its cause."""
    failing = said("Ready", "False", minutes=1, reason="BuildFailed", message="x")
    layer = a_layer("database", failing, lastAppliedRevision="main@sha1:1")
    assert verdicts(layer, a_layer("web", waiting("database"), after=("database",))) == {
        "database": Verdict.DEGRADED,
        "web": Verdict.DEGRADED,
    }


def test_what_waits_for_a_suspended_object_is_failed() -> None:
    """Nothing was ever applied, and nothing will be."""
    held = a_layer("database", spec={"suspend": True})
    assert verdicts(held, a_layer("web", waiting("database"), after=("database",)))["web"] is (
        Verdict.FAILED
    )


def test_what_waited_for_an_object_that_is_ready_now_looks_again_soon() -> None:
    """Until its patience is over."""
    ready = a_layer("database", said("Ready"))
    soon = a_layer("web", waiting("database", minutes=3), after=("database",))
    late = a_layer("web", waiting("database", minutes=30), after=("database",))
    assert verdicts(ready, soon) == {"web": Verdict.PROGRESSING}
    assert verdicts(ready, late) == {"web": Verdict.DEGRADED}


def test_the_cause_is_found_although_it_was_tried_again_a_moment_ago() -> None:
    """The effect's condition is older than the cause's, since only the cause is tried again."""
    failing = said("Ready", "False", minutes=0.1, reason="BuildFailed", message="x")
    effect = a_layer("web", waiting("database"), after=("database",))
    roots = report(a_layer("database", failing), effect).roots
    assert [root.subject.name for root in roots] == ["database"]


@pytest.mark.parametrize("names", [("a",), ("a", "b"), ("a", "b", "c", "d")])
def test_a_circle_of_dependencies_is_one_cause_and_named(names: tuple[str, ...]) -> None:
    """None of them can ever begin; an outsider that waits for one follows from it."""
    following = [*names[1:], names[0]]
    members = [
        a_layer(name, waiting(other), after=(other,))
        for name, other in zip(names, following, strict=True)
    ]
    outsider = a_layer("outsider", waiting("a"), after=("a",))
    seen = report(*members, outsider)
    (root,) = seen.roots
    assert (root.subject, root.reason) == (Ref("Kustomization", "apps", "a"), "DependencyCycle")
    assert " -> ".join(f"apps/{name}" for name in (*names, "a")) in root.message
    assert {finding.verdict for finding in seen.findings} == {Verdict.FAILED}


HOME = {"sourceRef": {"kind": "GitRepository", "name": "home"}}
OTHER = {"sourceRef": {"kind": "GitRepository", "name": "other"}}
UNHEARD = "no Kustomization of GitRepository apps/home is notified of a new revision"


def a_circle(first: Plain = HOME, second: Plain = HOME) -> tuple[Plain, Plain]:
    return (
        a_layer("a", waiting("b"), after=("b",), spec=first),
        a_layer("b", waiting("a"), after=("a",), spec=second),
    )


def test_a_circle_says_what_else_it_hinders_where_it_is_of_one_source() -> None:
    """kustomize-controller tells no Kustomization of that source of a new revision."""
    assert UNHEARD in report(*a_circle()).roots[0].message
    for sources in ((HOME, OTHER), ({}, {})):
        assert "notified of a new revision" not in report(*a_circle(*sources)).roots[0].message
    of_releases = [
        a_thing("HelmRelease", name, HELM, waiting(to), spec={"dependsOn": [{"name": to}]})
        for name, to in (("a", "b"), ("b", "a"))
    ]
    assert "notified of a new revision" not in report(*of_releases).roots[0].message


def test_what_lacks_a_revision_beside_a_circle_of_its_source_has_a_note() -> None:
    """It works, and the circle may be why it is behind; nobody else is remarked on."""
    source = a_repository(said("Ready"), artifact={"revision": "main@sha1:2"})

    def notes(
        applied: str, *others: Plain, spec: Plain = HOME, ready: str = "True"
    ) -> dict[str, str]:
        web = a_layer("web", said("Ready", ready), spec=spec, lastAppliedRevision=applied)
        return {note.subject.name: note.message for note in report(source, web, *others).notes}

    told = notes("main@sha1:1", *a_circle())
    assert told.keys() == {"web"}
    assert "has applied main@sha1:1, but its source has main@sha1:2" in told["web"]
    assert "at Kustomization apps/a may be the cause" in told["web"]
    assert UNHEARD in told["web"]
    assert notes("main@sha1:2", *a_circle()) == {}
    assert notes("main@sha1:1") == {}
    assert notes("main@sha1:1", *a_circle(OTHER, OTHER)) == {}
    assert notes("main@sha1:1", *a_circle(HOME, OTHER)) == {}
    assert notes("main@sha1:1", *a_circle(), spec=OTHER) == {}
    assert notes("main@sha1:1", *a_circle(), ready="False") == {}


def test_sources_that_name_one_another_are_judged_all_the_same() -> None:
    """No API server would keep such fields, but a file may hold them."""
    chart = a_thing(
        "HelmChart",
        "x",
        SOURCE,
        said("Ready", "False", reason="SourceUnavailable", message="no"),
        spec={"sourceRef": {"kind": "GitRepository", "name": "home"}},
    )
    origin = {"sourceRef": {"kind": "HelmChart", "name": "x"}}
    refused = said("Ready", "False", reason="SourceUnavailable", message="no")
    assert verdicts(chart, a_repository(refused, spec=origin)) == {
        "x": Verdict.FAILED,
        "home": Verdict.FAILED,
    }


@pytest.mark.parametrize("done", ["RollbackSucceeded", "UninstallSucceeded"])
def test_a_release_that_was_remediated_says_what_had_failed(done: str) -> None:
    """Ready tells only of the remedy, which went well."""
    found = release(
        said("Ready", "False", reason=done, message="Helm did it."),
        said("Remediated", reason=done),
        said("Released", "False", reason="UpgradeFailed", message="context deadline exceeded"),
    )
    assert (found.verdict, found.reason) == (Verdict.FAILED, "UpgradeFailed")
    assert found.message == "context deadline exceeded. Helm did it."


def test_a_release_that_was_given_up_says_what_had_failed() -> None:
    """helm-controller 0.x puts the number of tries into Ready, and 1.x into Stalled."""
    elder = release(
        said("Ready", "False", reason="ReconciliationFailed", message="install retries exhausted"),
        said("Released", "False", reason="InstallFailed", message="no such chart"),
    )
    assert elder.message == "no such chart. install retries exhausted."
    newer = release(
        said("Stalled", reason="RetriesExceeded", message="Failed to install after 1 attempt(s)"),
        said("Ready", "False", reason="UninstallSucceeded", message="Helm uninstall succeeded."),
        said("Released", "False", reason="InstallFailed", message="timed out"),
    )
    assert (newer.verdict, newer.reason) == (Verdict.FAILED, "RetriesExceeded")
    assert newer.message.startswith("timed out. Helm uninstall succeeded.")


def test_a_failed_test_is_what_had_failed() -> None:
    """The release itself went well, its test did not."""
    found = release(
        said("Ready", "False", reason="RollbackSucceeded", message="Helm did it."),
        said("Released", reason="UpgradeSucceeded"),
        said("TestSuccess", "False", reason="TestFailed", message="pod web-test failed"),
    )
    assert (found.reason, found.message) == ("TestFailed", "pod web-test failed. Helm did it.")


def test_a_very_long_chain_of_dependencies_is_judged() -> None:
    """Beyond some length, each layer has its own verdict."""
    waits = said("Ready", "False", reason="DependencyNotReady", message="dependency not ready")
    layers = [a_layer(f"l{n}", waits, after=(f"l{n + 1}",)) for n in range(300)]
    found = examine(a_snapshot(*layers, a_layer("l300", UNKNOWN, TRYING)), CHECKS)
    assert len(found.findings) == 301
    assert {each.verdict for each in found.findings} == {Verdict.FAILED, Verdict.PROGRESSING}


def test_what_stays_although_it_is_being_deleted_says_why() -> None:
    """Helm's uninstall fails again and again, and only Ready has its reason."""
    said_so = said("Ready", "False", reason="UninstallFailed", message="failed to delete release")
    web = a_release("web", said_so)
    for minutes, told in ((1, False), (60, True)):
        web["metadata"]["deletionTimestamp"] = ago(minutes=minutes)
        found = judged(flux_helmreleases.judge, web)
        assert found.reason == "Terminating"
        assert ("failed to delete release" in found.message) is told
