"""Which hosts are asked, by which port of Traefik, and which are not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.resources import networking
from bot.net.entrances import Entrance
from bot.net.route_checks import plan as planning
from bot.net.route_checks import roots
from bot.net.route_checks.answered import TRAEFIK_IS_GONE, ChainPart
from bot.net.route_checks.plan import CheckPlan, PodPort, RouteCheck, plan
from bot.net.tools.targets import allowed, is_name
from tests.builders import Plain, an_object
from tests.net.networks import a_service, a_slice, an_ingress
from tests.net.route_checks.sites import (
    a_backend,
    a_cluster,
    a_middleware,
    a_site,
    a_traefik,
    off,
)

WEB, SECURE = (
    Entrance("edge", "10.42.0.2", 8000, False, "web"),
    Entrance("edge", "10.42.0.2", 8443, True, "websecure"),
)


def the(planned: CheckPlan) -> RouteCheck:
    """The only check of a plan."""
    (check,) = planned.checks
    return check


def a_policy(namespace: str) -> Plain:
    """A NetworkPolicy that selects every pod of a namespace."""
    spec = {"podSelector": {}, "policyTypes": ["Ingress"]}
    policy = an_object("NetworkPolicy", "deny", "networking.k8s.io/v1", spec=spec)
    policy["metadata"]["namespace"] = namespace
    return policy


def why(planned: CheckPlan) -> dict[str, str]:
    """Why hosts are not checked."""
    return {item.host: item.why for item in planned.left_out}


def test_a_site_is_asked_at_traefiks_own_pod_by_the_entrypoint_of_its_route() -> None:
    check = the(plan(a_cluster(a_site(), *a_backend())))
    assert (check.host, check.by) == ("a.example", (SECURE,))
    assert check.ports == (PodPort("10.42.1.5", 8080),)
    assert (check.asked.tls, check.asked.chain, check.asked.deserted) == (True, frozenset(), False)


def test_a_plain_ingress_is_asked_plainly_and_one_with_tls_by_tls() -> None:
    path = {"path": "/", "backend": {"service": {"name": "web", "port": {"number": 80}}}}
    assert the(plan(a_cluster(an_ingress(path)))).by == (WEB,)
    assert the(plan(a_cluster(an_ingress(path, tls=[{"secretName": "a"}])))).by == (SECURE,)
    only = {"traefik.ingress.kubernetes.io/router.entrypoints": "websecure"}
    assert the(plan(a_cluster(an_ingress(path, annotations=only)))).by == (SECURE,)


def test_every_traefik_that_serves_a_host_is_asked_in_turn() -> None:
    pods = (a_traefik("edge"), a_traefik("hall", address="10.42.3.2"))
    check = the(plan(a_cluster(a_site(), traefik=pods)))
    assert [at.address for at in check.by] == ["10.42.0.2", "10.42.3.2"]


def test_a_pod_that_only_says_that_it_is_traefik_is_never_asked() -> None:
    impostor = a_traefik("edge", address="10.42.9.9", namespace="apps")
    assert not plan(a_cluster(a_site(), traefik=(impostor,))).checks
    check = the(plan(a_cluster(a_site(), traefik=(impostor, a_traefik()))))
    assert [at.address for at in check.by] == ["10.42.0.2"]


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1", "224.0.0.1", "x"])
def test_no_address_that_means_each_machine_itself_is_asked(address: str) -> None:
    planned = plan(a_cluster(a_site(), traefik=(a_traefik(address=address),)))
    assert (planned.checks, why(planned)) == ((), {"a.example": planning.NO_ENTRANCE})


def test_a_host_with_several_routes_is_asked_once_and_not_where_it_is_only_redirected() -> None:
    redirect = a_site(
        name="plain",
        tls=None,
        entryPoints=["web"],
        rule={"middlewares": [{"name": "to-https"}]},
    )
    middleware = a_middleware("to-https", redirectScheme={"scheme": "https"})
    for routes in ((a_site(), redirect), (redirect, a_site())):
        assert the(plan(a_cluster(*routes, middleware))).by == (SECURE,)
    alone = the(plan(a_cluster(redirect, middleware)))
    assert (alone.by, alone.asked.chain) == ((WEB,), {ChainPart.REDIRECT})


def test_of_two_rules_on_one_entrypoint_the_longer_one_is_known_to_answer() -> None:
    """As Traefik does it, where no priority is set."""
    longer = a_site(name="longer", match="Host(`a.example`) && PathPrefix(`/`)")
    api = a_site(name="api", match="Host(`a.example`) && PathPrefix(`/api`)")
    assert the(plan(a_cluster(a_site(), longer, api))).route.name == "longer"


def test_what_is_not_asked_says_why() -> None:
    planned = plan(
        a_cluster(
            a_site("path.example", match="Host(`path.example`) && Path(`/admin`)"),
            a_site("x", match="HostRegexp(`.*`)"),
            a_site("other.example", entryPoints=["metrics"]),
            off(a_site("off.example")),
            a_site("named.example"),
            a_site("below.example.org"),
        ),
        allowed(["named.example", ".example.org"]),
    )
    assert not planned.checks
    assert why(planned) == {
        "path.example": roots.OTHER_PATH,
        "": roots.BY_PATTERN,
        "other.example": planning.NO_ENTRANCE,
        "off.example": planning.BY_ANNOTATION,
        "named.example": planning.EXCLUDED,
        "below.example.org": planning.EXCLUDED,
    }
    assert why(plan(a_cluster(a_site(), traefik=()))) == {"a.example": TRAEFIK_IS_GONE}


def test_an_owner_takes_out_a_host_in_the_own_namespace_and_nobody_elses() -> None:
    """Silence is local: a route with somebody's host silences no check of it."""
    mine = a_site(name="mine")
    assert not plan(a_cluster(mine, off(a_site(name="also-mine")))).checks
    theirs = off(a_site(name="theirs", namespace="tenant"))
    assert the(plan(a_cluster(mine, theirs))).route.namespace == "apps"
    assert plan(a_cluster(off(mine, "on"))).checks


@pytest.mark.parametrize(
    ("spec", "part"),
    [
        ({"basicAuth": {"secret": "s"}}, ChainPart.LOGIN),
        ({"digestAuth": {"secret": "s"}}, ChainPart.LOGIN),
        ({"forwardAuth": {"address": "http://auth"}}, ChainPart.FORWARD),
        ({"ipAllowList": {"sourceRange": ["10.0.0.0/8"]}}, ChainPart.ADDRESSES),
        ({"redirectRegex": {"regex": ".*"}}, ChainPart.REDIRECT),
        ({"errors": {"status": ["500"]}}, ChainPart.ERRORS),
        ({"rateLimit": {"average": 1}}, ChainPart.LIMIT),
        ({"headers": {}}, ChainPart.HEADERS),
        ({"plugin": {"any": {}}}, ChainPart.UNSEEN),
        ({"invented": {}}, ChainPart.UNSEEN),
    ],
)
def test_the_chain_before_a_backend_is_known_also_by_way_of_another_chain(
    spec: Plain, part: ChainPart
) -> None:
    route = a_site(rule={"middlewares": [{"name": "all"}]})
    members = [{"name": "it"}, {"name": "prefix"}, {"name": "all"}]
    objects = (
        a_middleware("all", chain={"middlewares": members}),
        a_middleware("it", **spec),
        a_middleware("prefix", stripPrefix={"prefixes": ["/x"]}),
    )
    assert the(plan(a_cluster(route, *objects))).asked.chain == {part}
    by_name = {"traefik.ingress.kubernetes.io/router.middlewares": "apps-all@kubernetescrd"}
    path = {"path": "/", "backend": {"service": {"name": "web", "port": {"number": 80}}}}
    ingress = an_ingress(path, annotations=by_name)
    assert the(plan(a_cluster(ingress, *objects))).asked.chain == {part}


def test_a_middleware_that_was_not_seen_may_do_anything() -> None:
    route = a_site(rule={"middlewares": [{"name": "gone"}, {"name": "x@file"}]})
    assert the(plan(a_cluster(route))).asked.chain == {ChainPart.UNSEEN}
    file = a_traefik("edge", "--configfile=/etc/traefik.yml")
    assert ChainPart.UNSEEN in the(plan(a_cluster(a_site(), traefik=(file,)))).asked.chain


def test_what_an_entrypoint_does_to_all_its_routers_counts_too() -> None:
    traefik = a_traefik(
        "edge",
        "--entrypoints.websecure.http.middlewares=apps-login@kubernetescrd",
        "--entryPoints.web.http.redirections.entryPoint.to=websecure",
    )
    login = a_middleware("login", basicAuth={"secret": "s"})
    assert the(plan(a_cluster(a_site(), login, traefik=(traefik,)))).asked.chain == {
        ChainPart.LOGIN
    }
    plain = a_site(tls=None, entryPoints=["web"])
    assert the(plan(a_cluster(plain, traefik=(traefik,)))).asked.chain == {ChainPart.REDIRECT}


@pytest.mark.parametrize(
    "backend",
    [
        a_backend("10.42.7.7"),
        a_backend("127.0.0.1"),
        a_backend("169.254.169.254"),
        a_backend("192.168.1.1"),
        a_backend(host_network=True),
        a_backend()[:2],
    ],
    ids=["another address", "loopback", "link-local", "outside", "a node's", "no pod"],
)
def test_only_an_address_that_its_pod_itself_has_is_asked_directly(
    backend: tuple[Plain, ...],
) -> None:
    """Whoever may write a slice could name any address in it."""
    check = the(plan(a_cluster(a_site(), *backend)))
    assert (check.ports, check.asked.deserted) == ((), False)


def test_policies_that_may_keep_an_agent_out_are_known_for_both_ends() -> None:
    """Also where they could not be read."""
    site = (a_site(), *a_backend())

    def guarded(*more: Plain, **rest: Any) -> tuple[bool, bool]:
        asked = the(plan(a_cluster(*site, *more, **rest))).asked
        return asked.guarded, asked.traefik_guarded

    at_traefik = a_policy("traefik")
    assert guarded() == (False, False)
    assert guarded(a_policy("apps")) == (True, False)
    assert guarded(at_traefik, a_policy("tenant")) == (False, True)
    assert guarded(unseen=(networking.NetworkPolicy,)) == (True, True)


def test_a_service_without_a_ready_endpoint_is_deserted() -> None:
    assert the(plan(a_cluster(a_site(), a_service(), a_slice("web")))).asked.deserted
    assert not the(plan(a_cluster(a_site()))).asked.deserted, "the Service was not seen"


def test_namespaces_share_the_hosts_that_are_checked() -> None:
    """A tenant with many hosts takes nobody's place, and what is left out is said."""
    many = [a_site(f"a{number}.example", namespace="tenant") for number in range(9)]
    others = a_site("mine.example"), a_site("z.example", namespace="z")
    planned = plan(a_cluster(*many, *others), most=4)
    assert {check.host for check in planned.checks} == {
        *("a0.example", "a1.example", "mine.example", "z.example")
    }
    assert len(planned.left_out) == 7


MATCHES = st.sampled_from(
    [
        *("Host(`a.example`)", "Host(`b.example`) || Host(`c.example`)", "HostRegexp(`.*`)"),
        *("Host(`a.example`) && Path(`/admin?x=1`)", "Host(`a.example/x`)", "Host(`127.0.0.1`)"),
        *("Host(`b.example`) && PathPrefix(`/`)", "PathPrefix(`/`)", "nonsense"),
    ]
) | st.text(max_size=30)


@given(
    st.lists(
        st.builds(
            lambda match, number, space, points: a_site(
                name=f"s{number}", match=match, namespace=space, entryPoints=points
            ),
            MATCHES,
            st.integers(0, 20),
            st.sampled_from(["apps", "tenant"]),
            st.sampled_from([["web"], ["websecure"], [], ["none"]]),
        ),
        max_size=6,
    ),
    st.ip_addresses().map(str),
)
def test_nothing_but_a_plain_host_at_traefiks_own_pod_is_ever_planned(
    routes: list[Any], written: str
) -> None:
    """Whatever rules say and slices name: each host once, and no other address."""
    planned = plan(a_cluster(*routes, *a_backend(written)))
    hosts = [check.host for check in planned.checks]
    assert len(hosts) == len(set(hosts))
    assert not set(hosts) & {item.host for item in planned.left_out}
    for check in planned.checks:
        assert is_name(check.host)
        assert set(check.by) <= {WEB, SECURE, msgspec.structs.replace(WEB, tls=True)}
        assert {at.address for at in check.ports} <= {"10.42.1.5"}
