"""An Ingress as a whole: converted, left as it is, or refused."""

from typing import Any

import pytest

from bot.ingress_conversion.convert import LOWEST, ConversionResult
from bot.ingress_conversion.refusals import ConversionReason
from bot.ingress_conversion.source import is_ingress
from bot.ingress_conversion.target import NEWEST_PATCH, version
from tests.ingress_conversion.ingresses import (
    a_backend,
    a_path,
    a_rule,
    a_service,
    an_ingress,
    converted,
    manifests,
    of_kind,
    routes,
    said,
    target,
)

CLASS = "kubernetes.io/ingress.class"


def test_an_ingress_becomes_an_ingress_route_of_its_name() -> None:
    (made,) = manifests(an_ingress(a_rule("a.example", a_path("/x"))))
    assert made == {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"name": "web", "namespace": "apps"},
        "spec": {
            "routes": [
                {
                    "kind": "Rule",
                    "match": "Host(`a.example`) && PathPrefix(`/x`)",
                    "services": [{"name": "web", "port": 80, "nativeLB": True}],
                }
            ]
        },
    }


def test_no_strategy_is_written() -> None:
    """Its values differ by version, and one that is unknown drops the route."""
    (service,) = routes(an_ingress(), a_service())[0]["services"]
    assert "strategy" not in service


def test_each_host_and_path_has_its_route() -> None:
    rules = [a_rule("a", a_path("/1"), a_path("/2", service="two")), a_rule("b")]
    found = [(each["match"], each["services"][0]["name"]) for each in routes(an_ingress(*rules))]
    assert found == [
        ("Host(`a`) && PathPrefix(`/1`)", "web"),
        ("Host(`a`) && PathPrefix(`/2`)", "two"),
        ("Host(`b`) && PathPrefix(`/`)", "web"),
    ]


def test_of_two_paths_with_one_rule_the_last_holds_as_in_traefik() -> None:
    (route,) = routes(an_ingress(a_rule("a", a_path(), a_path(service="two"))))
    assert route["services"][0]["name"] == "two"


def test_a_default_backend_matches_what_nothing_else_does() -> None:
    ingress = an_ingress(annotations=said(router_priority="7"), defaultBackend=a_backend())
    ingress["spec"].pop("rules")
    (route,) = routes(ingress)
    assert (route["match"], route["priority"]) == ("PathPrefix(`/`)", LOWEST)


def test_beside_rules_traefik_ignores_a_default_backend() -> None:
    ingress = an_ingress(defaultBackend=a_backend("other"))
    assert [each["services"][0]["name"] for each in routes(ingress)] == ["web"]
    assert any("ignores its default backend" in each for each in converted(ingress).warnings)


def test_the_hand_over_goes_before_the_ingress() -> None:
    plain = routes(an_ingress(), added_priority=1)[0]
    assert plain["priority"] == len(plain["match"]) + 1
    ranked = an_ingress(annotations=said(router_priority="5"))
    assert routes(ranked, added_priority=1)[0]["priority"] == 6
    assert routes(ranked)[0]["priority"] == 5


@pytest.mark.parametrize("old", ["extensions/v1beta1", "networking.k8s.io/v1beta1"])
def test_an_elder_api_version_says_the_same_in_other_words(old: str) -> None:
    paths = [{"path": "/x", "backend": {"serviceName": "web", "servicePort": "http"}}]
    ingress = an_ingress({"host": "a", "http": {"paths": paths}}) | {"apiVersion": old}
    assert routes(ingress)[0]["services"][0]["port"] == "http"
    assert (
        converted(ingress | {"apiVersion": "networking.k8s.io/v1"}).code
        is ConversionReason.MALFORMED
    )


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"rules": [{"http": {"paths": [{"backend": {"resource": {"kind": "S", "name": "x"}}}]}}]},
         ConversionReason.RESOURCE_BACKEND),
        ({"rules": [a_rule("a", {"path": "/"})]}, ConversionReason.MALFORMED),
        ({"rules": [a_rule("a", a_path(port=70000))]}, ConversionReason.MALFORMED),
        ({"rules": "all"}, ConversionReason.MALFORMED),
        ({"tls": [{"hosts": "a"}]}, ConversionReason.MALFORMED),
    ],
)  # fmt: skip
def test_what_no_api_server_or_traefik_takes_is_refused(
    spec: dict[str, Any], reason: ConversionReason
) -> None:
    ingress = an_ingress()
    ingress["spec"] |= spec
    assert converted(ingress).code is reason


def test_an_encrypted_ingress_is_refused() -> None:
    assert converted(an_ingress() | {"sops": {}}).code is ConversionReason.ENCRYPTED


@pytest.mark.parametrize(("written", "fits"), [("2.9.10", False), ("2.10.0", True)])
def test_native_lb_begins_with_traefik_2_10(written: str, fits: bool) -> None:
    made = converted(an_ingress(), to=target(written))
    assert (made.code is ConversionReason.TRAEFIK_TOO_OLD) is not fits


@pytest.mark.parametrize("rules", [[], [{"host": "a"}], [{"host": "a", "http": {"paths": []}}]])
def test_without_a_path_traefik_makes_no_router(rules: list[Any]) -> None:
    ingress = an_ingress()
    ingress["spec"]["rules"] = rules
    made = converted(ingress)
    assert (made.result, made.code) == (ConversionResult.UNCHANGED, None)
    assert "no router" in made.reason


@pytest.mark.parametrize(
    ("name", "annotation", "wanted", "served"),
    [
        (None, None, "", True),
        (None, "traefik", "", True),
        (None, "nginx", "", False),
        (None, None, "lan", False),
        (None, "lan", "lan", True),
        ("traefik", None, "", True),
        ("traefik-internal", None, "", True),
        ("nginx", "traefik", "", False),
        ("lan", None, "lan", True),
        ("traefik", None, "lan", False),
    ],
)
def test_an_ingress_of_another_class_stays(
    name: str | None, annotation: str | None, wanted: str, served: bool
) -> None:
    annotations = {CLASS: annotation} if annotation else {}
    ingress = an_ingress(annotations=annotations, **({"ingressClassName": name} if name else {}))
    made = converted(ingress, to=target(ingress_class=wanted))
    assert made.result is (ConversionResult.CONVERTED if served else ConversionResult.UNCHANGED)
    assert served or "class" in made.reason


def test_a_class_goes_by_its_controller_where_that_is_known() -> None:
    def class_of(controller: str) -> dict[str, Any]:
        return of_kind("IngressClass", "lan", spec={"controller": controller})

    ingress = an_ingress(ingressClassName="lan")
    assert converted(ingress).result is ConversionResult.UNCHANGED
    ours = converted(ingress, class_of("traefik.io/ingress-controller"))
    assert ours.result is ConversionResult.CONVERTED
    assert converted(ingress, class_of("k8s.io/ingress-nginx")).result is ConversionResult.UNCHANGED


def test_the_class_is_written_where_an_ingress_route_is_read_by_it() -> None:
    (elder,) = manifests(an_ingress(ingressClassName="traefik"))
    assert elder["metadata"]["annotations"] == {CLASS: "traefik"}
    (younger,) = manifests(an_ingress(ingressClassName="traefik"), to=target("3.7.9"))
    assert younger["spec"]["ingressClassName"] == "traefik"
    (other,) = manifests(an_ingress(ingressClassName="traefik-lan"))
    assert "annotations" not in other["metadata"]
    (own,) = manifests(an_ingress(ingressClassName="lan"), to=target(ingress_class="lan"))
    assert own["metadata"]["annotations"] == {CLASS: "lan"}


@pytest.mark.parametrize("version", ["2.11.0", "3.3.6", "3.7.9"])
def test_a_class_that_the_result_lacks_is_told(version: str) -> None:
    """The Traefik that reads this class ignores the result, or another one serves it."""
    for name in ("traefik-internal", "Traefik2"):
        ingress = an_ingress(ingressClassName=name)
        (warning,) = converted(ingress, a_service(), to=target(version)).warnings
        assert f"class {name} is left out" in warning
        kept = converted(ingress, a_service(), to=target(version, ingress_class=name))
        assert kept.warnings == ()
        assert name in str(kept.manifests)
    controller = of_kind(
        "IngressClass", "lan", spec={"controller": "traefik.io/ingress-controller"}
    )
    ingress = an_ingress(ingressClassName="lan")
    (warning,) = converted(ingress, a_service(), controller, to=target(version)).warnings
    assert "class lan is left out" in warning


@pytest.mark.parametrize("name", [{}, {"ingressClassName": "traefik"}])
def test_no_class_and_traefiks_own_lose_nothing(name: dict[str, str]) -> None:
    """The common cases need no remark."""
    assert converted(an_ingress(**name), a_service()).warnings == ()


def test_an_ingress_without_a_namespace_is_of_the_default_one() -> None:
    annotations = said(router_middlewares="default-auth@kubernetescrd")
    ingress = an_ingress(annotations=annotations, namespace=None)
    (made,) = manifests(ingress)
    assert "namespace" not in made["metadata"]
    assert made["spec"]["routes"][0]["middlewares"] == [{"name": "auth", "namespace": "default"}]
    assert any("names no namespace" in each for each in converted(ingress).warnings)


def test_a_name_that_is_taken_is_not_taken_again() -> None:
    taken = of_kind("IngressRoute", "web")
    assert manifests(an_ingress(), taken)[0]["metadata"]["name"] == "web-2"
    assert manifests(an_ingress(name=""), taken)[0]["metadata"]["name"] == "ingress"


def test_labels_stay_but_those_by_which_a_tool_knows_its_own() -> None:
    ingress = an_ingress()
    ingress["metadata"]["labels"] = {"app": "web", "kustomize.toolkit.fluxcd.io/name": "apps"}
    assert manifests(ingress)[0]["metadata"]["labels"] == {"app": "web"}


def test_whoever_watches_ingresses_is_named() -> None:
    key = "external-dns.alpha.kubernetes.io/target"
    ingress = an_ingress(annotations={key: "home.example"})
    made = converted(ingress)
    assert made.manifests[0]["metadata"]["annotations"] == {key: "home.example"}
    assert any("external-dns" in each for each in made.warnings)


def test_only_kubernetes_own_kind_is_an_ingress() -> None:
    assert is_ingress(an_ingress())
    assert not is_ingress(an_ingress() | {"apiVersion": "config.openshift.io/v1"})
    assert not is_ingress(["Ingress"])


def test_every_reason_says_why_and_what_to_do_instead() -> None:
    for reason in ConversionReason:
        assert reason.why.endswith(".")
        assert reason.instead.endswith(".")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("3.6.13", (3, 6, 13)),
        ("v3.6", (3, 6, NEWEST_PATCH)),
        ("v3.7.0-rc.1", (3, 7, 0)),
        ("2.11.8+k3s1", (2, 11, 8)),
        ("3", None),
        ("latest", None),
        ("", None),
        ("3.6.x", None),
    ],
)
def test_a_version_is_written_as_people_and_images_do(text: str, wanted: object) -> None:
    assert version(text) == wanted
