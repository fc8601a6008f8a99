"""HTTPRoutes as the real Traefik reads them: its routers, their names and priorities."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from bot.domain.snapshot import Snapshot
from bot.kube.connect import connect
from bot.kube.one_shot_reader import ClusterReader
from bot.net.route_checks.host_rules import HostRule, host_rules
from bot.routing.instance import TraefikConfig, static_config
from bot.traefik.domain.answers import RouteView
from bot.traefik.domain.metered import services_of
from bot.traefik.domain.routes import READS, read_routes
from tests.cluster import traefik
from tests.cluster.test_traefik import a_service
from tests.cluster.traefik import At, Traefik
from tests.clusters.real import RealCluster
from tests.controllers.definitions import module
from tests.gateways import a_class, a_gateway, a_http_rule, a_listener, an_http_route
from tests.programs import catalogue

PLACE = "gateways"
API = "sigs.k8s.io/gateway-api"
KINDS = ("gatewayclasses", "gateways", "httproutes", "referencegrants", "grpcroutes")
MORE = ("backendtlspolicies",)
GONE = "gone.example"


def exactly(path: str, **match: Any) -> dict[str, Any]:
    """A rule for one path."""
    path_ = {"path": {"type": "Exact", "value": path}}
    return {**a_http_rule(), "matches": [{**path_, **match}]}


def values(**pairs: str) -> list[dict[str, str]]:
    """What a request is to have."""
    return [{"name": name, "value": value} for name, value in pairs.items()]


def pattern(value: str) -> dict[str, Any]:
    return {**a_http_rule(), "matches": [{"path": {"type": "RegularExpression", "value": value}}]}


ROUTES = {
    "plain": (("a.example",), [a_http_rule()]),
    "wild": (("*.b.example", "b.example"), [a_http_rule(), a_http_rule(path="/api/")]),
    "all": ((), [exactly("/elsewhere")]),
    "picky": (
        ("c.example",),
        [
            exactly("/", method="GET"),
            exactly("/", headers=values(one="1", other='"2')),
            exactly("/", queryParams=values(q="x")),
            pattern(r"/a\.b/[0-9]+"),
            a_http_rule(path="/api"),
            a_http_rule(),
        ],
    ),
    "unresolved": ((GONE,), [a_http_rule({"name": "gone", "port": 80})]),
}


@pytest.fixture(scope="module")
def at() -> At:
    """Where Traefik listens."""
    return At.loopback()


@pytest.fixture(scope="module")
def gateways(real: RealCluster, at: At) -> Iterator[RealCluster]:
    """A cluster with the Gateway API, a Gateway of Traefik, and routes of all kinds of matches."""
    if real.plane is None:
        pytest.skip("Traefik here needs the control plane of the tests' own")
    folder = module(catalogue.TRAEFIK, API) / "config/crd/standard"
    every = (folder / f"gateway.networking.k8s.io_{kind}.yaml" for kind in (*KINDS, *MORE))
    real.install([yaml.safe_load(file.read_text()) for file in every])
    real.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PLACE}})
    listeners = (a_listener("any", "", at.web), a_listener("wild", "*.b.example", at.web))
    objects = [*a_service("web", "10.43.0.95"), a_gateway(*listeners)]
    for name, (hosts, rules) in ROUTES.items():
        route = an_http_route(*rules, hostnames=hosts)
        route["metadata"] = {"name": name}
        objects.append({key: route[key] for key in ("apiVersion", "kind", "metadata", "spec")})
    for one in objects:
        one["metadata"]["namespace"] = PLACE
    real.apply(a_class(), *objects)
    yield real
    real.kubectl("delete", "namespace", PLACE, "--wait=false")


@pytest.fixture(scope="module")
def running(
    gateways: RealCluster, at: At, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Traefik]:
    """Traefik with its provider of the Gateway API."""
    folder = tmp_path_factory.mktemp("traefik")
    with traefik.running(gateways, folder, at=at, kinds=("kubernetesgateway",)) as one:
        one.until(lambda: len(routers(one)) == ROUTERS, f"{ROUTERS} routers")
        yield one


ROUTERS = 14
"""One a match; `wild` and `all` are at both listeners."""


def routers(one: Traefik) -> dict[str, dict[str, Any]]:
    """Its routers of HTTPRoutes."""
    return {
        name: router
        for name, router in one.routers().items()
        if name.endswith("@kubernetesgateway")
    }


@pytest.fixture(scope="module")
def seen(gateways: RealCluster, running: Traefik) -> Snapshot:
    """What the bot reads of it."""

    async def read() -> Snapshot:
        async with connect(kubeconfig=gateways.kubeconfig) as api:
            return await ClusterReader(api).snapshot(READS)

    return asyncio.run(read())


def http_routes(running: Traefik, seen: Snapshot, at: At) -> list[RouteView]:
    """As the bot reads them, without the routes that other tests left for other providers."""
    arguments = ("--providers.kubernetesgateway", f"--entrypoints.web.address=127.0.0.1:{at.web}")
    config = TraefikConfig(running.version(), static_config(arguments))
    return [view for view in read_routes(seen, (config,)) if view.ref.kind == "HTTPRoute"]


def test_every_router_is_known_by_its_name(running: Traefik, seen: Snapshot, at: At) -> None:
    """And by the one that is told first, as of this version."""
    rules = [rule for view in http_routes(running, seen, at) for rule in view.rules]
    known = {name for rule in rules for name in rule.routers}
    assert routers(running).keys() - known == set()
    assert {rule.router for rule in rules} <= routers(running).keys()


def test_the_service_that_counts_requests_is_known_by_its_name(
    running: Traefik, seen: Snapshot, at: At
) -> None:
    """But that of a backend that is not there: Traefik makes none."""
    names = {
        name
        for view in http_routes(running, seen, at)
        if view.ref.name != "unresolved"
        for rule in view.rules
        for name in services_of(rule, rule.routers)
    }
    assert names == {f"{PLACE}-web-http-80@kubernetesgateway"}
    assert names <= running.services().keys()


def test_of_two_rules_of_the_root_traefik_takes_the_one_that_is_asked(
    running: Traefik, seen: Snapshot
) -> None:
    """By the priorities of its own."""
    ours: dict[str, set[int]] = {}
    for rule in filter(_is_asked, host_rules(seen)):
        ours.setdefault(rule.route.name, set()).add(rule.priority)
    theirs = {name: int(router["priority"]) for name, router in routers(running).items()}
    for route, priorities in ours.items():
        own = {number for name, number in theirs.items() if f"-{PLACE}-{route}-gw-" in name}
        assert priorities <= own, route
    assert ours.keys() >= {"plain", "picky", "wild", "unresolved"}


def _is_asked(rule: HostRule) -> bool:
    return rule.route.namespace == PLACE and not rule.root.why


def test_a_backend_that_is_not_there_is_a_bare_500(running: Traefik) -> None:
    """So that one says nothing of who answered."""
    assert running.get(GONE) == (500, "")
