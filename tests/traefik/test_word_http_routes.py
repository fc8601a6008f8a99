"""Whose requests are in Traefik's log: those of HTTPRoutes, by the names of their routers."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.finding import Ref
from bot.routing.traefik_word import TraefikWord
from bot.traefik.domain.answers import RouteView
from bot.traefik.domain.api import LoadBalancer, Router, Runtime, RuntimeService, UpstreamServer
from bot.traefik.service import Traefik
from tests.builders import Plain
from tests.fakes import FakeCluster, FakeTraefik
from tests.gateways import a_class, a_gateway, a_http_rule, a_listener, an_http_route
from tests.traefik.test_word import Saying, word
from tests.traefik.test_word_answered import AT, served
from tests.traefik.world import EDGE, STALE, world

ROUTE = Ref("HTTPRoute", "apps", "site")
LISTENS = ("--providers.kubernetesgateway", "--entrypoints.web.address=:8000")
HOME = replace(EDGE, args=(*EDGE.args, *LISTENS))
NAME = "httproute-apps-site-gw-apps-edge-ep-web-0-7a4ea7cf075ad4c10fad@kubernetesgateway"
"""As Traefik 3.6.13 names the router of `Host("a.example") && PathPrefix("/")`."""

OBJECTS = (a_class(), a_gateway(a_listener("web", "", 8000)))


async def said(log: str, route: Plain | None = None, runtime: Runtime | None = None) -> TraefikWord:
    """What a Traefik with that log says of a route."""
    traefik = Saying(log, runtime, pods_there=(HOME,))
    return await word(traefik, route or an_http_route(), *OBJECTS)


async def test_a_good_request_of_an_http_route_is_known_by_its_rule() -> None:
    """Under the name that a test of it has, and no other route's."""
    assert (await said(served(NAME))).answered == {(ROUTE, "a.example/"): AT}


async def test_a_failed_request_of_an_http_route_is_its_own() -> None:
    """The Services are those of other routes, too, and the line names one router."""
    assert [*(await said(served(NAME, status=502))).failed] == [ROUTE]


async def test_a_request_of_a_router_is_one_of_each_host_that_it_takes() -> None:
    """As with a rule of an IngressRoute for several hosts. Another rule has another router."""
    route = an_http_route(
        a_http_rule(), a_http_rule(path="/api"), hostnames=("a.example", "b.example")
    )
    (view,) = [one for one in await listed(route) if one.ref == ROUTE]
    log = served(view.rules[0].router)
    assert (await said(log, route)).answered == {
        (ROUTE, "a.example/"): AT,
        (ROUTE, "b.example/"): AT,
    }


async def test_a_router_that_two_http_routes_may_have_shows_nothing_of_either() -> None:
    """Dashes stand for everything between words."""
    one = an_http_route(parents=({"name": "edge", "namespace": "apps"},))
    one["metadata"] |= {"namespace": "a", "name": "b-c"}
    other = an_http_route(parents=({"name": "edge", "namespace": "apps"},))
    other["metadata"] |= {"namespace": "a-b", "name": "c"}
    name = NAME.replace("apps-site", "a-b-c")
    traefik = Saying(served(name), pods_there=(HOME,))
    assert (await word(traefik, one, other, *OBJECTS)).answered == {}
    assert len((await word(traefik, one, *OBJECTS)).answered) == 1


async def listed(route: Plain, runtime: Runtime | None = None) -> tuple[RouteView, ...]:
    """What `/traefik routes` lists."""
    runtimes = {HOME.name: runtime} if runtime else {}
    source = FakeTraefik((HOME,), runtimes=runtimes)
    cluster = FakeCluster(objects=[*world(), route, *OBJECTS], traefik=source)
    return (await Traefik(cluster, source).routes()).routes


async def test_the_servers_of_an_http_route_are_told_by_traefiks_api() -> None:
    """Through the weights of its backends; one that is gone is a problem."""
    weights = "site-wrr@kubernetesgateway"
    servers = LoadBalancer((UpstreamServer(STALE),))
    router = Router(NAME, 'Host("a.example") && PathPrefix("/")', weights)
    runtime = Runtime((router,), (RuntimeService(weights, servers),))
    (view,) = [one for one in await listed(an_http_route(), runtime) if one.ref == ROUTE]
    assert [live.url for live in view.rules[0].live or ()] == [STALE]
    assert any(STALE in problem for problem in view.problems)
