"""The real Traefik reads our API server, and its own API says which servers it would use.

Pods are addresses in a network namespace of the test's own; nothing runs them but the test.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from bot.health.service import Health
from bot.kube.connect import connect
from bot.kube.one_shot_reader import ClusterReader
from tests.cluster import traefik
from tests.cluster.node import POD_PORT, CannotMakeNode, node
from tests.cluster.traefik import Traefik, objects, servers
from tests.clusters.real import RealCluster
from tests.programs import catalogue

NAMESPACE = "routes"
PODS = ("10.42.98.11", "10.42.98.12")
VIP = "10.43.0.98"
"""Of the lowest 256 addresses, of which the API server gives none away by itself."""
DIRECT = [f"http://{pod}:{POD_PORT}" for pod in PODS]
BY_VIP = [f"http://{VIP}:80"]
ANNOTATION = "traefik.ingress.kubernetes.io/service.nativelb"


def a_service(name: str, cluster_ip: str | None = None) -> list[dict[str, Any]]:
    """A Service without a selector and its EndpointSlice with both pods."""
    address = f"clusterIP: {cluster_ip}" if cluster_ip else ""
    endpoints = "".join(f"\n- {{addresses: [{pod}], conditions: {{ready: true}}}}" for pod in PODS)
    return objects(f"""
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {NAMESPACE}}}
spec:
  {address}
  ports: [{{name: http, port: 80, targetPort: {POD_PORT}}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: {name}-1
  namespace: {NAMESPACE}
  labels: {{kubernetes.io/service-name: {name}}}
addressType: IPv4
ports: [{{name: http, port: {POD_PORT}, protocol: TCP}}]
endpoints:{endpoints}
""")


def an_ingress(name: str, service: str) -> list[dict[str, Any]]:
    return objects(f"""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: {name}, namespace: {NAMESPACE}}}
spec:
  rules:
  - host: {name}.example.org
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {{service: {{name: {service}, port: {{number: 80}}}}}}
""")


def an_ingress_route(name: str, service: str, **extra: Any) -> list[dict[str, Any]]:
    (route,) = objects(f"""
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {{name: {name}, namespace: {NAMESPACE}}}
spec:
  entryPoints: [web]
  routes:
  - kind: Rule
    match: Host(`{name}.example.org`)
    services: [{{name: {service}, port: 80}}]
""")
    route["spec"]["routes"][0]["services"][0] |= extra
    return [route]


@dataclass(frozen=True)
class Lab:
    """The cluster and the Traefik that reads it."""

    real: RealCluster
    traefik: Traefik

    def until(self, name: str, wanted: list[str]) -> None:
        """Wait until Traefik would use these servers for a service."""
        self.traefik.until(lambda: servers(self.traefik, name) == wanted, f"{name}: {wanted}")

    def answers(self, name: str) -> set[str]:
        """Who answers eight requests for a host."""
        told = [self.traefik.get(f"{name}.example.org") for _ in range(8)]
        assert {status for status, _ in told} == {200}, told
        return {body for _, body in told}


@pytest.fixture(scope="module")
def lab(homelab: RealCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A node with two pods behind a VIP, and Traefik."""
    if homelab.plane is None:
        pytest.skip("Traefik here needs the control plane of the tests' own")
    homelab.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    homelab.apply(*a_service("whoami", VIP))
    try:
        with (
            node(VIP, PODS),
            traefik.running(homelab, tmp_path_factory.mktemp("traefik")) as running,
        ):
            yield Lab(homelab, running)
    except CannotMakeNode as error:
        pytest.skip(f"no network namespaces here: {error}")
    finally:
        homelab.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def test_it_is_the_traefik_that_k3s_bundles(lab: Lab) -> None:
    """The version that go.sum pins, by its own API."""
    assert lab.traefik.version() == catalogue.TRAEFIK_VERSION


def test_an_ingress_is_served_by_the_pods_own_addresses(lab: Lab) -> None:
    """Every endpoint of the slice is a server, and each answers through the entrypoint."""
    lab.real.apply(*an_ingress("plain", "whoami"))
    lab.until("whoami", DIRECT)
    assert lab.answers("plain") == {f"{pod} directly" for pod in PODS}


def test_the_annotation_switches_an_ingress_to_the_vip_and_back(lab: Lab) -> None:
    """One added key on the Service, no change of the route; without it all is as before."""
    lab.real.apply(*a_service("annotated", "10.43.0.99"), *an_ingress("noted", "annotated"))
    lab.until("annotated", DIRECT)
    at = ("annotate", "service", "annotated", "-n", NAMESPACE)
    lab.real.kubectl(*at, f"{ANNOTATION}=true")
    lab.until("annotated", ["http://10.43.0.99:80"])
    lab.real.kubectl(*at, f"{ANNOTATION}-")
    lab.until("annotated", DIRECT)


def test_native_lb_in_an_ingress_route_goes_by_the_vip(lab: Lab) -> None:
    """Requests reach the same pods, no longer by their own addresses."""
    lab.real.apply(*an_ingress_route("routed", "whoami"))
    lab.until("routes-routed", DIRECT)
    assert lab.answers("routed") == {f"{pod} directly" for pod in PODS}
    lab.real.apply(*an_ingress_route("routed", "whoami", nativeLB=True))
    lab.until("routes-routed", BY_VIP)
    assert lab.answers("routed") == {f"{pod} by the VIP" for pod in PODS}


def test_native_lb_on_a_headless_service_drops_the_route(lab: Lab) -> None:
    """It would harm: the route is gone, and the log says why."""
    lab.real.apply(*a_service("headless", "None"), *an_ingress_route("bare", "headless"))
    lab.until("routes-bare", DIRECT)
    lab.real.apply(*an_ingress_route("bare", "headless", nativeLB=True))
    lab.traefik.until(lambda: lab.traefik.get("bare.example.org")[0] == 404, "404")
    assert any("no clusterIP on headless service" in str(line) for line in lab.traefik.log())


def test_the_log_names_each_server_at_debug(lab: Lab) -> None:
    """The runbook's "Creating server" line, as Traefik 3.6 writes it in JSON."""
    lab.real.apply(*an_ingress("plain", "whoami"))
    lab.until("whoami", DIRECT)
    made = [line for line in lab.traefik.log() if line.get("message") == "Creating server"]
    assert made
    assert {line["level"] for line in made} == {"debug"}
    assert set(DIRECT) <= {line.get("URL") or line.get("target") for line in made}


REFERENCES = {
    "sound": (an_ingress_route("sound", "whoami"), True),
    "no-service": (an_ingress_route("no-service", "nobody"), False),
    "no-port": (an_ingress_route("no-port", "whoami", port=81), False),
    "other-namespace": (an_ingress_route("other-namespace", "whoami", namespace="default"), False),
}
"""Routes, and whether their reference holds.

A Service of another namespace that does exist is left out: whether Traefik takes it is a setting
of Traefik's (`allowCrossNamespace`) that no object shows.
"""


@pytest.mark.parametrize("name", REFERENCES)
async def test_where_traefik_refuses_a_reference_so_do_we(lab: Lab, name: str) -> None:
    """And where it serves a route we have nothing to say."""
    route, sound = REFERENCES[name]
    lab.real.apply(*an_ingress_route("last", "whoami"), *route)
    lab.until("routes-last", DIRECT)
    lab.traefik.until(
        lambda: (lab.traefik.get(f"{name}.example.org")[0] == 200) == sound, f"{name}: {sound}"
    )
    async with connect(kubeconfig=lab.real.kubeconfig) as api:
        report = await Health(ClusterReader(api)).check(("routes",))
    ours = (each for each in report.findings if each.subject.namespace == NAMESPACE)
    found = {each.subject.name: f"{each.verdict} {each.reason}" for each in ours}
    assert (name not in found) == sound, found
    lab.real.kubectl("delete", "ingressroutes.traefik.io", name, "last", "-n", NAMESPACE)
