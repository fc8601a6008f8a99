"""HelmReleases: kstatus, suspension, and whom they follow from."""

from typing import Any

from bot.domain.finding import Judgement, Ref
from bot.domain.verdict import Verdict
from bot.health.checks import flux_helmreleases
from tests.builders import Plain, a_pod
from tests.health.checks.conditioned import HELM, a_thing, said
from tests.net.networks import judged, labelled


def release(*conditions: Plain, others: tuple[Plain, ...] = (), **rest: Any) -> Judgement:
    plain = a_thing("HelmRelease", "web", HELM, *conditions, **rest)
    return judged(flux_helmreleases.judge, plain, *others)


FAILED = said("Ready", "False", reason="UpgradeFailed", message="timed out waiting")


def test_an_installed_release_is_healthy() -> None:
    """Ready=True."""
    assert release(said("Ready", reason="InstallSucceeded")).verdict is Verdict.HEALTHY


def test_a_failed_upgrade_is_failed_in_helms_words() -> None:
    """Reason and message are those of Ready."""
    found = release(FAILED)
    assert (found.verdict, found.reason, found.message) == (
        Verdict.FAILED,
        "UpgradeFailed",
        "timed out waiting",
    )


def test_a_suspended_release_is_never_healthy() -> None:
    """Somebody held it back, and its conditions stay as they were."""
    assert release(said("Ready"), spec={"suspend": True}).verdict is Verdict.SUSPENDED


def test_an_upgrade_under_way_is_no_finding_until_it_takes_long() -> None:
    """Ten minutes."""
    verdicts = [
        release(said("Reconciling", minutes=minutes, reason="Progressing")).verdict
        for minutes in (5, 20)
    ]
    assert verdicts == [Verdict.PROGRESSING, Verdict.DEGRADED]


def test_a_release_follows_from_its_chart_and_its_source() -> None:
    """The template names the source, the status the chart that Flux made of it."""
    source = {"kind": "GitRepository", "name": "homelab", "namespace": "flux-system"}
    spec = {"chart": {"spec": {"chart": "./web", "sourceRef": source}}}
    found = release(FAILED, spec=spec, helmChart="flux-system/apps-web")
    assert Ref("HelmChart", "flux-system", "apps-web") in found.follows
    assert Ref("GitRepository", "flux-system", "homelab") in found.follows


def test_a_release_that_waited_in_vain_follows_from_its_pods() -> None:
    """The pods carry the release's name as their instance."""
    pod = labelled(
        a_pod("web-1", waiting="CrashLoopBackOff"), **{"app.kubernetes.io/instance": "web"}
    )
    assert Ref("Pod", "apps", "web-1") in release(FAILED, others=(pod,)).follows


def test_a_release_follows_from_those_that_it_depends_on() -> None:
    """By `dependsOn`, in its own namespace where none is named."""
    found = release(FAILED, spec={"dependsOn": [{"name": "database"}]})
    assert Ref("HelmRelease", "apps", "database") in found.follows
