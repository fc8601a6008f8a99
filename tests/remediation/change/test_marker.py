"""A marker is served where its route is, has a host of its own, and asks for no certificate."""

from typing import Any

import pytest

from bot.remediation.change import marker
from bot.remediation.change.fields import Action
from bot.remediation.change.step import Step, mistake, progress, written
from tests.remediation.planning.situations import a_route, an_ingress

NAME = marker.host("3f9c")
TLS = "traefik.ingress.kubernetes.io/router.tls"
ENTRY = "traefik.ingress.kubernetes.io/router.entrypoints"
ISSUER = "cert-manager.io/cluster-issuer"
CLASS = "kubernetes.io/ingress.class"


def made(route: dict[str, Any]) -> dict[str, Any]:
    step = marker.marker(route, NAME)
    assert step
    assert mistake(step) == ""
    return step.manifest


def test_a_host_is_in_a_domain_that_nobody_can_have() -> None:
    assert NAME == "probe.meshmedic-3f9c.invalid"


def test_an_ingress_is_copied_with_its_class_and_backend_for_the_other_host() -> None:
    spec = made(an_ingress(ingressClassName="traefik"))["spec"]
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    rule = {"host": "*.meshmedic-3f9c.invalid", "http": {"paths": [path]}}
    assert spec == {"ingressClassName": "traefik", "rules": [rule]}


def test_a_default_backend_is_marked_too() -> None:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    spec = made(an_ingress(rules=[], defaultBackend=backend))["spec"]
    assert spec["rules"][0]["http"]["paths"][0]["backend"] == backend


def test_what_routes_nothing_has_no_marker() -> None:
    """An IngressRoute that only loads a certificate, say."""
    route = a_route()
    assert (
        marker.marker({**route, "spec": {"routes": [], "tls": {"secretName": "web"}}}, NAME) is None
    )
    assert marker.marker(an_ingress(rules=[{"host": "web.example"}]), NAME) is None


def test_only_annotations_that_traefik_reads_are_kept() -> None:
    """cert-manager and external-dns shall not act on it."""
    notes = {ENTRY: "web", CLASS: "traefik", ISSUER: "letsencrypt"}
    metadata = made(an_ingress(metadata={"annotations": notes}))["metadata"]
    assert metadata["annotations"] == {ENTRY: "web", CLASS: "traefik"}


def test_a_marker_is_compared_with_what_its_route_is_compared_with() -> None:
    """It has the label of the hand-over, and says of which Ingress, as the route does."""
    notes = {"meshmedic.dev/replaces": "web", "meshmedic.dev/hosts": "a", ISSUER: "letsencrypt"}
    notes["meshmedic.dev/services"] = "web"
    label = {"meshmedic.dev/hand-over": "traefik.io"}
    metadata = made(a_route(annotations=notes, labels=label))["metadata"]
    assert metadata["labels"] == {"app.kubernetes.io/managed-by": "meshmedic", **label}
    del notes[ISSUER]
    assert metadata["annotations"] == notes


def test_no_certificate_is_ordered_for_an_ingress_and_tls_stays() -> None:
    notes = {f"{TLS}.certresolver": "le", f"{TLS}.domains.0.main": "web.example", ENTRY: "web"}
    tls = [{"hosts": ["web.example"], "secretName": "web"}]
    copied = made(an_ingress(metadata={"annotations": notes}, tls=tls))
    assert copied["metadata"]["annotations"] == {ENTRY: "web", TLS: "true"}
    assert "tls" not in copied["spec"]


@pytest.mark.parametrize(
    ("tls", "kept"),
    [
        ({"certResolver": "le", "domains": [{"main": "web.example"}]}, {}),
        ({"secretName": "web", "options": {"name": "strict"}}, {"options": {"name": "strict"}}),
    ],
)
def test_no_certificate_is_ordered_for_an_ingress_route_and_tls_stays(
    tls: dict[str, Any], kept: dict[str, Any]
) -> None:
    route = a_route()
    route["spec"]["tls"] = tls
    assert made(route)["spec"]["tls"] == kept


def test_an_ingress_route_is_copied_with_its_entrypoints_services_and_priority() -> None:
    route = a_route({"name": "web", "port": 80, "nativeLB": True})
    route["spec"]["routes"][0] |= {"priority": 24, "middlewares": [{"name": "auth"}]}
    (copied,) = made(route)["spec"]["routes"]
    assert copied == {**route["spec"]["routes"][0], "match": f"HostRegexp(`{NAME}`)"}
    assert made(route)["spec"]["entryPoints"] == ["web"]


def test_the_entrypoints_that_a_route_names_are_known() -> None:
    ingress = an_ingress(metadata={"annotations": {ENTRY: "web, WebSecure"}})
    assert marker.entry_points(ingress) == {"web", "websecure"}
    assert marker.entry_points(a_route()) == {"web"}
    assert marker.entry_points(an_ingress()) == frozenset()


def test_it_stands_behind_its_route_in_a_list() -> None:
    """A list that is read anew is loaded in its order."""
    name = made(a_route())["metadata"]["name"]
    assert sorted([name, "web"]) == ["web", name]


@pytest.mark.parametrize("route", [an_ingress(), a_route()], ids=["Ingress", "IngressRoute"])
def test_it_is_taken_away_again_and_what_somebody_else_made_is_not(route: dict[str, Any]) -> None:
    at = marker.target(route)
    live = made(route)
    gone = marker.removal(at, live)
    assert isinstance(gone, Step)
    assert mistake(gone) == ""
    assert written(gone, live) is None
    assert str(progress(gone, live)) == "to do"
    live["metadata"]["labels"] = {}
    assert marker.removal(at, live) is None


@pytest.mark.parametrize("route", [an_ingress(), a_route()], ids=["Ingress", "IngressRoute"])
def test_a_route_that_serves_is_no_marker_though_it_bears_its_name_and_label(
    route: dict[str, Any],
) -> None:
    """A hand-over of an Ingress of that name made it."""
    at = marker.target(route)
    serving = made(route) | {"spec": route["spec"]}
    assert serving["metadata"]["labels"]
    assert marker.removal(at, serving) is None


def test_a_marker_of_each_kind_is_written_as_that_kind() -> None:
    actions = {kind: marker.ACTIONS[kind] for kind in ("Ingress", "IngressRoute")}
    assert actions == {
        "Ingress": Action.DELETE_INGRESS,
        "IngressRoute": Action.CREATE_INGRESSROUTE,
    }
