"""The names of the routers of HTTPRoutes, by those that Traefik's own tests have."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.routing.instance import StaticConfig, TraefikConfig, static_config
from bot.traefik.domain.answers import RuleView
from bot.traefik.domain.routes import read_routes
from tests.builders import Plain
from tests.gateways import a_class, a_gateway, a_http_rule, a_listener, an_http_route
from tests.net.networks import a_snapshot

PORTS = (("web", 8000), ("websecure", 8443))
WEB, SECURE = a_listener("http", port=8000), a_listener("https", port=8443, protocol="HTTPS")


def rules(
    route: Plain, *listeners: Plain, version: str = "3.6.13", ports: Any = PORTS
) -> tuple[RuleView, ...]:
    """The rules of a route at the Gateway default/my-gateway."""
    route["metadata"] |= {"namespace": "default", "name": "http-app-1"}
    route["spec"]["parentRefs"] = [{"name": "my-gateway"}]
    route["status"] = {}
    edge = a_gateway(*listeners, name="my-gateway", namespace="default")
    config = TraefikConfig(version, StaticConfig(complete=True, entry_point_ports=ports))
    (view,) = read_routes(a_snapshot(route, a_class(), edge), (config,))
    return view.rules


def exactly(path: str, **match: Any) -> Plain:
    """A rule for one path."""
    return {"matches": [{"path": {"type": "Exact", "value": path}, **match}]}


NEW = "httproute-default-http-app-1-gw-default-my-gateway-ep-"


@pytest.mark.parametrize(
    ("version", "router"),
    [
        ("3.1.0", "default-http-app-1-my-gateway-web-0-1c0cf64bde37d9d0df06"),
        ("3.5.0", f"{NEW}web-0-1c0cf64bde37d9d0df06"),
        ("3.6.13", f"{NEW}web-0-af329269dd38031b03e3"),
        ("3.7.10", f"{NEW}web-0-799bcbf0c2317c5d1c93"),
    ],
)
def test_a_router_has_the_name_that_its_version_gives_it(version: str, router: str) -> None:
    """What Traefik's tests expect of `foo.com` and the path `/bar`."""
    route = an_http_route(exactly("/bar"), hostnames=("foo.com",))
    (rule,) = rules(route, WEB, version=version)
    assert rule.router == f"{router}@kubernetesgateway"


def test_within_a_minor_version_names_differ_and_all_of_them_are_known() -> None:
    """3.6.0 still quotes as 3.5 does."""
    route = an_http_route(exactly("/bar"), hostnames=("foo.com",))
    (rule,) = rules(route, WEB, version="3.6.0")
    assert f"{NEW}web-0-1c0cf64bde37d9d0df06@kubernetesgateway" in rule.routers


@pytest.mark.parametrize(
    ("rule", "hostnames", "listener", "name"),
    [
        (a_http_rule(), ("foo.com", "*.bar.com"), "", "web-0-e9a5f9c29d35e93ffeef"),
        (
            a_http_rule(
                matches=[
                    {
                        "path": {"type": "PathPrefix", "value": "/bar"},
                        "headers": [
                            {"name": "my-header", "value": "foo"},
                            {"name": "my-header2", "value": "bar"},
                        ],
                    }
                ]
            ),
            ("foo.com",),
            "",
            "web-0-e6f8c7ac24ba601f1855",
        ),
    ],
)
def test_a_rule_is_written_as_traefik_writes_it(
    rule: Plain, hostnames: tuple[str, ...], listener: str, name: str
) -> None:
    """With wildcards, prefixes and headers; each host has the router that takes all of them."""
    got = rules(an_http_route(rule, hostnames=hostnames), a_listener("http", listener, 8000))
    assert len(got) == len(hostnames)
    assert {view.router for view in got} == {f"{NEW}{name}@kubernetesgateway"}


def test_each_listener_and_match_has_a_router_and_each_host_those_that_take_it() -> None:
    only_b = a_listener("b", "b.example", 8443, protocol="HTTPS")
    both = exactly("/")
    both["matches"].append({"path": {"type": "Exact", "value": "/"}, "method": "GET"})
    route = an_http_route(both, hostnames=("a.example", "b.example"))
    a, b = rules(route, WEB, only_b)
    counts = {
        view.match: {name.count("-ep-websecure-") for name in view.routers} for view in (a, b)
    }
    assert counts == {"a.example/": {0}, "b.example/": {0, 1}}
    assert set(a.routers) < set(b.routers)
    assert len(a.routers) == 2 * 3


def test_without_the_entrypoint_of_a_listener_no_name_is_known() -> None:
    """By the arguments; a configuration in a file is not read."""
    for listener, ports in ((a_listener(port=9000), PORTS), (WEB, ())):
        (rule,) = rules(an_http_route(), listener, ports=ports)
        assert (rule.router, rule.routers) == ("", ())
    arguments = ["--providers.kubernetesgateway", "--entryPoints.Web.address=:8000/tcp"]
    quic = "--entrypoints.quic.address=:8443/udp"
    known = static_config([*arguments, quic, "--entrypoints.none.http.tls=true"])
    assert known.entry_point_ports == (("web", 8000),)


@given(
    st.text(max_size=30), st.text(max_size=30), st.text(max_size=9), st.lists(st.text(max_size=9))
)
def test_any_text_makes_names_that_are_bounded(
    host: str, path: str, value: str, names: list[str]
) -> None:
    """Whoever may write a route writes what they like."""
    headers = [{"name": name, "value": value} for name in names[:16]]  # more the schema refuses
    matches = [{"path": {"type": "PathPrefix", "value": path}, "headers": headers}] * 300
    route = an_http_route(a_http_rule(matches=matches), hostnames=(host,))
    (rule,) = rules(route, WEB)
    assert 1 <= len(rule.routers) <= 3
    assert all(len(name) < 200 for name in rule.routers)
