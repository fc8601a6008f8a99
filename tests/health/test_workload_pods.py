"""From what Flux waited for to the pods that are not ready."""

import pytest

from bot.domain.report import Report, examine
from bot.health.checks import flux_helmreleases, flux_kustomizations, pods
from tests.builders import Plain, a_kustomization, a_pod, an_object, applying
from tests.health.checks.conditioned import HELM, a_thing, owned_by, said
from tests.net.networks import a_snapshot

CHECKS = (pods.CHECK, flux_kustomizations.CHECK, flux_helmreleases.CHECK)


def awaiting(words: str) -> Plain:
    """A Kustomization whose health check failed."""
    plain = a_kustomization()
    failed = said("Ready", "False", reason="HealthCheckFailed", message=words)
    plain["status"]["conditions"] = [failed]
    named = ("web_apps_Deployment", "db_apps_StatefulSet", "agent_apps_DaemonSet")
    return applying(plain, *(f"apps_{name}" for name in (*named, "seed_batch_Job")))


def a_broken_pod(kind: str, owner: str) -> Plain:
    plain = a_pod(f"{owner}-x", waiting="ImagePullBackOff")
    plain["metadata"] |= owned_by(kind, owner)
    return plain


def report(*plain: Plain) -> Report:
    return examine(a_snapshot(*plain), CHECKS)


def roots(*plain: Plain) -> list[str]:
    return [root.subject.kind for root in report(*plain).roots]


@pytest.mark.parametrize(
    ("words", "kind", "owner"),
    [
        (
            "timeout waiting for: [Deployment/apps/web status: 'InProgress']",
            "ReplicaSet",
            "web-5d4",
        ),
        ("Health check timed out for [Deployment 'apps/web']", "ReplicaSet", "web-5d4"),
        ("failed early due to stalled resources: [StatefulSet/apps/db]", "StatefulSet", "db"),
        ("timeout waiting for: [DaemonSet/apps/agent status: 'x']", "DaemonSet", "agent"),
        ("timeout waiting for: [Job/apps/seed status: 'InProgress']", "Job", "seed"),
    ],
)
def test_the_pod_of_a_named_workload_is_the_one_root(words: str, kind: str, owner: str) -> None:
    """The workload itself was not read."""
    assert roots(awaiting(words), a_broken_pod(kind, owner)) == ["Pod"]


def test_a_release_that_names_its_workload_follows_its_pods_too() -> None:
    """Helm's words are much the same."""
    words = "resource Deployment/apps/web not ready. status: InProgress"
    failed = said("Ready", "False", reason="InstallFailed", message=words)
    release = a_thing("HelmRelease", "web", HELM, failed)
    assert roots(release, a_broken_pod("ReplicaSet", "web-5d4")) == ["Pod"]


def test_a_pod_of_another_workload_is_another_root() -> None:
    """A Deployment `web` has no part in the ReplicaSets of `web-admin`, nor elsewhere."""
    words = "timeout waiting for: [Deployment/apps/web status: 'InProgress']"
    assert sorted(roots(awaiting(words), a_broken_pod("ReplicaSet", "web-admin-5d4"))) == [
        "Kustomization",
        "Pod",
    ]


def test_a_replica_set_that_was_read_says_whose_it_is() -> None:
    """Its name proves nothing then."""
    words = "timeout waiting for: [Deployment/apps/web status: 'InProgress']"
    replica_set = an_object("ReplicaSet", "odd", "apps/v1")
    replica_set["metadata"] |= owned_by("Deployment", "web")
    assert roots(awaiting(words), replica_set, a_broken_pod("ReplicaSet", "odd")) == ["Pod"]


def a_pod_without_its_config_map() -> Plain:
    plain = a_broken_pod("ReplicaSet", "web-5d4")
    plain["metadata"]["labels"] = {"app.kubernetes.io/instance": "web"}
    waiting = {"reason": "CreateContainerConfigError", "message": 'configmap "app" not found'}
    plain["status"]["containerStatuses"][0]["state"] = {"waiting": waiting}
    return plain


def test_a_release_that_waited_for_a_pod_is_not_the_cause_of_what_the_pod_lacks() -> None:
    """The release made all that it has, and then waited in vain."""
    words = "timeout waiting for: [Deployment/apps/web status: 'InProgress']"
    failed = said("Ready", "False", reason="InstallFailed", message=words)
    release = a_thing("HelmRelease", "web", HELM, failed)
    assert roots(release, a_pod_without_its_config_map()) == ["Pod"]


def test_a_release_that_waits_for_another_is_the_cause_of_what_the_pod_lacks() -> None:
    """It has not made anything yet."""
    words = "dependency 'apps/db' is not ready"
    failed = said("Ready", "False", reason="DependencyNotReady", message=words)
    release = a_thing("HelmRelease", "web", HELM, failed)
    assert roots(release, a_pod_without_its_config_map()) == ["HelmRelease"]
