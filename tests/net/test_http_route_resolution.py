"""From the name or host of an HTTPRoute on Traefik's Gateway to what is diagnosed."""

import pytest

from bot.domain.finding import Ref
from bot.net import route_resolution as resolving
from bot.net.diagnosis.subject import Native, Subject, Unresolved
from bot.remediation.context import READS
from tests.builders import Plain
from tests.gateways import (
    BACKEND,
    OTHERS,
    TO_EDGE,
    a_class,
    a_gateway,
    a_http_rule,
    a_listener,
    an_http_route,
)
from tests.net.networks import a_service, a_slice, a_snapshot, an_endpoint
from tests.net.test_route_resolution import a_traefik

GATEWAY = "--providers.kubernetesgateway"
NATIVE = "traefik.io/service.nativelb"
EDGES = (a_class(), a_gateway())


def a_web(*, native: str = "", **port: object) -> tuple[Plain, ...]:
    """A Service with a VIP and one endpoint."""
    service = a_service(clusterIP="10.43.0.9", ports=[{"port": 80, **port}])
    service["metadata"]["annotations"] = {NATIVE: native} if native else {}
    return (service, a_slice("web", an_endpoint()))


def resolved(typed: str, *plain: Plain) -> Subject | Unresolved:
    return resolving.resolve(a_snapshot(*plain), typed)


@pytest.mark.parametrize(
    "typed", ["site", "a.example", "a.example/api", "httproute/apps/site", "HTTPRoute/apps/site"]
)
def test_it_is_found_by_its_name_and_by_its_host(typed: str) -> None:
    """With host, path and Service, as other routes are."""
    subject = resolved(typed, an_http_route(a_http_rule(path="/api")), *EDGES, *a_web())
    assert isinstance(subject, Subject), subject
    assert (subject.route, subject.service) == (
        Ref("HTTPRoute", "apps", "site"),
        Ref("Service", "apps", "web"),
    )
    assert (subject.host, subject.path, subject.port) == ("a.example", "/api", 80)
    assert (subject.vips, len(subject.endpoints)) == (("10.43.0.9",), 1)


@pytest.mark.parametrize(
    ("native", "arguments", "image", "mode"),
    [
        ("", (GATEWAY,), "traefik:v3.6.2", Native.OFF),
        ("true", (GATEWAY,), "traefik:v3.6.2", Native.ON),
        ("true", (GATEWAY,), "traefik:v3.1.0", Native.OFF),
        ("", (GATEWAY, f"{GATEWAY}.nativeLBByDefault"), "traefik:v3.6.2", Native.ON),
        (
            "",
            (GATEWAY, "--providers.kubernetescrd.nativeLBByDefault"),
            "traefik:v3.6.2",
            Native.OFF,
        ),
        ("false", (GATEWAY, f"{GATEWAY}.nativeLBByDefault"), "traefik:v3.6.2", Native.OFF),
    ],
)
def test_native_lb_is_on_by_its_own_annotation_or_argument(
    native: str, arguments: tuple[str, ...], image: str, mode: Native
) -> None:
    """Those of Traefik's other providers mean nothing for it."""
    traefik = a_traefik("edge", *arguments)
    traefik["spec"]["containers"][0]["image"] = image
    subject = resolved("site", an_http_route(), *EDGES, *a_web(native=native), traefik)
    assert isinstance(subject, Subject), subject
    assert subject.native is mode


def test_the_annotations_of_an_ingress_mean_nothing_for_it() -> None:
    """Neither nativeLB nor the scheme."""
    service, slice_ = a_web()
    service["metadata"]["annotations"] = {
        "traefik.ingress.kubernetes.io/service.nativelb": "true",
        "traefik.ingress.kubernetes.io/service.serversscheme": "https",
    }
    subject = resolved("site", an_http_route(), *EDGES, service, slice_)
    assert isinstance(subject, Subject), subject
    assert (subject.native, subject.tls) == (Native.OFF, False)
    secure = resolved("site", an_http_route(), *EDGES, *a_web(appProtocol="kubernetes.io/wss"))
    assert isinstance(secure, Subject)
    assert secure.tls


def test_a_host_or_path_that_stands_for_several_is_none_to_ask_for() -> None:
    """A wildcard of the listener, and a regular expression."""
    match = {"path": {"type": "RegularExpression", "value": "/v[0-9]+"}}
    rule = {"matches": [match], "backendRefs": [BACKEND]}
    wild = (a_class(), a_gateway(a_listener(hostname="*.example")))
    subject = resolved("site", an_http_route(rule, hostnames=()), *wild, *a_web())
    assert isinstance(subject, Subject), subject
    assert (subject.host, subject.path, subject.match) == ("", "/", "*.example/v[0-9]+")


def test_what_is_no_service_of_traefiks_is_not_diagnosed() -> None:
    """A TraefikService leads on, a redirect nowhere, another controller's route is none of ours."""
    indirect = a_http_rule({"group": "traefik.io", "kind": "TraefikService", "name": "own"})
    found = resolved("site", an_http_route(indirect), *EDGES, *a_web())
    assert isinstance(found, Unresolved)
    assert "TraefikService own" in found.detail
    redirect = {"filters": [{"type": "RequestRedirect"}]}
    idle = a_http_rule({**BACKEND, "weight": 0})
    for rule, class_ in (
        (redirect, a_class()),
        (idle, a_class()),
        (None, a_class("traefik", OTHERS)),
    ):
        route = an_http_route(*([rule] if rule else []), parents=(TO_EDGE,))
        assert isinstance(resolved("site", route, class_, a_gateway(), *a_web()), Unresolved)


def test_a_repair_reads_what_tells_whose_a_route_is() -> None:
    """Its context is resolved anew."""
    assert set(resolving.READS) <= set(READS)
