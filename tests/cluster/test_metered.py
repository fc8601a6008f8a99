"""The real Traefik's counters of requests, read through the real API server: of which rule each is.

Servers are on an address of this machine that is no loopback, one of them closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from bot.kube.connect import connect
from bot.kube.one_shot_reader import ClusterReader
from bot.kube.traefik_reader import TraefikReader
from bot.routing.traefik_word import TraefikWord
from bot.traefik.word import WordReader
from tests.builders import kept
from tests.cluster import traefik
from tests.cluster.control_plane import free_port
from tests.cluster.test_traefik_seen import apply, forwarding, own_address
from tests.cluster.traefik import Traefik
from tests.clusters.real import RealCluster
from tests.programs import catalogue

PLACE = "metered"
COUNTING = ("--metrics.prometheus=true", "--metrics.prometheus.addrouterslabels=true")


class Answering(BaseHTTPRequestHandler):
    """A server with nothing but a front page."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """The port of a server that answers."""
    with ThreadingHTTPServer((own_address(), 0), Answering) as made:
        Thread(target=made.serve_forever, daemon=True).start()
        yield made.server_port
        made.shutdown()


def an_object(api: str, kind: str, name: str, **rest: Any) -> dict[str, Any]:
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": name, "namespace": PLACE},
        **rest,
    }


def a_service(name: str, port: int) -> list[dict[str, Any]]:
    """A Service with one endpoint at that port of this machine."""
    ports = [{"name": "http", "port": 80, "targetPort": port}]
    slice_ = an_object(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        f"{name}-1",
        addressType="IPv4",
        endpoints=[{"addresses": [own_address()], "conditions": {"ready": True}}],
        ports=[{"name": "http", "port": port}],
    )
    slice_["metadata"]["labels"] = {"kubernetes.io/service-name": name}
    return [an_object("v1", "Service", name, spec={"ports": ports}), slice_]


def a_route(name: str, *to: str, kind: str = "Service") -> dict[str, Any]:
    services = [{"name": one, "kind": kind, "port": 80} for one in to]
    rule = {"match": f"Host(`{name}.example`)", "kind": "Rule", "services": services}
    return an_object("traefik.io/v1alpha1", "IngressRoute", name, spec={"routes": [rule]})


def an_ingress(name: str, to: str, port: int | str) -> dict[str, Any]:
    key = "name" if isinstance(port, str) else "number"
    backend = {"service": {"name": to, "port": {key: port}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    rule = {"host": f"{name}.example", "http": {"paths": [path]}}
    return an_object("networking.k8s.io/v1", "Ingress", name, spec={"rules": [rule]})


CANARY = {"weighted": {"services": [{"name": "canary-of", "port": 80}]}}


@pytest.fixture(scope="module", params=[COUNTING[:1], COUNTING], ids=["services", "routers too"])
def proxy(
    request: pytest.FixtureRequest,
    homelab: RealCluster,
    tmp_path_factory: pytest.TempPathFactory,
    server: int,
) -> Iterator[Traefik]:
    """Traefik with a route of each kind, which counts by service, or by router too."""
    if homelab.plane is None:
        pytest.skip("Traefik here needs the control plane of the tests' own")
    homelab.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PLACE}})
    names = ("web", "second", "shared", "canary-of", "numbered", "named")
    homelab.apply(
        *(one for name in names for one in a_service(name, server)),
        *a_service("gone", free_port()),
        a_route("single", "web"),
        a_route("dead", "gone"),
        a_route("both", "web", "second"),
        a_route("canary", "canary", kind="TraefikService"),
        an_object("traefik.io/v1alpha1", "TraefikService", "canary", spec=CANARY),
        an_ingress("by-number", "numbered", 80),
        an_ingress("by-name", "named", "http"),
        an_ingress("one", "shared", 80),
        an_ingress("other", "shared", 80),
        an_ingress("broken", "gone", 80),
    )
    folder = tmp_path_factory.mktemp("traefik")
    with traefik.running(homelab, folder, *request.param) as running:
        running.until(lambda: len(of_place(running)) == len(HOSTS), "all routers")
        yield running


HOSTS = (
    "single",
    "dead",
    "both",
    "canary",
    "by-number",
    "by-name",
    "one",
    "other",
    "broken",
)


def of_place(running: Traefik) -> list[str]:
    return [name for name in running.routers() if name.startswith(f"{PLACE}-")]


@asynccontextmanager
async def looking(homelab: RealCluster, proxy: Traefik) -> AsyncIterator[WordReader]:
    """The bot's own reader, by the real API server's proxy; for it a minute goes by each time."""
    minutes = iter(range(0, 100_000, 100))
    api_port = int(proxy.api.rpartition(":")[2])
    async with (
        forwarding(api_port) as (address, port),
        connect(kubeconfig=homelab.kubeconfig) as api,
    ):
        homelab.kubectl("delete", "pod", "traefik-1", "-n", PLACE, "--ignore-not-found", "--force")
        args = [f"--entrypoints.traefik.address=:{port}", "--providers.kubernetescrd"]
        args += ["--providers.kubernetesingress", "--metrics.prometheus=true"]
        image = f"traefik:v{catalogue.TRAEFIK_VERSION}"
        container = {"name": "traefik", "image": image, "args": args}
        pod = an_object(
            "v1",
            "Pod",
            "traefik-1",
            spec={"containers": [container]},
            status={"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]},
        )
        pod["metadata"]["labels"] = {"app.kubernetes.io/name": "traefik"}
        apply(homelab, kept(pod))
        source = TraefikReader(api, (PLACE,))
        cluster = ClusterReader(api, traefik=(PLACE,))
        yield WordReader(cluster, source, source, patience=20, clock=lambda: next(minutes))


async def asked(proxy: Traefik, *hosts: str) -> None:
    for host in hosts:
        await asyncio.to_thread(proxy.get, f"{host}.example")


def answering(word: TraefikWord) -> set[str]:
    return {ref.name for ref, _ in word.metered if ref.namespace == PLACE}


def failing(word: TraefikWord) -> dict[str, list[str]]:
    failed = word.failed.items()
    return {ref.name: [one.what for one in ones] for ref, ones in failed if ref.namespace == PLACE}


async def test_each_counter_is_known_by_its_rule(
    homelab: RealCluster, proxy: Traefik, request: pytest.FixtureRequest
) -> None:
    """One request a host; then only of the dead one, which has failed before, another two."""
    by_router = "routers too" in request.node.callspec.id
    async with looking(homelab, proxy) as reader:
        assert (answering(await reader.read()), failing(reader._known)) == (set(), {})
        await asked(proxy, *HOSTS, "both")
        word = await reader.read()
        shared = {"one", "other", "canary"} if by_router else set()
        assert answering(word) == {"single", "both", "by-number", "by-name"} | shared
        refused = "502 Bad Gateway for {0} of {0} request"
        assert failing(word) == {
            "dead": [refused.format(1)],
            "broken": [refused.format(1)],
        }
        await asked(proxy, "dead", "dead")
        word = await reader.read()
        assert failing(word)["dead"] == [f"{refused.format(3)}s"]
