"""Which sites HTTPRoutes make: by their listeners, and under the names that tests of them have."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.finding import Ref
from bot.domain.resources import gateway
from bot.domain.snapshot import Gap, Snapshot, Why
from bot.routing.candidates import candidates
from bot.routing.gateways import MOST_RULES
from bot.routing.site_state import SiteState
from bot.routing.traefik_word import FailedRequests, TraefikWord
from bot.sites.domain.hosts import SiteRule, site_rules
from tests.builders import Plain, an_object
from tests.gateways import (
    BACKEND,
    OTHERS,
    a_class,
    a_gateway,
    a_grant,
    a_http_rule,
    a_listener,
    a_status,
    an_http_route,
)
from tests.net.networks import a_snapshot
from tests.sites.world import REFUSED, a_test, minutes_ago, only, seen, sites_of

ROUTE = Ref("HTTPRoute", "apps", "site")
EDGE = (a_class(), a_gateway())


def rules(route: Plain, *listeners: Plain, **rest: Any) -> list[SiteRule]:
    """The rules of a route on a Gateway of Traefik with these listeners."""
    return [*site_rules(a_snapshot(route, a_class(), a_gateway(*listeners)), **rest).rules]


def by_tls(name: str = "secure", hostname: str = "", **reference: str) -> Plain:
    """A listener of HTTPS with that certificate."""
    refs = [{"name": name, **reference}]
    tls = {"certificateRefs": refs}
    return a_listener(name, hostname, 8443, protocol="HTTPS", tls=tls)


@pytest.mark.parametrize(
    ("own", "theirs", "hosts"),
    [
        (("A.example",), ("",), ["a.example"]),
        ((), ("",), [f"any host ({ROUTE})"]),
        ((), ("*.example", "a.test"), ["*.example", "a.test"]),
        (("*.example",), ("shop.example", "*.test"), ["shop.example"]),
        (("*.a.example", "b.test"), ("*.example",), ["*.a.example"]),
        (("a.example", "b.example"), ("",), ["a.example", "b.example"]),
        (("a.example",), ("b.example",), ["a.example"]),
    ],
)
def test_a_host_is_one_that_a_listener_leaves_the_route(
    own: tuple[str, ...], theirs: tuple[str, ...], hosts: list[str]
) -> None:
    """The narrower of both; where none fits, its own, as the health checks name it."""
    listeners = [a_listener(f"l{number}", name) for number, name in enumerate(theirs)]
    assert [rule.host for rule in rules(an_http_route(hostnames=own), *listeners)] == hosts


def test_where_a_route_has_more_rules_than_are_named_each_host_has_one() -> None:
    """As many hosts as the API server allows."""
    hosts = tuple(f"h{number}.example" for number in range(16))
    many = [a_http_rule(path=f"/{number}") for number in range(16)]
    named = rules(an_http_route(*many, hostnames=hosts))
    assert (len(named), {rule.host for rule in named}) == (MOST_RULES, {*hosts})
    paths = [{"path": {"type": "PathPrefix", "value": f"/{number}"}} for number in range(64)]
    assert {rule.host for rule in rules(an_http_route({"matches": paths}, hostnames=hosts))} == {
        *hosts
    }


def test_a_route_of_another_controller_is_no_site() -> None:
    """Also where Traefik's status says nothing of it, and its Gateway is not there."""
    route = an_http_route()
    assert not [*site_rules(a_snapshot(route, a_class(controller=OTHERS), a_gateway())).rules]
    foreign = an_http_route(statuses=(a_status(controller=OTHERS),))
    assert not [*site_rules(a_snapshot(foreign, a_class())).rules]


def test_a_rule_has_its_services_and_the_certificates_of_its_listeners() -> None:
    """Backends to which no request goes, and what is no Service, are none."""
    unused = {**BACKEND, "name": "old", "weight": 0}
    other = {"group": "traefik.io", "kind": "TraefikService", "name": "own"}
    elsewhere = {**BACKEND, "name": "db", "namespace": "data"}
    route = an_http_route(a_http_rule(BACKEND, unused, other, elsewhere))
    gateway_ = a_gateway(a_listener(), by_tls(), by_tls("b", "b.example"), by_tls("c", kind="X"))
    (rule,) = site_rules(a_snapshot(route, a_class(), gateway_, a_grant())).rules
    assert rule.services == (Ref("Service", "apps", "web"), Ref("Service", "data", "db"))
    assert rule.certificates == (Ref("Secret", "apps", "secure"),)
    (far,) = rules(route, by_tls(namespace="certs"))
    assert far.certificates == (Ref("Secret", "certs", "secure"),)


def test_the_certificate_of_a_listener_ends_with_the_site() -> None:
    """It is in the Gateway's namespace, and not in the route's."""
    ends = {"notAfter": "2026-12-24T00:00:00Z"}
    spec = {"secretName": "secure"}
    certificate = an_object("Certificate", "c", "cert-manager.io/v1", spec=spec, status=ends)
    route = an_http_route()
    route["metadata"]["namespace"] = "shop"
    gateway_ = a_gateway(by_tls())
    route["spec"]["parentRefs"] = [{"name": "edge", "namespace": "apps"}]
    site = only(seen(route, a_class(), gateway_, certificate))
    assert site.certificate_ends is not None
    assert f"{site.certificate_ends:%Y-%m-%d}" == "2026-12-24"


def test_a_test_of_the_route_shows_that_its_site_answers() -> None:
    """By the name under which it was diagnosed; and requests that failed, that it does not."""
    objects = (an_http_route(), *EDGE)
    passed = a_test(seen(*objects), "a.example")
    site = only(seen(*objects, tests=(passed,)))
    assert (site.host, site.state, site.routes) == ("a.example", SiteState.ANSWERS, (ROUTE,))
    failed = FailedRequests(1, REFUSED, minutes_ago(0.5))
    word = TraefikWord(failed={ROUTE: (failed,)})
    assert only(seen(*objects, word=word)).state is SiteState.FAILS


def test_without_the_gateway_api_nothing_is_said_of_it() -> None:
    """That it is not installed hides no site; that it may not be read does."""

    def unseen(why: Why) -> tuple[str, ...]:
        snapshot = seen()
        gaps = tuple(Gap(kind.kind_name(), why) for kind in (gateway.HTTPRoute, gateway.Gateway))
        return sites_of(
            Snapshot(snapshot.taken_at, snapshot.objects, gaps, snapshot.supplements)
        ).unseen

    assert unseen(Why.NOT_INSTALLED) == ()
    assert unseen(Why.FORBIDDEN) == ("HTTPRoute",)


@given(
    hosts=st.lists(st.text(max_size=30) | st.sampled_from(["*", "*.", "a.example"]), max_size=20),
    listener=st.text(max_size=30) | st.sampled_from(["", "*.", "*.example"]),
    path=st.text(max_size=30),
)
def test_any_hostnames_make_named_sites_by_the_names_that_tests_have(
    hosts: list[str], listener: str, path: str
) -> None:
    """Whoever may write a route writes what they like, and its size is bounded."""
    route = an_http_route(*[a_http_rule(path=path)] * 9, hostnames=tuple(hosts))
    snapshot = a_snapshot(route, a_class(), a_gateway(a_listener("l", listener)))
    sites = [*site_rules(snapshot).rules]
    assert 0 < len(sites) <= MOST_RULES
    assert all(site.host for site in sites)
    assert {site.match for site in sites} >= {
        one.match for one in candidates(snapshot) if one.kind == "HTTPRoute"
    }
