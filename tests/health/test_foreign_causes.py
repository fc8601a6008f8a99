"""What somebody writes in a namespace of their own is no cause of what fails in another one."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.finding import Finding, Ref
from bot.domain.report import Report, collapse, examine
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS, flux_helmreleases, flux_kustomizations, pods, workloads
from tests.builders import Plain, a_kustomization, a_pod, applying
from tests.health.checks.conditioned import HELM, a_thing, owned_by, said
from tests.net.networks import a_snapshot

KUSTOMIZE = "kustomize.toolkit.fluxcd.io/v1"
FLUX = (pods.CHECK, workloads.CHECK, flux_kustomizations.CHECK, flux_helmreleases.CHECK)
NAMED = "timeout waiting for: [{}/tenant/x status: 'InProgress']"
TENANT = {"namespace": "tenant"}


def in_place(plain: Plain, namespace: str, **metadata: Any) -> Plain:
    plain["metadata"] |= {"namespace": namespace, **metadata}
    return plain


def waiting(words: str, *applied: str, **spec: Any) -> Plain:
    """flux-system/apps, whose health check failed."""
    plain = applying(a_kustomization(**spec), *applied)
    failed = said("Ready", "False", reason="HealthCheckFailed", message=words)
    plain["status"]["conditions"] = [failed]
    return plain


def without_inventory(plain: Plain) -> Plain:
    del plain["status"]["inventory"]
    return plain


def a_release(words: str, **spec: Any) -> Plain:
    """flux-system/web, which was not installed."""
    failed = said("Ready", "False", reason="InstallFailed", message=words)
    release = in_place(a_thing("HelmRelease", "web", HELM, failed), "flux-system")
    return release | {"spec": spec}


def the_tenants(name: str = "x", **metadata: Any) -> Plain:
    """A pod that crashes."""
    return in_place(a_pod(name, waiting="CrashLoopBackOff"), "tenant", **metadata)


def a_failing(kind: str, version: str, namespace: str, name: str, **spec: Any) -> Plain:
    failed = said("Ready", "False", reason="BuildFailed", message="it is broken")
    return in_place(a_thing(kind, name, version, failed), namespace) | {"spec": spec}


def report(*plain: Plain) -> Report:
    return examine(a_snapshot(*plain), FLUX)


def causes(*plain: Plain) -> set[str]:
    """Of what is in flux-system: the namespaces of all that it is shown to follow from."""
    seen = report(*plain)
    ours = [finding for finding in seen.findings if finding.subject.namespace == "flux-system"]
    assert ours
    return {link.subject.namespace for finding in ours for link in seen.chain(finding)[1:]}


LABEL = "app.kubernetes.io/instance"
CLAIMS = {
    "a pod that a message happens to name": (waiting(NAMED.format("Pod")), the_tenants()),
    "a pod whose owner is named": (
        waiting(NAMED.format("Deployment")),
        the_tenants(**owned_by("ReplicaSet", "x-5d4")),
    ),
    "a job that a webhook's message names": (
        waiting("admission denied: Job/tenant/x; health check failed"),
        the_tenants(**owned_by("Job", "x")),
    ),
    "an object of the same name in another namespace": (
        waiting(NAMED.format("Deployment"), "apps_x_apps_Deployment"),
        the_tenants(**owned_by("ReplicaSet", "x-5d4")),
    ),
    "an object of another kind with the same name": (
        waiting(NAMED.format("StatefulSet"), "tenant_x_apps_Deployment"),
        the_tenants(**owned_by("StatefulSet", "x")),
    ),
    "labels of Flux on a pod": (
        waiting("timeout waiting for what it applied"),
        the_tenants(
            labels={
                "kustomize.toolkit.fluxcd.io/name": "apps",
                "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
            }
        ),
    ),
    "a release's label in the namespace into which it is installed": (
        a_release("context deadline exceeded", targetNamespace="tenant"),
        the_tenants(labels={LABEL: "web"}),
    ),
    "the name by which Helm knows a release, as a label": (
        a_release("context deadline exceeded", targetNamespace="tenant", releaseName="store"),
        the_tenants(labels={LABEL: "store"}),
    ),
    "a pod that a release's message names in a third namespace": (
        a_release("resource Pod/tenant/x not ready", targetNamespace="media"),
        the_tenants(),
    ),
    "a Kustomization that depends on ours": (
        waiting("it is broken"),
        a_failing("Kustomization", KUSTOMIZE, "tenant", "x", dependsOn=[
            {"name": "apps", "namespace": "flux-system"}
        ]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_what_a_tenant_claims_is_no_cause_of_what_flux_has(claim: tuple[Plain, ...]) -> None:
    """Each has a root of its own, and the tenant's failure is told, too."""
    assert causes(*claim) == set()
    assert "tenant" in {finding.subject.namespace for finding in report(*claim).findings}


TRUE = {
    "what it applied": (
        waiting(NAMED.format("Deployment"), "tenant_x_apps_Deployment"),
        the_tenants(**owned_by("ReplicaSet", "x-5d4")),
    ),
    "what its owner has checked": (
        waiting(NAMED.format("Pod"), healthChecks=[{"kind": "Pod", "name": "x", **TENANT}]),
        the_tenants(),
    ),
    "what its health check lists, where it has no inventory": (
        without_inventory(waiting(NAMED.format("Deployment"))),
        the_tenants(**owned_by("ReplicaSet", "x-5d4")),
    ),
    "what it depends on": (
        waiting("it is broken", dependsOn=[{"name": "x", **TENANT}]),
        a_failing("Kustomization", KUSTOMIZE, "tenant", "x"),
    ),
    "what Helm waits for in the namespace into which it installs": (
        a_release("resource Pod/tenant/x not ready", targetNamespace="tenant"),
        the_tenants(),
    ),
}


@pytest.mark.parametrize("links", TRUE.values(), ids=TRUE)
def test_what_the_owner_of_an_object_named_is_a_cause_wherever_it_is(
    links: tuple[Plain, ...],
) -> None:
    """It is shown as one; whether it answers for it in alerts is another matter."""
    assert causes(*links) == {"tenant"}


def test_a_circle_through_the_platform_begins_there() -> None:
    """However early the name of the other namespace is."""
    ours = waiting("it waits", dependsOn=[{"name": "x", "namespace": "aaa"}])
    theirs = a_failing("Kustomization", KUSTOMIZE, "aaa", "x", dependsOn=[
        {"name": "apps", "namespace": "flux-system"}
    ])  # fmt: skip
    (root,) = report(ours, theirs).roots
    assert root.subject == Ref("Kustomization", "flux-system", "apps")


CAUSES = [
    Ref("Pod", "tenant", "x"),
    Ref("Service", "tenant", "x"),
    Ref("Namespace", "", "tenant"),
]
EFFECTS = [
    Ref("Node", "", "home-1"),
    Ref("Deployment", "kube-system", "traefik"),
    Ref("Service", "bank", "ledger"),
    Ref("Namespace", "", "bank"),
]


@pytest.mark.parametrize("effect", EFFECTS, ids=str)
@pytest.mark.parametrize("cause", CAUSES, ids=str)
def test_no_check_hangs_what_is_others_below_a_tenant_by_itself(cause: Ref, effect: Ref) -> None:
    """Whatever a judge found: without a name that the owner gave, it is no link."""

    def failed(subject: Ref, *follows: Ref) -> Finding:
        return Finding(
            check="some",
            subject=subject,
            verdict=Verdict.FAILED,
            reason="Broken",
            message="",
            follows=follows,
        )

    findings = (failed(cause), failed(effect, cause))
    assert [finding.cause for finding in collapse(findings)] == [None, None]
    named = {findings[1].key: (cause,)}
    assert collapse(findings, named=named)[1].cause == findings[0].key
    own = failed(Ref("Pod", "tenant", "y"), cause)
    assert collapse((findings[0], own))[1].cause == findings[0].key


def test_every_check_runs_beside_a_foreign_cause() -> None:
    """What names nothing is judged as ever."""
    assert examine(a_snapshot(the_tenants()), CHECKS).roots
