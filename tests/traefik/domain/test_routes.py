"""What Traefik makes of routes: the servers it would use, and why these, by version."""

import itertools
from typing import Any

import pytest

from bot.domain.verdict import Verdict
from bot.routing.addresses import split
from bot.routing.instance import (
    StaticConfig,
    TraefikConfig,
    TraefikPod,
    groups,
    static_config,
    version,
)
from bot.traefik.domain import router_names as naming
from bot.traefik.domain.answers import RouteView
from bot.traefik.domain.backend import ANNOTATION, Backend, Mode
from bot.traefik.domain.routes import read_routes
from tests.builders import Plain
from tests.net.networks import (
    ELDER,
    WEB,
    a_path,
    a_route,
    a_rule,
    a_service,
    a_slice,
    a_snapshot,
    an_endpoint,
    an_ingress,
)

V3 = TraefikConfig("3.6.2", StaticConfig(complete=True))
V2 = TraefikConfig("2.11.8", StaticConfig(complete=True))
POD = ("http://10.42.0.5:8080",)
VIP = ("http://10.43.0.9:80",)
WORLD = (
    a_service(clusterIP="10.43.0.9", ports=({"port": 80}, {"port": 8443, "name": "https-x"})),
    a_slice("web", an_endpoint(), ports=({"port": 8080}, {"port": 9443, "name": "https-x"})),
)


def routes(*plain: Plain, config: TraefikConfig = V3, **rest: Any) -> tuple[RouteView, ...]:
    return read_routes(a_snapshot(*plain, **rest), (config,))


def only(*plain: Plain, config: TraefikConfig = V3) -> Backend:
    (route,) = routes(*plain, config=config)
    (backend,) = route.backends
    return backend


def to(**service: Any) -> Plain:
    return a_route(a_rule({"name": "web", "port": 80, **service}))


def annotated(value: str) -> Plain:
    made = a_service(clusterIP="10.43.0.9")
    made["metadata"]["annotations"] = {f"{ANNOTATION}nativelb": value}
    return made


def test_without_native_lb_traefik_uses_pod_ips() -> None:
    """The usual case, in which nativeLB could be set and nothing is wrong."""
    found = only(to(), *WORLD)
    assert (found.mode, found.servers, found.lacks_native) == (Mode.POD_IPS, POD, True)


def test_native_lb_of_the_routes_service_uses_the_vip_and_the_services_own_port() -> None:
    found = only(to(nativeLB=True), *WORLD)
    assert (found.mode, found.servers, found.lacks_native) == (Mode.VIP, VIP, False)
    assert "route's service" in found.because


def test_the_annotation_of_the_service_is_for_an_ingress_and_not_for_a_route() -> None:
    slice_ = a_slice("web", an_endpoint())
    assert only(an_ingress(a_path()), annotated("true"), slice_).mode is Mode.VIP
    assert only(an_ingress(a_path()), annotated("false"), slice_).mode is Mode.POD_IPS
    assert only(to(), annotated("true"), slice_).mode is Mode.POD_IPS


@pytest.mark.parametrize(("config", "mode"), [("3.0.0", Mode.VIP), ("2.11.8", Mode.POD_IPS)])
def test_native_lb_by_default_came_with_v3(config: str, mode: Mode) -> None:
    """Version 2.11 does not know the argument."""
    by_default = StaticConfig(complete=True, native_routes=True, native_ingresses=True)
    assert only(to(), *WORLD, config=TraefikConfig(config, by_default)).mode is mode
    assert only(an_ingress(a_path()), *WORLD, config=TraefikConfig(config, by_default)).mode is mode
    off = to(nativeLB=False)
    assert only(off, *WORLD, config=TraefikConfig(config, by_default)).mode is Mode.POD_IPS


def test_before_2_10_there_is_no_native_lb() -> None:
    route = {**to(nativeLB=True), "apiVersion": ELDER}
    found = only(route, *WORLD, config=TraefikConfig("2.9.10", StaticConfig()))
    assert (found.mode, found.lacks_native) == (Mode.POD_IPS, False)


def test_a_headless_service_has_no_vip() -> None:
    headless = (a_service(clusterIP="None"), a_slice("web", an_endpoint()))
    found = only(to(), *headless)
    assert (found.mode, found.servers, found.lacks_native) == (Mode.POD_IPS, POD, False)
    dropped = only(to(nativeLB=True), *headless)
    assert (dropped.mode, dropped.servers) == (Mode.NOTHING, ())
    assert "headless" in dropped.because


def test_an_external_name_is_a_server_by_name_where_it_is_allowed() -> None:
    external = a_service(type="ExternalName", externalName="db.example.org")
    allowed = TraefikConfig("3.6.2", StaticConfig(complete=True, external_routes=True))
    found = only(to(nativeLB=True), external, config=allowed)
    assert (found.mode, found.servers) == (Mode.EXTERNAL_NAME, ("http://db.example.org:80",))
    assert only(to(), external, config=V3).mode is Mode.NOTHING
    elder = TraefikConfig("2.11.8", StaticConfig(complete=True, external_routes=True))
    assert "no VIP" in only(to(nativeLB=True), external, config=elder).because


def test_the_scheme_follows_the_port_unless_something_else_is_said() -> None:
    assert only(to(port=8443), *WORLD).servers == ("https://10.42.0.5:9443",)
    assert only(to(port="https-x"), *WORLD).servers == ("https://10.42.0.5:9443",)
    assert only(to(scheme="h2c"), *WORLD).servers == ("h2c://10.42.0.5:8080",)


def test_an_ipv6_server_is_written_in_brackets() -> None:
    world = (a_service(clusterIP="fd43::9"), a_slice("web", an_endpoint("fd42::5")))
    assert only(to(), *world).servers == ("http://[fd42::5]:8080",)
    assert only(to(nativeLB=True), *world).servers == ("http://[fd43::9]:80",)
    assert split(only(to(), *world).servers[0]) == ("fd42::5", 8080)


def test_endpoints_that_only_drain_are_used_from_v3_on() -> None:
    draining = an_endpoint("10.42.0.6", ready=False, serving=True, terminating=True)
    world = (a_service(clusterIP="10.43.0.9"), a_slice("web", draining))
    assert only(to(), *world).servers == ("http://10.42.0.6:8080",)
    assert only({**to(), "apiVersion": ELDER}, *world, config=V2).servers == ()


def test_broken_references_say_what_is_missing_as_the_health_checks_do() -> None:
    (route,) = routes(a_route(a_rule({"name": "gone", "port": 80}), a_rule()), *WEB)
    assert route.verdict is Verdict.DEGRADED
    assert "Service apps/gone does not exist" in route.problems[0]
    assert [each.mode for each in route.backends] == [Mode.NOTHING, Mode.POD_IPS]


def test_what_is_not_a_service_is_named() -> None:
    kinds = a_rule(
        {"name": "mix", "kind": "TraefikService"}, {"name": "api@internal"}, {"name": "web"}
    )
    (route,) = routes(a_route(kinds), *WEB)
    modes = [each.mode for each in route.backends]
    assert modes == [Mode.TRAEFIK_SERVICE, Mode.ELSEWHERE, Mode.NOTHING]


def test_a_group_that_this_version_does_not_read_is_said() -> None:
    """The runbook's own apiVersion is gone from v3."""
    (route,) = routes(a_route(a_rule(), api_version=ELDER), *WEB)
    assert route.verdict is Verdict.FAILED
    assert "does not read the API group traefik.containo.us" in route.problems[0]
    elder = routes(a_route(a_rule(), api_version=ELDER), *WEB, config=V2)[0]
    assert (elder.verdict, elder.unread, elder.problems) == (Verdict.HEALTHY, "", ())


def test_of_two_routes_with_one_name_the_younger_group_wins() -> None:
    found = routes(a_route(a_rule()), a_route(a_rule(), api_version=ELDER), *WEB, config=V2)
    assert [bool(each.unread) for each in found] == [True, False]


def test_another_controllers_class_is_said() -> None:
    classes = {"nginx": True, "traefik": False, "traefik-internal": False, "": False}
    for name, unread in classes.items():
        (route,) = routes(an_ingress(a_path(), ingressClassName=name), *WEB)
        assert bool(route.unread) is unread, name
    elder = an_ingress(a_path(), annotations={"kubernetes.io/ingress.class": "nginx"})
    assert routes(elder, *WEB)[0].unread
    mine = TraefikConfig("3.6.2", StaticConfig(complete=True, class_of_ingresses="mine"))
    assert routes(an_ingress(a_path()), *WEB, config=mine)[0].unread


def test_routers_are_named_as_traefik_names_them() -> None:
    """The first is one of a real log line: its rule is not known, its form is."""
    name = naming.of_route("traefik", "traefik-ui", "PathPrefix(`/`)")
    assert name.startswith("traefik-traefik-ui-")
    assert len(name) == len("traefik-traefik-ui-52b87130052d50bba54a@kubernetescrd")
    ingress = naming.of_ingress("apps", "site", "a.example", "/b_c")
    assert ingress == "apps-site-a-example-b-c@kubernetes"


def test_arguments_are_read_without_regard_to_case() -> None:
    said = static_config(
        (
            "--Providers.KubernetesCRD.NativeLBByDefault",
            "--providers.kubernetesingress.ingressClass=mine",
            "--entryPoints.traefik.address=:9000/tcp",
            "--api.dashboard=true",
            "--api.basePath=/traefik/",
            "--log.level=debug",
            "--accesslog",
        )
    )
    assert (said.complete, said.native_routes, said.native_ingresses) == (True, True, False)
    assert (said.class_of_ingresses, said.api_port, said.base_path) == ("mine", 9000, "/traefik")
    assert (said.api_on, said.api_open, said.shows_servers, said.access_log) == (
        True,
        False,
        True,
        True,
    )
    assert not static_config(("--configFile=/x.yaml", "--api.insecure")).complete
    assert not static_config(()).complete


@pytest.mark.parametrize(
    ("image", "read"),
    [("traefik:v2.9.10", 1), ("traefik:2.11.8", 2), ("traefik:v3.6.2", 1), ("traefik:latest", 2)],
)
def test_the_groups_that_are_read_follow_the_version(image: str, read: int) -> None:
    assert len(groups(version(TraefikPod("", "", running=True, image=image)))) == read


CLUSTER_IP = "10.43.0.9"
SERVICES = (
    a_service(clusterIP=CLUSTER_IP),
    a_service(clusterIP=CLUSTER_IP, selector=None),
    a_service(clusterIP="None"),
    a_service(clusterIP=CLUSTER_IP, ports=[{"name": "http", "port": 80}]),
    a_service(type="ExternalName", externalName="db.example.org"),
)
SLICES = (
    (),
    (a_slice("web", an_endpoint()),),
    (a_slice("web", an_endpoint(ready=False)),),
    (a_slice("web", an_endpoint(ready=False, serving=True, terminating=True)),),
    (a_slice("web", an_endpoint(), ports=[{"name": "http", "port": 8080}]),),
)
CONFIGS = (
    V3,
    V2,
    TraefikConfig("3.6.2", StaticConfig(complete=True, native_routes=True, native_ingresses=True)),
    TraefikConfig("2.11.8", StaticConfig(complete=True, external_routes=True)),
)


def test_healthy_never_stands_beside_a_rule_without_a_server() -> None:
    """Whatever Service, endpoints, nativeLB and Traefik: the check and the servers agree."""
    plain = (to(), to(nativeLB=True), to(port="80"), an_ingress(a_path()))
    for service, slices, config, route in itertools.product(SERVICES, SLICES, CONFIGS, plain):
        (view,) = routes(route, service, *slices, config=config)
        has_server = any(backend.servers for backend in view.backends)
        assert has_server or view.verdict is not Verdict.HEALTHY, (service, slices, config, route)


def test_a_route_of_which_a_part_could_not_be_read_is_unknown_here_too():
    """As in `/health routes`: nobody knows what that part says."""
    odd = to()
    odd["spec"]["entryPoints"] = "web"
    (route,) = routes(*WORLD, odd)
    assert route.verdict is Verdict.UNKNOWN
    assert "could not be read" in route.problems[0]


def test_a_route_that_finalizers_hold_is_not_healthy_here_either():
    """Deleted an hour ago, and still there."""
    held = to()
    held["metadata"] |= {
        "deletionTimestamp": "2026-11-23T08:00:00Z",
        "finalizers": ["example.org/hold"],
    }
    (route,) = routes(*WORLD, held)
    assert route.verdict is not Verdict.HEALTHY


def test_no_route_is_called_healthy_for_which_no_server_is_known() -> None:
    """A file or a part of the cluster may not show it: then it is unknown."""
    (route,) = routes(a_route(a_rule({"name": "web", "port": 80})), live=False)
    assert route.backends[0].mode is Mode.NOTHING
    assert route.verdict is Verdict.UNKNOWN
    assert "no server is known" in route.problems[0]


def test_a_route_of_a_class_that_nobody_serves_is_failed_and_not_passed_over() -> None:
    """As the health checks say, too."""
    config = TraefikConfig("3.6.2", StaticConfig(complete=True, class_of_routes="internal"))
    (route,) = routes(to(), *WORLD, config=config)
    assert (route.unread, route.verdict) == ("", Verdict.FAILED)
