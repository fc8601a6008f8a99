"""Which pods are Traefik, and which of several reads a route."""

from collections.abc import Sequence
from typing import Any

import pytest

from bot.domain.resources import core
from bot.domain.resources.decode import read_object
from bot.domain.resources.traefik import IngressRoute
from bot.health.checks.routes_ingressroute import judge
from bot.routing.instance import TraefikConfig, static_config
from bot.routing.running import (
    NAMESPACES,
    TraefikNamespaces,
    configs,
    is_traefik,
    looks_like_traefik,
    read_elsewhere,
    reading,
    traefik_pod,
    traefik_pods,
)
from tests.builders import Plain, a_pod, kept
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
PROVIDER = "--providers.kubernetescrd"
OURS = {TraefikNamespaces: TraefikNamespaces(NAMESPACES)}


def a_container(image: str = "traefik:v3.6.2", *args: str, **rest: Any) -> Plain:
    return {"name": "main", "image": image, "args": list(args), **rest}


def pod(
    *containers: Plain, name: str = "edge", namespace: str = "kube-system", **changes: Any
) -> Plain:
    """A running pod of these containers."""
    made = a_pod(name, namespace=namespace)
    made["spec"]["containers"] = list(containers) or [a_container("traefik:v3.6.2", PROVIDER)]
    made["metadata"] |= changes.pop("metadata", {})
    return kept({**made, **changes})


def looks(plain: Plain) -> bool:
    return looks_like_traefik(read_object(plain, core.Pod))


@pytest.mark.parametrize(
    "plain",
    [
        labelled(pod(a_container("registry.example/edge@sha256:0123")), **LABEL),
        pod(a_container("traefik:v3.6.2", PROVIDER)),
        pod(a_container("docker.io/library/traefik@sha256:0123")),
        pod(a_container("harbor.example:5000/hub/library/traefik:v3")),
        pod(a_container("rancher/mirrored-library-traefik:3.6.2")),
        pod(a_container("ghcr.io/traefik/traefik:v3", "--configfile=/config/static.yaml")),
        pod(a_container("registry.example/edge:1", "--Providers.KubernetesIngress=true")),
        pod(a_container("edge:1", command=["/traefik", "--providers.kubernetescrd"])),
        pod(a_container("envoy:1"), a_container("traefik:v3.6.2", PROVIDER, name="proxy")),
    ],
)
def test_a_pod_looks_like_traefik_by_its_label_image_or_arguments(plain: Plain) -> None:
    """Whatever the registry, the mirror's name, or the place of the container."""
    assert looks(plain)


@pytest.mark.parametrize(
    "image",
    [
        "traefik/whoami:v1.11",
        "docker.io/traefik/whoami",
        "thomseddon/traefik-forward-auth:2",
        "traefik/mesh:v1.4.8",
        "registry.example/traefik/plugins:1",
        "registry.example/traefik.example/web",
        "not-traefik:1",
        "traefik-certs-dumper:v2.8",
        "traefik:5000/web:1",
    ],
)
def test_what_only_bears_a_part_of_the_name_is_not_traefik(image: str) -> None:
    assert not looks(pod(a_container(image)))


@pytest.mark.parametrize(
    "args",
    [
        ("--providers.http.endpoint=http://mesh-controller:9000/api",),
        ("--providers.file.directory=/etc/routes", "--entrypoints.web.address=:80"),
    ],
)
def test_a_traefik_of_another_provider_reads_no_routes_of_the_cluster(args: Sequence[str]) -> None:
    """As the proxies of Traefik Mesh, or one for files."""
    assert not looks(pod(a_container("traefik:v2.11.8", *args)))


def test_a_pod_of_a_tenant_is_not_traefik_however_it_is_called() -> None:
    """Anybody may choose a label and an image, and not a namespace."""
    fake = labelled(pod(namespace="tenant"), **LABEL)
    assert looks(fake)
    assert not is_traefik(read_object(fake, core.Pod), NAMESPACES)
    own = [pod(), pod(name="second", namespace="traefik")]
    snapshot = a_snapshot(fake, *own, supplements=OURS)
    assert [found.namespace for found in traefik_pods(snapshot)] == ["kube-system", "traefik"]
    assert [found.name for found in traefik_pods(a_snapshot(fake))] == ["edge"]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": {"phase": "Succeeded"}},
        {"status": {"phase": "Failed"}},
        {"status": {"phase": "Pending"}},
        {
            "metadata": {
                "deletionTimestamp": "2026-11-23T12:00:00Z",
                "deletionGracePeriodSeconds": 30,
            }
        },
    ],
)
def test_a_pod_that_does_not_run_or_is_about_to_end_does_not_count(changes: Plain) -> None:
    """Of an older configuration nothing is said any more."""
    old = pod(a_container("traefik:v2.11.8", PROVIDER), name="old", **changes)
    assert traefik_pods(a_snapshot(old)) == ()
    assert [config.version for config in configs(a_snapshot(old, pod()))] == ["3.6.2"]


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        ([a_container("envoy:1"), a_container("traefik:v3.6.2", PROVIDER)], "3.6.2"),
        ([a_container("envoy:2.0"), a_container("edge:3.5.1", PROVIDER)], "3.5.1"),
        ([a_container("traefik:v1.7", PROVIDER), a_container("x:3.1.0", name="traefik")], "3.1.0"),
        ([a_container("edge:3.3.3")], "3.3.3"),
    ],
)
def test_beside_sidecars_the_container_of_traefik_itself_is_read(
    containers: list[Plain], expected: str
) -> None:
    """The one that is named traefik, else the one that looks like it, else the first."""
    found = configs(a_snapshot(labelled(pod(*containers), **LABEL)))
    assert [config.version for config in found] == [expected]


def test_without_arguments_the_settings_are_not_seen_and_nothing_is_held_against_a_route() -> None:
    """They stand in the environment or in a file from a ConfigMap."""
    for container in (
        a_container("traefik:v3.6.2"),
        a_container("traefik:v3.6.2", env=[{"name": "TRAEFIK_LOG_LEVEL", "value": "DEBUG"}]),
        a_container("traefik:v3.6.2", "--configFile=/config/traefik.yaml"),
        a_container("traefik:v3.6.2", command=["sh", "-c", "exec traefik --log.level=DEBUG"]),
    ):
        (config,) = configs(a_snapshot(pod(container)))
        assert not config.static.complete


def of_class(name: str) -> Plain:
    route = a_route(a_rule(), entryPoints=["lan"])
    route["metadata"]["annotations"] = {"kubernetes.io/ingress.class": name} if name else {}
    return route


def serving(*args: str, image: str = "traefik:v3.6.2", **rest: Any) -> Plain:
    return pod(a_container(image, PROVIDER, *args), **rest)


INNER = serving(f"{PROVIDER}.ingressclass=inner", "--entrypoints.lan.address=:81")
OUTER = serving(
    f"{PROVIDER}.ingressclass=outer",
    "--entrypoints.web.address=:80",
    image="traefik:v2.11.8",
    name="outer",
)


@pytest.mark.parametrize(("name", "version"), [("inner", "3.6.2"), ("outer", "2.11.8")])
def test_a_route_is_judged_by_the_traefik_of_its_class(name: str, version: str) -> None:
    """Two Deployments, in two versions."""
    route = read_object(of_class(name), IngressRoute)
    found = reading(route, a_snapshot(INNER, OUTER))
    assert [config.version for config in found] == [version]


WEB = (a_service(), a_slice("web", an_endpoint()))


def reason(route: Plain, *others: Plain, **rest: Any) -> str:
    read = read_object(route, IngressRoute)
    return judge(read, a_snapshot(route, *others, *WEB, **rest)).reason


def test_an_entrypoint_of_another_traefik_is_none_of_the_one_that_reads_the_route() -> None:
    assert reason(of_class("inner"), INNER, OUTER) == ""
    assert reason(of_class("outer"), INNER, OUTER) == "EntryPointNotFound"
    ended = {**INNER, "status": {"phase": "Succeeded"}}
    assert reason(of_class("outer"), ended, OUTER) == "EntryPointNotFound"


def a_tenants(*args: str) -> Plain:
    return labelled(serving(*args, name="fake", namespace="tenant"), **LABEL)


def test_what_a_tenant_calls_traefik_changes_no_verdict_by_its_settings() -> None:
    """Its arguments, or that they are not seen, hide nothing of what the real one drops."""
    external = a_service(type="ExternalName", externalName="nas.example")
    for fake in (
        a_tenants(f"{PROVIDER}.allowExternalNameServices=true"),
        labelled(pod(a_container("traefik:v3.6.2"), name="fake", namespace="tenant"), **LABEL),
    ):
        snapshot = a_snapshot(a_route(a_rule()), external, serving(), fake, supplements=OURS)
        found = judge(read_object(a_route(a_rule()), IngressRoute), snapshot)
        assert found.reason == "ExternalNameNotAllowed"


def test_that_nobody_serves_a_class_is_not_said_beside_one_who_may() -> None:
    """A tenant's own Traefik says so of routes in its own namespace, and of no others."""
    theirs = a_tenants(f"{PROVIDER}.ingressclass=theirs", "--entrypoints.lan.address=:81")
    unknown = labelled(pod(a_container("edge:1"), name="fake", namespace="tenant"), **LABEL)
    route = of_class("theirs")
    route["metadata"]["namespace"] = "tenant"
    beside = of_class("theirs")
    assert reason(route, INNER, supplements=OURS) == "ClassNotServed"
    assert reason(of_class("nobodys"), INNER, theirs, supplements=OURS) == "ClassNotServed"
    for other in (theirs, unknown):
        assert reason(route, INNER, other, supplements=OURS) != "ClassNotServed"
        assert reason(beside, INNER, other, supplements=OURS) == "ClassNotServed"
        snapshot = a_snapshot(INNER, other, supplements=OURS)
        assert read_elsewhere(read_object(route, IngressRoute), snapshot)
        assert not read_elsewhere(read_object(beside, IngressRoute), snapshot)
        assert TraefikConfig() not in configs(snapshot)
        assert len(configs(snapshot)) == 1


K3S = (
    "--entryPoints.metrics.address=:9100/tcp",
    "--entryPoints.traefik.address=:8080/tcp",
    "--metrics.prometheus=true",
    "--metrics.prometheus.entrypoint=metrics",
)
"""How k3s and Traefik's chart start it."""

PROMETHEUS = "--metrics.prometheus"


@pytest.mark.parametrize(
    ("args", "port"),
    [
        (K3S, 9100),
        ((*K3S, f"{PROMETHEUS}.addServicesLabels=false"), 0),
        ((*K3S, f"{PROMETHEUS}.addServicesLabels=false", f"{PROMETHEUS}.addRoutersLabels"), 9100),
        ((*K3S, f"{PROMETHEUS}.manualRouting=true"), 0),
        ((*K3S, "--entryPoints.metrics.http.tls=true"), 0),
        ((*K3S[1:],), 0),
        ((K3S[0], K3S[3]), 9100),
        ((*K3S[:2], f"{PROMETHEUS}=false", K3S[3]), 0),
        (K3S[:2], 0),
        ((f"{PROMETHEUS}",), 8080),
        ((f"{PROMETHEUS}=true", "--entryPoints.traefik.address=10.0.0.1:9000"), 9000),
        ((f"{PROMETHEUS}=true", "--entryPoints.traefik.address=$(ADDRESS)"), 0),
        ((*K3S, "--configFile=/etc/traefik.yaml"), 0),
        ((), 0),
    ],
)
def test_the_port_of_the_metrics_is_known_only_where_the_arguments_tell(
    args: tuple[str, ...], port: int
) -> None:
    """They count by service unless told otherwise, and not by router."""
    assert static_config(args).metrics_port == port


def test_arguments_tell_whether_an_entrypoint_has_middlewares() -> None:
    """In either case of letters."""
    assert static_config(("--entryPoints.web.http.middlewares=a@file",)).entry_middlewares
    assert not static_config(("--entryPoints.web.http.tls=true",)).entry_middlewares


def test_arguments_name_the_entrypoints_and_prefixes_that_end_at_a_segment() -> None:
    static = static_config(
        (
            "--entryPoints.Web.address=:80",
            "--entrypoints.web.http.tls",
            "--entrypoints.lan",
            "--providers.kubernetesIngress.strictPrefixMatching=true",
        )
    )
    assert (static.entry_points, static.strict_prefix) == (("web", "lan"), True)
    assert traefik_pod(read_object(INNER, core.Pod)).running
