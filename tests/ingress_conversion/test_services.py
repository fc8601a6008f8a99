"""Services keep what their annotations say, and go by their VIP or are refused."""

from typing import Any

import pytest

from bot.ingress_conversion.convert import convert
from bot.ingress_conversion.known import Inventory
from bot.ingress_conversion.refusals import ConversionReason
from tests.ingress_conversion.ingresses import (
    a_path,
    a_rule,
    a_service,
    an_ingress,
    converted,
    routes,
    said,
    target,
)


def service(*around: dict[str, Any], port: int | str = 80, version: str = "3.6.13") -> Any:
    ingress = an_ingress(a_rule("a", a_path(port=port)))
    (route,) = routes(ingress, *around, to=target(version))
    (found,) = route["services"]
    return found


@pytest.mark.parametrize("port", [80, "http"])
def test_a_service_is_reached_by_its_vip_and_the_ports_name_or_number(port: int | str) -> None:
    assert service(port=port) == {"name": "web", "port": port, "nativeLB": True}
    assert service(a_service(), port=port) == {"name": "web", "port": port, "nativeLB": True}


def test_what_a_service_says_is_copied_for_an_ingress_route_does_not_read_it() -> None:
    annotations = said(
        service_serversscheme="h2c",
        service_passhostheader="false",
        service_serverstransport="apps-own@kubernetescrd",
        service_nativelb="false",
    )
    assert service(a_service(annotations=annotations)) == {
        "name": "web",
        "port": 80,
        "nativeLB": True,
        "scheme": "h2c",
        "passHostHeader": False,
        "serversTransport": "own",
    }


def test_middlewares_of_a_service_are_of_traefik_3_7() -> None:
    marked = a_service(annotations=said(service_middlewares="apps-a@kubernetescrd"))
    found = service(marked, version="3.7.9")
    assert found["middlewares"] == [{"name": "a", "namespace": "apps"}]
    made = converted(an_ingress(), marked, to=target("3.6.13"))
    assert made.code is ConversionReason.REJECTED_ANNOTATION


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"clusterIP": "None"}, ConversionReason.HEADLESS_SERVICE),
        ({"clusterIPs": ["None"]}, ConversionReason.HEADLESS_SERVICE),
        ({"type": "ExternalName", "externalName": "a.b"}, ConversionReason.EXTERNAL_NAME),
        ({"ports": "none"}, ConversionReason.MALFORMED),
        ({"annotations": said(service_sticky_cookie="true")}, ConversionReason.STICKY_SESSIONS),
        ({"annotations": said(service_sticky_cookie_name="c")}, ConversionReason.STICKY_SESSIONS),
        ({"annotations": said(service_serversscheme="grpc")}, ConversionReason.UNKNOWN_SCHEME),
        ({"annotations": said(service_unknown="x")}, ConversionReason.REJECTED_ANNOTATION),
        ({"annotations": said(service_passhostheader="no")}, ConversionReason.REJECTED_ANNOTATION),
        (
            {"annotations": said(service_serverstransport="other-x@kubernetescrd")},
            ConversionReason.CROSS_NAMESPACE,
        ),
    ],
)
def test_a_service_that_cannot_go_by_its_vip_is_refused(
    spec: dict[str, Any], reason: ConversionReason
) -> None:
    assert converted(an_ingress(), a_service(**spec)).code is reason


@pytest.mark.parametrize(
    "annotation", [{"service_sticky": "true"}, {"service_sticky_cookie": "false"}]
)
def test_a_sticky_cookie_that_is_off_does_not_matter(annotation: dict[str, str]) -> None:
    assert service(a_service(annotations=said(**annotation)))["nativeLB"] is True


def test_a_service_of_another_namespace_is_another_service() -> None:
    assert service(a_service(namespace="other", clusterIP="None"))


def test_where_everything_is_known_what_is_missing_does_not_exist() -> None:
    made = convert(an_ingress(), Inventory(complete=True), target())
    assert made.code is ConversionReason.MISSING_SERVICE


def test_a_vip_that_leads_to_own_nodes_only_is_named() -> None:
    made = converted(an_ingress(), a_service(internalTrafficPolicy="Local"))
    assert any("internalTrafficPolicy Local" in each for each in made.warnings)


def test_a_port_that_the_service_lacks_is_served_neither_now_nor_then() -> None:
    made = converted(an_ingress(), a_service(ports=[{"port": 8080}]))
    assert made.manifests
    assert any("has no port 80" in each for each in made.warnings)


def test_what_was_not_seen_of_a_service_is_said() -> None:
    assert any("was not seen" in each for each in converted(an_ingress()).warnings)
    assert converted(an_ingress(), a_service()).warnings == ()
    by_node = a_service(annotations=said(service_nodeportlb="true", service_nativelb="true"))
    told = converted(an_ingress(), by_node).warnings
    assert all(part in each for each, part in zip(told, ("already", "node ports"), strict=True))
