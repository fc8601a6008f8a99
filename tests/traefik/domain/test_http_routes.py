"""What Traefik makes of HTTPRoutes: which it lists, their hosts, and the servers of each."""

from typing import Any

import pytest

from bot.domain.verdict import Verdict
from bot.routing.gateways import MOST_RULES
from bot.routing.instance import StaticConfig, TraefikConfig
from bot.traefik.domain.answers import RouteView
from bot.traefik.domain.backend import Mode
from bot.traefik.domain.routes import read_routes
from bot.traefik.service import Traefik
from tests.builders import Plain
from tests.fakes import FakeCluster, FakeTraefik
from tests.gateways import (
    BACKEND,
    OTHERS,
    a_class,
    a_gateway,
    a_http_rule,
    a_listener,
    an_http_route,
)
from tests.net.networks import a_service, a_slice, a_snapshot, an_endpoint
from tests.traefik.world import EDGE, POD, a_runtime, world

NATIVE = "traefik.io/service.nativelb"
EDGES = (a_class(), a_gateway())
SERVED = (a_slice("web", an_endpoint()),)


def a_vip_service(*, native: str = "", **port: Any) -> Plain:
    made = a_service(clusterIP="10.43.0.9", ports=[{"port": 80, **port}])
    made["metadata"]["annotations"] = {NATIVE: native} if native else {}
    return made


def a_config(version: str = "3.6.13", *, by_default: bool = False) -> TraefikConfig:
    return TraefikConfig(version, StaticConfig(complete=True, native_gateways=by_default))


def routes(*plain: Plain, config: TraefikConfig | None = None) -> tuple[RouteView, ...]:
    return read_routes(a_snapshot(*plain), (config or a_config(),))


@pytest.mark.parametrize(
    ("native", "config", "mode"),
    [
        ("", a_config(), Mode.POD_IPS),
        ("true", a_config(), Mode.VIP),
        ("true", a_config("3.1.0"), Mode.POD_IPS),
        ("", a_config(by_default=True), Mode.VIP),
        ("", a_config("3.1.0", by_default=True), Mode.POD_IPS),
        ("false", a_config(by_default=True), Mode.POD_IPS),
    ],
)
def test_a_http_route_goes_to_pods_unless_its_service_or_traefik_says_native_lb(
    native: str, config: TraefikConfig, mode: Mode
) -> None:
    """By an annotation of the Gateway API's own, from Traefik 3.2 on."""
    (route,) = routes(an_http_route(), *EDGES, a_vip_service(native=native), *SERVED, config=config)
    (backend,) = route.backends
    url = "http://10.43.0.9:80" if mode is Mode.VIP else "http://10.42.0.5:8080"
    assert (backend.mode, backend.servers) == (mode, (url,))
    assert (route.label, route.verdict) == ("httproute/apps/site", Verdict.HEALTHY)


def test_the_appprotocol_of_a_port_decides_the_scheme() -> None:
    """A name or a number does where it says nothing."""
    for port, begin in (
        ({"appProtocol": "kubernetes.io/h2c"}, "h2c://"),
        ({"appProtocol": "HTTPS"}, "https://"),
        ({"name": "https-web"}, "https://"),
    ):
        slice_ = a_slice("web", an_endpoint(), ports=[{"port": 8080, "name": port.get("name")}])
        (route,) = routes(an_http_route(), *EDGES, a_vip_service(**port), slice_)
        assert route.backends[0].servers[0].startswith(begin)


def test_an_endpoint_that_terminates_is_no_server_of_an_http_route() -> None:
    """Traefik's other providers take it."""
    ends = a_slice("web", an_endpoint(ready=False, serving=True, terminating=True))
    (route,) = routes(an_http_route(), *EDGES, a_vip_service(), ends)
    assert route.backends[0].servers == ()


def test_routes_of_other_controllers_are_not_listed() -> None:
    """Traefik serves none of them."""
    assert routes(an_http_route(), a_class(controller=OTHERS), a_gateway()) == ()


def test_each_host_and_path_is_listed_and_a_redirect_has_no_backend() -> None:
    """Without a hostname of its own, the listener's."""
    wild = a_gateway(a_listener(hostname="*.example"))
    redirect = {"matches": [{"path": {"value": "/old"}}], "filters": [{"type": "RequestRedirect"}]}
    rules = (a_http_rule(path="/api"), redirect)
    (route,) = routes(an_http_route(*rules, hostnames=()), a_class(), wild, a_vip_service())
    assert [rule.match for rule in route.rules] == ["*.example/api", "*.example/old"]
    names = tuple(f"{number}.example" for number in range(16))
    many = [a_http_rule(path=f"/{number}") for number in range(16)]
    (route,) = routes(an_http_route(*many, hostnames=names), a_class(), wild, a_vip_service())
    assert len(route.rules) == MOST_RULES


@pytest.mark.parametrize(
    ("backend", "mode", "why"),
    [
        ({**BACKEND, "namespace": "data"}, Mode.NOTHING, "ReferenceGrant"),
        (
            {"group": "a.b", "kind": "Bucket", "name": "b"},
            Mode.NOTHING,
            "does not support backends of this kind",
        ),
        ({"name": "gone", "port": 80}, Mode.NOTHING, "does not exist"),
        (
            {"group": "traefik.io", "kind": "TraefikService", "name": "own"},
            Mode.TRAEFIK_SERVICE,
            "",
        ),
        (
            {"group": "traefik.io", "kind": "TraefikService", "name": "api@internal"},
            Mode.ELSEWHERE,
            "",
        ),
    ],
)
def test_a_backend_that_is_no_service_in_reach_says_why(
    backend: Plain, mode: Mode, why: str
) -> None:
    """An ExternalName, too."""
    (route,) = routes(an_http_route(a_http_rule(backend)), *EDGES, a_vip_service(), *SERVED)
    assert route.backends[0].mode is mode
    assert why in route.backends[0].because
    external = a_service(type="ExternalName", externalName="db.example")
    (route,) = routes(an_http_route(), *EDGES, external)
    assert (route.verdict, route.backends[0].mode) == (Verdict.FAILED, Mode.NOTHING)


async def test_traefik_routes_lists_it_and_its_name_is_suggested() -> None:
    """What Traefik's API says of its routers is not known, and not told as nothing."""
    objects = [*world(), an_http_route(hostnames=("shop.example",)), *EDGES]
    source = FakeTraefik((EDGE,), runtimes={"traefik-1": a_runtime(POD)})
    cluster = FakeCluster(objects=objects, traefik=source)
    traefik = Traefik(cluster, source)
    answer = await traefik.routes()
    (route,) = [route for route in answer.routes if route.ref.kind == "HTTPRoute"]
    assert route.rules[0].live is None
    assert await traefik.suggestions("shop", 5) == ("httproute/apps/site",)
    described, _ = await traefik.describe("httproute/apps/site")
    assert described.verdict is Verdict.FAILED
    assert "its provider kubernetesgateway is off" in described.problems[0]
