"""Which hosts of HTTPRoutes are asked, by which port of Traefik, and which are not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.resources import core, gateway
from bot.domain.snapshot import Snapshot
from bot.net.entrances import Entrance
from bot.net.route_checks import host_rules, roots
from bot.net.route_checks import plan as planning
from bot.net.route_checks.answered import ChainPart
from bot.net.route_checks.plan import CheckPlan, PodPort, plan
from bot.net.tools.targets import allowed, is_name
from bot.sites.domain.hosts import site_rules
from tests.builders import Plain, an_object
from tests.gateways import (
    BACKEND,
    OTHERS,
    a_class,
    a_gateway,
    a_grant,
    a_http_rule,
    a_listener,
    an_http_route,
)
from tests.net.route_checks.sites import (
    a_backend,
    a_cluster,
    a_middleware,
    a_site,
    a_traefik,
    off,
)
from tests.net.route_checks.test_plan import SECURE, WEB, the, why

READER = "--providers.kubernetesgateway"
OF_API = ChainPart.UNRESOLVED
"""What may stand before every HTTPRoute."""

BY_TLS = {"protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "secure"}]}}
PLAIN, SAFE = a_listener(), a_listener("safe", "", 8443, **BY_TLS)


def edged(
    *routes: Plain,
    listeners: tuple[Plain, ...] = (PLAIN, SAFE),
    traefik: Plain | None = None,
    more: tuple[Plain, ...] = (),
) -> Snapshot:
    """These routes at a Gateway with a listener for each entrypoint."""
    pods = (traefik or a_traefik("edge", READER),)
    return a_cluster(*routes, a_class(), a_gateway(*listeners), *more, traefik=pods)


def planned(*routes: Plain, excepted: tuple[str, ...] = (), **rest: Any) -> CheckPlan:
    """The plan for them."""
    return plan(edged(*routes, **rest), allowed(excepted))


def matching(**match: Any) -> Plain:
    """A rule that asks for more than a path."""
    return {"matches": [{"path": {"type": "PathPrefix", "value": "/"}, **match}]}


def test_a_host_is_asked_through_the_entrypoint_of_its_listener_by_tls_where_it_has_it() -> None:
    check = the(planned(an_http_route(), more=a_backend()))
    assert (check.host, check.by, check.route.kind) == ("a.example", (SECURE,), "HTTPRoute")
    assert check.ports == (PodPort("10.42.1.5", 8080),)
    assert (check.asked.tls, check.asked.chain) == (True, {OF_API})
    assert (check.match, check.sole) == ("a.example/", True)
    api = a_http_rule({**BACKEND, "name": "api"}, path="/api")
    assert not the(planned(an_http_route(api, a_http_rule()))).sole
    plainly = the(planned(an_http_route(), listeners=(PLAIN,)))
    assert (plainly.by, plainly.asked.tls) == ((WEB,), False)


def test_a_listener_is_at_an_entrypoint_of_its_own_port_and_kind_alone() -> None:
    """Traefik puts no listener without TLS at an entrypoint that has it."""
    for listener in (a_listener(port=80), a_listener(port=8443)):
        left = planned(an_http_route(), listeners=(listener,))
        assert (left.checks, why(left)) == ((), {"a.example": planning.NO_ENTRANCE})
    tls = a_listener("safe", "", 8000, **BY_TLS)
    by = Entrance("edge", "10.42.0.2", 8000, True, "web")
    assert the(planned(an_http_route(), listeners=(tls,))).by == (by,)


def test_the_hosts_are_those_that_listeners_leave_the_route() -> None:
    shop = a_listener("shop", "shop.example", 8443, **BY_TLS)
    wild = an_http_route(hostnames=("*.example",))
    assert the(planned(wild, listeners=(shop,))).host == "shop.example"
    nowhere = an_http_route(hostnames=("b.example",))
    assert why(planned(nowhere, listeners=(shop,))) == {"b.example": host_rules.NO_LISTENER}
    assert why(planned(wild)) == {"*.example": roots.WILDCARD}
    assert why(planned(an_http_route(hostnames=()))) == {"": roots.NO_HOST}


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ([a_http_rule(path="/api")], roots.OTHER_PATH),
        ([matching(method="GET")], "its rule also depends on method"),
        ([matching(headers=[{"name": "x", "value": "y"}])], "its rule also depends on headers"),
        (
            [matching(queryParams=[{"name": "x", "value": "y"}])],
            "its rule also depends on query parameters",
        ),
        (
            [{"matches": [{"path": {"type": "RegularExpression", "value": "/.*"}}]}],
            "its rule also depends on a pattern",
        ),
        ([{"matches": [{"path": {"type": "Exact", "value": "/"}}]}], ""),
        ([{}], ""),
        ([{"matches": [{}]}], ""),
        ([a_http_rule(path="/api"), a_http_rule()], ""),
        ([matching(method="GET"), a_http_rule()], ""),
    ],
)
def test_only_a_rule_that_takes_every_request_of_the_root_is_asked(
    rules: list[Plain], reason: str
) -> None:
    got = planned(an_http_route(*rules))
    assert why(got) == ({"a.example": reason} if reason else {})
    assert bool(got.checks) is not bool(reason)


def test_what_is_not_traefiks_or_is_taken_out_is_not_asked() -> None:
    route = an_http_route()
    foreign = a_cluster(route, a_class(controller=OTHERS), a_gateway())
    assert plan(foreign) == CheckPlan()
    assert why(planned(off(route))) == {"a.example": planning.BY_ANNOTATION}
    assert why(planned(route, excepted=(".example",))) == {"a.example": planning.EXCLUDED}
    unread = planned(route, traefik=a_traefik())
    assert why(unread) == {"a.example": planning.NO_TRAEFIK}
    theirs = off(a_site(namespace="tenant"))
    assert the(planned(route, theirs)).route.kind == "HTTPRoute"


@pytest.mark.parametrize(
    ("filter_", "parts"),
    [
        ({"type": "RequestRedirect"}, {ChainPart.REDIRECT}),
        ({"type": "ResponseHeaderModifier"}, {ChainPart.HEADERS}),
        ({"type": "RequestHeaderModifier"}, set()),
        ({"type": "URLRewrite"}, set()),
        ({"type": "RequestMirror"}, set()),
        ({"type": "Invented"}, {ChainPart.UNSEEN}),
        ({"type": "ExtensionRef"}, {ChainPart.UNSEEN}),
        (
            {
                "type": "ExtensionRef",
                "extensionRef": {"group": "traefik.io", "kind": "Middleware", "name": "login"},
            },
            {ChainPart.LOGIN},
        ),
        (
            {
                "type": "ExtensionRef",
                "extensionRef": {"group": "traefik.io", "kind": "Middleware", "name": "gone"},
            },
            {ChainPart.UNSEEN},
        ),
        (
            {
                "type": "ExtensionRef",
                "extensionRef": {"group": "a.b", "kind": "Middleware", "name": "login"},
            },
            {ChainPart.UNSEEN},
        ),
    ],
)
def test_filters_may_answer_in_the_backends_place(filter_: Plain, parts: set[ChainPart]) -> None:
    login = a_middleware("login", basicAuth={"secret": "s"})
    route = an_http_route(a_http_rule(filters=[filter_]))
    assert the(planned(route, more=(login,))).asked.chain == {OF_API, *parts}


def test_of_several_rules_of_the_root_the_one_that_traefik_takes_is_asked() -> None:
    """Exact before a prefix, then the longest host of a route, then the first rule."""
    exact = {**a_http_rule(), "matches": [{"path": {"type": "Exact", "value": "/"}}]}
    redirect = {"type": "ResponseHeaderModifier"}
    for rules, chain in (
        ([a_http_rule(filters=[redirect]), exact], {OF_API}),
        ([a_http_rule(), a_http_rule(filters=[redirect])], {OF_API}),
        ([exact, a_http_rule(filters=[redirect])], {OF_API}),
    ):
        assert the(planned(an_http_route(*rules))).asked.chain == chain
    longer = an_http_route(hostnames=("a.example", "much-longer.example"))
    longer["metadata"]["name"] = "zz"
    (first, _) = planned(an_http_route(), longer).checks
    assert (first.host, first.route.name) == ("a.example", "zz")


def allowing(**namespaces: Any) -> Plain:
    return {**PLAIN, "allowedRoutes": {"namespaces": namespaces}}


def test_a_listener_that_does_not_let_the_route_in_is_not_asked_for_it() -> None:
    """By the namespace, and by the kind."""
    route = an_http_route(parents=({"name": "edge", "namespace": "apps"},))
    route["metadata"]["namespace"] = "shop"
    labelled = an_object("Namespace", "shop", "v1", namespace="")
    labelled["metadata"]["labels"] = {"tier": "web"}
    chosen = {"matchLabels": {"tier": "web"}}

    def reason(listener: Plain, *more: Plain, **rest: Any) -> str:
        return why(planned(route, listeners=(listener,), more=more, **rest)).get("a.example", "")

    assert reason(PLAIN) == host_rules.NO_LISTENER
    assert reason(allowing(**{"from": "None"})) == host_rules.NO_LISTENER
    assert reason(allowing(**{"from": "All"})) == ""
    by_label = allowing(**{"from": "Selector", "selector": chosen})
    assert reason(by_label, labelled) == ""
    assert reason(by_label) == host_rules.NAMESPACE_UNSEEN
    other = allowing(**{"from": "Selector", "selector": {"matchLabels": {"tier": "db"}}})
    assert reason(other, labelled) == host_rules.NO_LISTENER
    grpc = {**allowing(**{"from": "All"}), "allowedRoutes": {"kinds": [{"kind": "GRPCRoute"}]}}
    assert reason(grpc) == host_rules.NO_LISTENER


def test_the_ports_of_a_service_in_another_namespace_are_asked_only_where_it_is_granted() -> None:
    """Nobody has other people's pods asked by naming them."""
    there = a_backend()
    route = an_http_route(a_http_rule({**BACKEND, "namespace": "apps"}))
    route["metadata"]["namespace"] = "shop"
    route["spec"]["parentRefs"] = [{"name": "edge", "namespace": "apps"}]
    open_ = (allowing(**{"from": "All"}),)
    grant = a_grant(namespace="apps", source="shop", name="web")
    assert the(planned(route, listeners=open_, more=there)).ports == ()
    granted = the(planned(route, listeners=open_, more=(*there, grant)))
    assert granted.ports == (PodPort("10.42.1.5", 8080),)


def test_a_cluster_without_the_gateway_api_still_has_a_plan() -> None:
    """And one in which it may not be read says nothing of HTTPRoutes."""
    kinds = (gateway.HTTPRoute, gateway.Gateway, gateway.GatewayClass, gateway.ReferenceGrant)
    snapshot = a_cluster(a_site(), unseen=(*kinds, core.Namespace))
    assert the(plan(snapshot)).host == "a.example"


HOSTS = st.sampled_from(
    ["a.example", "A.example.", "*.example", "*", "", "127.0.0.1", "a.example/x", "a b", "x@y"]
) | st.text(max_size=30)
MATCHES = st.fixed_dictionaries(
    {},
    optional={
        "path": st.fixed_dictionaries(
            {
                "type": st.sampled_from(["Exact", "PathPrefix", "RegularExpression", "?"]),
                "value": st.sampled_from(["/", "/admin", "", "//", "/?x=1"]) | st.text(max_size=9),
            }
        ),
        "method": st.sampled_from(["GET", ""]),
        "headers": st.just([{"name": "x", "value": "y"}]),
    },
)


@given(
    st.lists(HOSTS, max_size=5),
    st.lists(HOSTS, min_size=1, max_size=3),
    st.lists(st.lists(MATCHES, max_size=3), max_size=3),
    st.ip_addresses().map(str),
)
def test_nothing_but_a_plain_host_at_traefiks_own_pod_is_ever_planned(
    own: list[str], theirs: list[str], matches: list[list[Plain]], written: str
) -> None:
    """Whatever routes and Gateways say and slices name: each host once, and no other address."""
    rules = [{"matches": every, "backendRefs": [BACKEND]} for every in matches]
    listeners = tuple(a_listener(f"l{n}", host) for n, host in enumerate(theirs))
    route = an_http_route(*rules, hostnames=tuple(own))
    snapshot = edged(route, listeners=(*listeners, SAFE), more=a_backend(written))
    got, names = plan(snapshot), {(rule.route, rule.match) for rule in site_rules(snapshot).rules}
    hosts = [check.host for check in got.checks]
    assert len(hosts) == len(set(hosts))
    assert not set(hosts) & {item.host for item in got.left_out}
    for check in got.checks:
        assert is_name(check.host)
        assert (check.route, check.match) in names, "the site would not know of it"
        assert set(check.by) <= {WEB, SECURE, msgspec.structs.replace(WEB, tls=True)}
        assert {at.address for at in check.ports} <= {"10.42.1.5"}
