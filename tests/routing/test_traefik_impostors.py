"""What a tenant starts in a namespace of its own changes no answer about anybody else's route."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.report import examine
from bot.domain.resources import apps
from bot.domain.snapshot import Snapshot
from bot.health.checks import CHECKS
from bot.net import topology
from bot.net.diagnosis.subject import Subject
from bot.net.entrances import entrances
from bot.net.route_checks.plan import plan
from bot.net.route_resolution import resolve
from bot.routing.running import (
    NAMESPACES,
    TraefikNamespaces,
    configs,
    present_pods,
    traefik_pods,
    why_none,
)
from bot.traefik.domain.routes import read_routes
from tests.builders import Plain, a_pod, an_object, kept
from tests.examples import examples
from tests.net.networks import (
    a_route,
    a_rule,
    a_service,
    a_slice,
    a_snapshot,
    an_endpoint,
    labelled,
)

LABEL = {"app.kubernetes.io/name": "traefik"}
OURS = {TraefikNamespaces: TraefikNamespaces(NAMESPACES)}
PORTS = ("--entryPoints.web.address=:8000/tcp", "--entryPoints.websecure.address=:8443/tcp")
ARGUMENTS = ("--providers.kubernetescrd", *PORTS)
HOSTILE = (
    "--configfile=/x",
    "--providers.kubernetescrd.ingressclass=mine",
    "--providers.kubernetescrd.allowCrossNamespace=true",
    "--providers.kubernetescrd.allowExternalNameServices=true",
    "--providers.kubernetescrd.nativeLBByDefault=true",
    "--entryPoints.lan.address=:81",
    *(f"--entryPoints.e{number}.address=:900{number}" for number in range(6)),
)
IMAGES = ("traefik:v3.6.2", "traefik:v2.11.8", "rancher/mirrored-library-traefik:3.6.2", "nginx:1")
OWNERS: tuple[tuple[Plain, ...], ...] = (
    (),
    ({"kind": "ReplicaSet", "name": "traefik", "controller": True, "uid": "1"},),
    ({"kind": "DaemonSet", "name": "traefik", "controller": True, "uid": "1"},),
    ({"kind": "ReplicaSet", "name": "traefik", "controller": False},),
    ({"kind": "Node", "name": "edge", "controller": True},),
    ({"kind": "Job", "name": "traefik", "controller": True},),
)


def a_traefik(name: str = "traefik-1", *more: str, namespace: str = "kube-system") -> Plain:
    """A running Traefik of a workload."""
    pod = labelled(a_pod(name, namespace=namespace, node="edge"), **LABEL)
    pod["spec"]["containers"] = [
        {"name": "traefik", "image": "traefik:v3.6.2", "args": [*ARGUMENTS, *more]}
    ]
    pod["status"]["podIP"] = "10.42.0.2"
    return kept(pod)


@st.composite
def tenants_pods(draw: st.DrawFn) -> Plain:
    """Any pod of the tenant: it may choose all of it but the namespace."""
    pod = a_pod(draw(st.sampled_from(["traefik-1", "a", "zz"])), namespace="tenant", node="edge")
    pod["spec"]["containers"] = [
        {
            "name": draw(st.sampled_from(["traefik", "main"])),
            "image": draw(st.sampled_from(IMAGES)),
            "args": draw(st.lists(st.sampled_from([*ARGUMENTS, *HOSTILE]), max_size=9)),
            "ports": [{"name": "web", "containerPort": 9000}],
        }
    ]
    pod["spec"]["hostNetwork"] = draw(st.booleans())
    pod["status"]["podIP"] = "10.42.0.66"
    pod["status"]["phase"] = draw(st.sampled_from(["Running", "Pending", "Failed", "Succeeded"]))
    pod["metadata"]["labels"] = draw(st.sampled_from([LABEL, {"app": "x"}, {**LABEL, "app": "x"}]))
    pod["metadata"]["ownerReferences"] = list(draw(st.sampled_from(OWNERS)))
    if draw(st.booleans()):
        pod["metadata"]["deletionTimestamp"] = "2026-11-23T11:59:00Z"
    return pod


def of_tenant(plain: Plain) -> Plain:
    return {**plain, "metadata": {**plain["metadata"], "namespace": "tenant"}}


AROUND = (
    of_tenant(a_service("fake", clusterIP="10.43.9.9")),
    of_tenant(a_slice("fake", an_endpoint("10.42.0.66"))),
    an_object("IngressClass", "mine", "networking.k8s.io/v1", namespace=""),
)
"""What may lead to its pods."""

ROUTES = (
    a_route(a_rule(), entryPoints=["web"]),
    a_route(a_rule(host="b.example"), name="lost", entryPoints=["lan"]),
    a_route(a_rule(host="c.example"), name="mine"),
    a_route(a_rule(host="d.example"), name="file", entryPoints=["e1"]),
)
ROUTES[2]["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "mine"}
WORLD: tuple[Plain, ...] = (
    *ROUTES,
    a_service(),
    a_slice("web", an_endpoint()),
    a_traefik(),
)


def answers(snapshot: Snapshot) -> dict[str, object]:
    """All that is said of routes that are not the tenant's, and by which Traefik."""
    report = examine(snapshot, CHECKS)
    subject = resolve(snapshot, "ingressroute/apps/site")
    assert isinstance(subject, Subject)
    return {
        "findings": [
            (str(finding.subject), finding.verdict, finding.reason, finding.message)
            for finding in report.findings
            if finding.subject.namespace == "apps"
        ],
        "traefik": topology.traefik(snapshot),
        "present": [pod.ref for pod in present_pods(snapshot)],
        "configs": configs(snapshot),
        "entrances": entrances(snapshot),
        "checks": plan(snapshot),
        "subject": subject,
        "routes": [view for view in read_routes(snapshot, ()) if view.ref.namespace == "apps"],
    }


def reasons(snapshot: Snapshot) -> set[str]:
    return {finding.reason for finding in examine(snapshot, CHECKS).findings}


ALONE = answers(a_snapshot(*WORLD, supplements=OURS))


def test_the_world_without_the_tenant_has_what_a_tenant_might_hide() -> None:
    """Else the property below would prove nothing."""
    assert {"EntryPointNotFound", "ClassNotServed"} <= reasons(a_snapshot(*WORLD, supplements=OURS))
    assert len(entrances(a_snapshot(*WORLD, supplements=OURS))) == 2


def tenants(*arguments: str, image: str = "traefik:v3.6.2", phase: str = "Running") -> Plain:
    """A pod of the tenant, under the name of Traefik's, that a ReplicaSet controls."""
    pod = a_traefik(namespace="tenant")
    pod["spec"]["containers"] = [{"name": "traefik", "image": image, "args": list(arguments)}]
    pod["status"] |= {"podIP": "10.42.0.66", "phase": phase}
    return pod


@settings(max_examples=examples(60))
@example([tenants("--configfile=/x")])
@example([tenants("--configfile=/x", phase="Pending")])
@example([tenants(*ARGUMENTS, "--providers.kubernetescrd.ingressclass=mine")])
@example([tenants(*ARGUMENTS, *HOSTILE, image="traefik:v2.11.8")])
@example([tenants(image="nginx:1")])
@given(st.lists(tenants_pods(), max_size=4, unique_by=lambda pod: pod["metadata"]["name"]))
def test_no_pod_of_a_tenant_changes_what_is_said_of_anybody_elses_route(pods: list[Plain]) -> None:
    """Findings, entrances, what is checked and by which configuration, word for word."""
    assert answers(a_snapshot(*WORLD, *pods, *AROUND, supplements=OURS)) == ALONE


@pytest.mark.parametrize("owners", [OWNERS[0], *OWNERS[3:]])
def test_a_pod_that_no_workload_keeps_is_not_traefik_even_where_traefik_runs(
    owners: tuple[Plain, ...],
) -> None:
    """A naked pod, one of a node or a Job, or one with an owner that does not control it."""
    pod = a_traefik("zz", "--configfile=/x")
    pod["metadata"]["ownerReferences"] = list(owners)
    assert answers(a_snapshot(*WORLD, pod, supplements=OURS)) == ALONE
    alone = a_snapshot(pod, supplements=OURS)
    assert not list(present_pods(alone))
    assert "Nothing keeps kube-system/zz: what no Deployment" in why_none(alone)


def a_daemon_set(uid: str, app: str) -> Plain:
    made = an_object("DaemonSet", "edge", "apps/v1", namespace="kube-system")
    made["metadata"]["uid"] = uid
    return {**made, "spec": {"selector": {"matchLabels": {"app.kubernetes.io/name": app}}}}


@pytest.mark.parametrize(
    ("workloads", "counts"),
    [
        ([a_daemon_set("u-1", "traefik")], True),
        ([a_daemon_set("u-2", "traefik")], False),
        ([a_daemon_set("u-1", "another")], False),
        ([], False),
    ],
)
def test_the_workload_that_a_pod_names_must_be_there_and_select_it(
    workloads: list[Plain], *, counts: bool
) -> None:
    """By its uid and its selector; where such workloads were not read, the pod's word counts."""
    pod = kept(a_traefik(), "DaemonSet", name="edge", uid="u-1")
    assert bool(traefik_pods(a_snapshot(pod, *workloads, supplements=OURS))) == counts
    unread = a_snapshot(pod, *workloads, supplements=OURS, unseen=(apps.DaemonSet,))
    assert bool(traefik_pods(unread)) == (counts or not workloads)


def test_a_traefik_in_another_namespace_is_told_with_the_setting_that_takes_it_in() -> None:
    """And taken in by it; what cannot be said until then is said, too."""
    edge = a_traefik(namespace="network")
    names = ("kube-system", "traefik")
    said = why_none(a_snapshot(edge, supplements=OURS))
    assert "runs in network. If it is yours, set" in said
    assert "MESHMEDIC_TRAEFIK_NAMESPACES=kube-system,traefik,network." in said
    assert "cannot say whether its routes work" in said
    taken_in = {TraefikNamespaces: TraefikNamespaces((*names, "network"))}
    assert [pod.namespace for pod in traefik_pods(a_snapshot(edge, supplements=taken_in))] == [
        "network"
    ]
    subject = resolve(a_snapshot(*ROUTES, a_service(), edge, supplements=OURS), "site")
    assert isinstance(subject, Subject)
    assert subject.no_traefik == said


def test_many_namespaces_do_not_make_a_long_sentence() -> None:
    """A few are named; the others are counted."""
    pods = [a_traefik(namespace=f"ns-{number}") for number in range(40)]
    said = why_none(a_snapshot(*pods, supplements=OURS))
    assert "ns-0, ns-1, ns-10 and 37 more." in said
    assert len(said) < 600
