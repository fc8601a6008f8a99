"""From what a person types to a route's Service, endpoints, VIPs, and Traefik's pods."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.finding import Ref
from bot.domain.resources.core import Service
from bot.domain.resources.discovery import EndpointSlice
from bot.domain.snapshot import Snapshot
from bot.net import route_resolution as resolving
from bot.net.diagnosis.subject import (
    EndpointAt,
    Native,
    NodeAt,
    Subject,
    TraefikAt,
    UnreadyAt,
    Unresolved,
)
from tests.builders import Plain, a_pod, an_object
from tests.net.networks import TRAEFIK, a_service, a_slice, a_snapshot, an_endpoint

ANNOTATION = "traefik.ingress.kubernetes.io/service.nativelb"


def an_ingress(
    name: str = "web", host: str = "web.example", *, path: str = "/", to: str = "web"
) -> Plain:
    backend = {"service": {"name": to, "port": {"number": 80}}}
    rule = {"host": host, "http": {"paths": [{"path": path, "backend": backend}]}}
    return an_object("Ingress", name, "networking.k8s.io/v1", spec={"rules": [rule]})


def a_route(name: str = "web", host: str = "web.example", **service: Any) -> Plain:
    to = {"name": "web", "port": 80, **service}
    rule = {"match": f"Host(`{host}`) && PathPrefix(`/api`)", "services": [to]}
    return an_object("IngressRoute", name, TRAEFIK, spec={"routes": [rule]})


def a_traefik(node: str = "edge", *arguments: str, host_network: bool = False) -> Plain:
    pod = a_pod(f"traefik-{node}", namespace="traefik", node=node)
    pod["metadata"]["labels"] = {"app.kubernetes.io/name": "traefik"}
    pod["spec"] |= {"hostNetwork": host_network}
    pod["spec"]["containers"][0]["args"] = list(arguments)
    pod["status"]["podIP"] = "10.42.0.2"
    return pod


def a_backend(name: str = "web-1", *, node: str = "attic", **container: Any) -> Plain:
    pod = a_pod(name, node=node)
    pod["metadata"]["labels"] = {"app": "web"}
    pod["spec"]["containers"][0] |= container
    return pod


def placed(address: str = "10.42.1.5", node: str = "attic", pod: str = "web-1") -> Plain:
    return {**an_endpoint(address), "nodeName": node, "targetRef": {"kind": "Pod", "name": pod}}


def a_cluster(*more: Plain, service: Plain | None = None, **rest: Any) -> Snapshot:
    web = service or a_service(clusterIP="10.43.0.9")
    return a_snapshot(web, a_slice("web", placed()), a_backend(), a_traefik(), *more, **rest)


def found(snapshot: Snapshot, typed: str) -> Subject:
    subject = resolving.resolve(snapshot, typed)
    assert isinstance(subject, Subject), subject
    return subject


def why(snapshot: Snapshot, typed: str) -> Unresolved:
    subject = resolving.resolve(snapshot, typed)
    assert isinstance(subject, Unresolved)
    return subject


@pytest.mark.parametrize(
    "typed",
    [
        "web.example",
        "WEB.example/",
        "https://web.example/",
        "apps/web",
        "web",
        "ingress/apps/web",
        "Ingress apps/web",
        "ingress/apps/web web.example/",
    ],
)
def test_an_ingress_is_found_by_any_of_its_names(typed: str):
    """Host, URL, `namespace/name`, name, and what autocomplete offers."""
    subject = found(a_cluster(an_ingress()), typed)
    assert (subject.route, subject.service) == (
        Ref("Ingress", "apps", "web"),
        Ref("Service", "apps", "web"),
    )


def test_every_suggestion_finds_what_it_says():
    """What is offered can be chosen."""
    snapshot = a_cluster(an_ingress(), a_route("api", "api.example"))
    offered = resolving.suggestions(snapshot, "")
    assert offered[:2] == ("ingress/apps/web web.example/", "ingressroute/apps/api api.example/api")
    assert [found(snapshot, each).name for each in offered] == list(offered)


def test_suggestions_hold_every_word_that_was_typed():
    """In any order."""
    snapshot = a_cluster(an_ingress(), a_route("api", "api.example"))
    assert resolving.suggestions(snapshot, "API apps") == ("ingressroute/apps/api api.example/api",)


def test_a_subject_knows_where_everything_is():
    """Endpoints with pod and node, VIPs, Traefik, and the nodes' addresses."""
    node = an_object(
        "Node",
        "attic",
        namespace="",
        status={"addresses": [{"type": "InternalIP", "address": "100.64.0.2"}]},
    )
    node["metadata"]["annotations"] = {"flannel.alpha.coreos.com/public-ip": "192.168.1.2"}
    subject = found(a_cluster(an_ingress(), node), "web.example")
    assert subject.endpoints == (
        EndpointAt(
            address="10.42.1.5",
            port=8080,
            node="attic",
            namespace="apps",
            pod="web-1",
            others=(80,),
        ),
    )
    assert subject.vips == ("10.43.0.9",)
    assert subject.traefik == (TraefikAt("edge", "traefik", "traefik-edge", ("10.42.0.2",)),)
    assert subject.nodes == (NodeAt("attic", ("100.64.0.2",), "192.168.1.2"),)
    assert (subject.host, subject.path, subject.port, subject.tls) == (
        "web.example",
        "/",
        80,
        False,
    )


def test_dual_stack_has_both_vips_and_the_endpoints_of_both_slices():
    """clusterIPs, and a slice for each family."""
    six = a_slice("web", placed("fd00:42::5"))
    six["metadata"]["name"] = "web-six"
    service = a_service(clusterIP="10.43.0.9", clusterIPs=["10.43.0.9", "fd00:43::9"])
    subject = found(a_cluster(an_ingress(), six, service=service), "web.example")
    assert subject.vips == ("10.43.0.9", "fd00:43::9")
    assert [str(each) for each in subject.endpoints] == ["10.42.1.5:8080", "[fd00:42::5]:8080"]


def test_what_is_not_ready_is_no_endpoint():
    """Null means ready."""
    slice_ = a_slice("web", {**placed("10.42.1.6"), "conditions": {"ready": False}}, placed())
    subject = found(a_snapshot(a_service(), slice_, an_ingress()), "web.example")
    assert ([each.address for each in subject.endpoints], subject.unready) == (
        ["10.42.1.5"],
        (UnreadyAt("10.42.1.6", "attic"),),
    )


def test_slices_that_were_not_read_are_no_proof_of_anything():
    """Then nobody knows the endpoints."""
    snapshot = a_snapshot(a_service(), an_ingress(), unseen=(EndpointSlice,))
    assert not found(snapshot, "web.example").endpoints_seen


@pytest.mark.parametrize(
    ("probe", "watched"),
    [
        ({"tcpSocket": {"port": 8080}}, True),
        ({"httpGet": {"port": "http"}}, True),
        ({"httpGet": {"port": 9090}}, False),
        ({"httpGet": {"port": 8080, "host": "127.0.0.1"}}, False),
        ({"exec": {"command": ["true"]}}, False),
        (None, False),
    ],
)
def test_a_readiness_probe_on_that_port_says_that_somebody_listens(probe: Any, watched: bool):
    """By number or by name; another port, another host or a command says nothing of it."""
    pod = a_backend(ports=[{"name": "http", "containerPort": 8080}], readinessProbe=probe)
    snapshot = a_snapshot(a_service(), a_slice("web", placed()), pod, an_ingress())
    (endpoint,) = found(snapshot, "web").endpoints
    assert (endpoint.watched, endpoint.declared) == (watched, (8080,))


@pytest.mark.parametrize(
    ("more", "native"),
    [
        (a_route(), Native.OFF),
        (a_route(nativeLB=True), Native.ON),
        (a_route(nativeLB=False), Native.OFF),
        (an_ingress(), Native.OFF),
    ],
)
def test_nativelb_is_what_the_route_says(more: Plain, native: Native):
    """The field of an IngressRoute's service."""
    assert found(a_cluster(more), "web.example").native is native


def test_the_annotation_turns_it_on_for_an_ingress_and_not_for_an_ingressroute():
    """The CRD provider does not read it."""
    service = a_service()
    service["metadata"]["annotations"] = {ANNOTATION: "true"}
    assert found(a_cluster(an_ingress(), service=service), "web.example").native is Native.ON
    assert found(a_cluster(a_route(), service=service), "web.example").native is Native.OFF


def test_traefiks_argument_turns_it_on_unless_the_route_says_no():
    """nativeLBByDefault, v3.0 on."""
    args = "--providers.kubernetescrd.nativeLBByDefault=true"
    objects = (a_service(), a_slice("web", placed()), a_traefik("edge", args))
    assert found(a_snapshot(*objects, a_route()), "web.example").native is Native.ON
    assert found(a_snapshot(*objects, a_route(nativeLB=False)), "web.example").native is Native.OFF
    assert found(a_snapshot(*objects, an_ingress()), "web.example").native is Native.OFF


@pytest.mark.parametrize(
    ("spec", "headless", "external"),
    [
        ({"clusterIP": "None"}, True, ""),
        ({"type": "ExternalName", "externalName": "example.net"}, False, "example.net"),
    ],
)
def test_what_has_no_vip_cannot_have_nativelb(spec: Plain, headless: bool, external: str):
    """Headless, and ExternalName."""
    subject = found(a_cluster(an_ingress(), service=a_service(**spec)), "web.example")
    assert (subject.native, subject.headless, subject.external, subject.vips) == (
        Native.IMPOSSIBLE,
        headless,
        external,
        (),
    )


@pytest.mark.parametrize(
    ("port", "service", "tls"),
    [
        ({"port": 443}, {"port": 443}, True),
        ({"port": 8443, "name": "https-web"}, {"port": 8443}, True),
        ({"port": 443}, {"port": 443, "scheme": "http"}, False),
        ({"port": 80}, {"scheme": "https"}, True),
    ],
)
def test_the_scheme_is_the_one_that_traefik_would_take(port: Plain, service: Plain, tls: bool):
    """Port 443 or a name that begins with https, unless the route says otherwise."""
    snapshot = a_cluster(a_route(**service), service=a_service(ports=[port]))
    assert found(snapshot, "web.example").tls is tls


def test_a_host_network_traefik_is_known():
    """Its traffic leaves from the node's own address."""
    snapshot = a_snapshot(a_service(), an_ingress(), a_traefik(host_network=True))
    assert found(snapshot, "web.example").in_host_network("edge")


def test_a_name_that_is_nearly_right_is_offered():
    """With what was not found."""
    said = why(a_cluster(an_ingress("shop", "shop.example")), "shop.exmaple")
    assert "No route or Service" in said.detail
    assert said.near[0] == "ingress/apps/shop shop.example/"


def test_what_was_not_seen_is_said_when_nothing_is_found():
    """It may be there."""
    assert "Not seen: Service" in why(a_snapshot(unseen=(Service,)), "web").detail


def test_several_matches_are_to_be_chosen_from():
    """Two rules of one host to two Services."""
    other = a_service("api", clusterIP="10.43.0.10")
    snapshot = a_cluster(an_ingress(), an_ingress("api", path="/api", to="api"), other)
    said = why(snapshot, "web.example")
    assert "matches 2 routes" in said.detail
    assert len(said.near) == 2
    assert all(found(snapshot, each) for each in said.near)


def test_the_services_of_one_rule_are_to_be_chosen_from():
    """A weighted rule: each Service is a way of its own."""
    route = a_route()
    route["spec"]["routes"][0]["services"].append({"name": "api", "port": 80})
    snapshot = a_cluster(route, a_service("api"))
    said = why(snapshot, "ingressroute/apps/web")
    assert said.near == ("service/apps/api:80", "service/apps/web:80")
    assert all(found(snapshot, each).route is None for each in said.near)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (an_ingress(to="gone"), "does not exist"),
        (a_route(kind="TraefikService"), "TraefikService web"),
        (a_route(port=81), "has not port 81"),
    ],
)
def test_a_route_that_leads_nowhere_says_where_it_ends(more: Plain, word: str):
    """A missing Service, a TraefikService, a missing port."""
    assert word in str(why(a_cluster(more), "web.example"))


def test_a_service_without_ports_is_refused():
    """There is nothing to connect to."""
    snapshot = a_snapshot(a_service(ports=()))
    assert "has no ports" in why(snapshot, "apps/web").detail


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, ("p",)),
        ({"matchLabels": {"app": "web"}}, ("p",)),
        ({"matchLabels": {"app": "db"}}, ()),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}, ("p",)),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, ()),
    ],
)
def test_the_policies_that_select_its_pods_are_known(selector: Plain, expected: tuple[str, ...]):
    """By labels and expressions, as the API reference has it."""
    policy = an_object("NetworkPolicy", "p", "networking.k8s.io/v1", spec={"podSelector": selector})
    assert found(a_cluster(an_ingress(), policy), "web.example").policies == expected


def test_a_policy_about_what_goes_out_refuses_nothing_that_comes_in():
    """`policyTypes: [Egress]`."""
    spec = {"podSelector": {}, "policyTypes": ["Egress"]}
    policy = an_object("NetworkPolicy", "p", "networking.k8s.io/v1", spec=spec)
    assert found(a_cluster(an_ingress(), policy), "web.example").policies == ()


@given(st.text())
def test_any_text_is_answered(typed: str):
    """What a person types is hostile input."""
    snapshot = a_cluster(an_ingress(), a_route())
    assert isinstance(resolving.resolve(snapshot, typed), Subject | Unresolved)
    assert isinstance(resolving.suggestions(snapshot, typed), tuple)


@pytest.mark.parametrize("port", ["9" * 5000, "65536000", "٣" * 6])
def test_a_port_that_is_no_number_of_a_port_makes_no_subject_fail(port: str) -> None:
    """An ExternalName needs no port, so any text may stand there."""
    route = a_route(port=port)
    service = a_service(type="ExternalName", externalName="example.net", ports=())
    found = resolving.resolve(a_snapshot(service, route), "web.example")
    assert isinstance(found, Subject)
    assert found.port == 0
