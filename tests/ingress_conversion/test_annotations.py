"""Annotations are decoded as Traefik does: what it does not take, nothing is made of."""

import pytest

from bot.ingress_conversion.refusals import ConversionReason
from tests.ingress_conversion.ingresses import (
    TRAEFIK,
    a_path,
    a_rule,
    an_ingress,
    converted,
    manifests,
    of_kind,
    routes,
    said,
    target,
)


def test_each_annotation_has_its_field() -> None:
    annotations = said(
        router_entrypoints="websecure, internal",
        router_middlewares="apps-auth@kubernetescrd, slow@file",
        router_priority="42",
        router_rulesyntax="v3",
        router_tls="true",
        router_tls_certresolver="le",
        router_tls_options="apps-modern@kubernetescrd",
        router_tls_domains_0_main="a.b",
        router_tls_domains_0_sans="*.a.b, c",
        router_tls_domains_1_main="d",
        router_observability_accesslogs="false",
        router_observability_traceverbosity="detailed",
    )
    (made,) = manifests(an_ingress(annotations=annotations))
    assert made["spec"]["entryPoints"] == ["websecure", "internal"]
    assert made["spec"]["tls"] == {
        "options": {"name": "modern", "namespace": "apps"},
        "certResolver": "le",
        "domains": [{"main": "a.b", "sans": ["*.a.b", "c"]}, {"main": "d"}],
    }
    (route,) = made["spec"]["routes"]
    assert route["middlewares"] == [{"name": "auth", "namespace": "apps"}, {"name": "slow@file"}]
    assert (route["priority"], route["syntax"]) == (42, "v3")
    assert route["observability"] == {"accessLogs": False, "traceVerbosity": "detailed"}


def test_keys_are_read_without_regard_to_case() -> None:
    annotations = {f"{TRAEFIK}Router.TLS.certResolver": "le"}
    (made,) = manifests(an_ingress(annotations=annotations))
    assert made["spec"]["tls"] == {"certResolver": "le"}


def test_annotations_of_traefik_1_are_passed_over_as_traefik_does() -> None:
    annotations = {f"{TRAEFIK}redirect-permanent": "true", f"{TRAEFIK}router": "x"}
    (route,) = routes(an_ingress(annotations=annotations))
    assert set(route) == {"kind", "match", "services"}


@pytest.mark.parametrize(
    "annotation",
    [
        said(router_entrypoint="web"),
        said(router_priority="high"),
        said(router_priority="99999999999999999999"),
        said(router_priority=str(2**63 - 1)),
        said(router_tls_domains="a", router_tls_domains_main="a"),
        said(router_tls_secret="a"),
        said(router_observability_accesslogs="yes"),
        said(router_observability_traceverbosity="loud"),
        said(router_pathmatcher_x="a"),
        {f"{TRAEFIK}router..tls": "true"},
    ],
)
def test_what_traefik_does_not_take_is_refused(annotation: dict[str, str]) -> None:
    made = converted(an_ingress(annotations=annotation))
    assert made.code is ConversionReason.REJECTED_ANNOTATION, made


@pytest.mark.parametrize(
    ("annotation", "since"),
    [
        (said(router_rulesyntax="v2"), "3.1.3"),
        (said(router_observability_metrics="true"), "3.3.0"),
        (said(router_observability_traceverbosity="minimal"), "3.5.0"),
    ],
)
def test_an_annotation_of_a_later_version_is_one_that_traefik_does_not_take(
    annotation: dict[str, str], since: str
) -> None:
    assert manifests(an_ingress(annotations=annotation), to=target(since))
    earlier = converted(an_ingress(annotations=annotation), to=target("2.11.0"))
    assert earlier.code is ConversionReason.REJECTED_ANNOTATION


@pytest.mark.parametrize(
    ("value", "speaks"),
    [("true", True), ("TRUE", True), ("", True), ("false", False), ("no", False)],
)
def test_tls_is_on_or_off_as_traefik_reads_it(value: str, speaks: bool) -> None:
    (made,) = manifests(an_ingress(annotations=said(router_tls=value)))
    assert ("tls" in made["spec"]) is speaks


def test_tls_that_is_switched_off_stays_off_whatever_stands_below() -> None:
    annotations = said(router_tls="false", router_tls_certresolver="le")
    (made,) = manifests(an_ingress(annotations=annotations))
    assert "tls" not in made["spec"]


@pytest.mark.parametrize("name", ["auth", "auth@kubernetes", "apps-my.auth@kubernetescrd", ""])
def test_a_middleware_that_traefik_cannot_find_is_refused(name: str) -> None:
    made = converted(an_ingress(annotations=said(router_middlewares=f"{name},x@file")))
    assert made.code is ConversionReason.UNRESOLVED_REFERENCE


def test_a_middleware_of_another_namespace_is_refused() -> None:
    annotations = said(router_middlewares="kube-system-auth@kubernetescrd")
    made = converted(an_ingress(annotations=annotations))
    assert made.code is ConversionReason.CROSS_NAMESPACE
    assert "--allow-cross-namespace" in made.reason
    allowed = routes(an_ingress(annotations=annotations), to=target(cross_namespace=True))
    assert allowed[0]["middlewares"] == [{"name": "kube-system-auth@kubernetescrd"}]


def test_the_dash_is_told_by_the_middlewares_that_exist() -> None:
    """`apps-web-auth` is `web-auth` in `apps`, or `auth` in `apps-web`."""
    ingress = an_ingress(annotations=said(router_middlewares="apps-web-auth@kubernetescrd"))
    assert routes(ingress)[0]["middlewares"] == [{"name": "web-auth", "namespace": "apps"}]
    dotted = of_kind("Middleware", "web.auth")
    assert routes(ingress, dotted)[0]["middlewares"][0]["name"] == "web.auth"
    other = of_kind("Middleware", "auth", "apps-web")
    assert converted(ingress, other).code is ConversionReason.CROSS_NAMESPACE
    assert routes(ingress, other, of_kind("Middleware", "web-auth"))


def test_the_default_tls_options_are_those_that_hold_anyway() -> None:
    annotations = said(router_tls="true", router_tls_options="default")
    (made,) = manifests(an_ingress(annotations=annotations))
    assert made["spec"]["tls"] == {}


def test_tls_options_of_another_provider_name_the_own_namespace() -> None:
    """Without it Traefik 3.6 takes them for another namespace's, and drops the route."""
    annotations = said(router_tls="true", router_tls_options="modern@file")
    (made,) = manifests(an_ingress(annotations=annotations))
    assert made["spec"]["tls"] == {"options": {"name": "modern@file", "namespace": "apps"}}


def test_an_entry_without_rules_for_the_path_matcher_still_has_its_other_fields() -> None:
    annotations = said(router_pathmatcher="Path")
    ingress = an_ingress(
        a_rule("", a_path("/p", "ImplementationSpecific")), annotations=annotations
    )
    assert routes(ingress)[0]["match"] == "Path(`/p`)"
