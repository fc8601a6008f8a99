"""IngressRoutes and Ingresses with broken references."""

from typing import Any

import pytest

from bot.domain.finding import HEALTHY, Judgement, Ref
from bot.domain.report import examine
from bot.domain.resources import core
from bot.domain.resources.traefik import ServersTransport
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from bot.health.checks.routes_ingress import judge as judge_ingress
from bot.health.checks.routes_ingressroute import judge
from tests.builders import Plain, a_certificate, a_pod, an_object
from tests.net.networks import (
    ELDER,
    TRAEFIK,
    WEB,
    a_path,
    a_route,
    a_rule,
    a_service,
    a_slice,
    a_snapshot,
    an_endpoint,
    an_ingress,
    judged,
    labelled,
)

MIDDLEWARES = "traefik.ingress.kubernetes.io/router.middlewares"
ENTRYPOINTS = "traefik.ingress.kubernetes.io/router.entrypoints"


def a_middleware(name: str, namespace: str = "apps", api_version: str = TRAEFIK) -> Plain:
    return {**an_object("Middleware", name, api_version, namespace), "spec": {"compress": {}}}


def a_traefik(*arguments: str) -> Plain:
    pod = labelled(
        a_pod("traefik", namespace="kube-system"), **{"app.kubernetes.io/name": "traefik"}
    )
    pod["spec"]["containers"][0]["args"] = list(arguments)
    return pod


def test_a_route_whose_references_all_exist_is_healthy() -> None:
    """Service by number and by name, Middleware, TLS secret: all there."""
    service = a_service(ports=[{"name": "http", "port": 80}])
    rule = a_rule(
        {"name": "web", "port": 80}, {"name": "web", "port": "http"}, middlewares=[{"name": "auth"}]
    )
    slice_ = a_slice("web", an_endpoint(), ports=[{"name": "http", "port": 8080}])
    others = (slice_, a_middleware("auth"), an_object("Secret", "tls"))
    route = a_route(rule, tls={"secretName": "tls"})
    assert judged(judge, route, service, *others).verdict is Verdict.HEALTHY


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (a_rule({"name": "gone", "port": 80}), "ServiceNotFound"),
        (a_rule({"name": "web", "namespace": "other", "port": 80}), "ServiceNotFound"),
        (a_rule({"name": "web", "port": 8080}), "PortNotFound"),
        (a_rule({"name": "web", "port": "http"}), "PortNotFound"),
        (a_rule({"name": "web"}), "PortNotFound"),
        (a_rule(middlewares=[{"name": "gone"}]), "MiddlewareNotFound"),
        (a_rule(middlewares=[{"name": "apps-gone@kubernetescrd"}]), "MiddlewareNotFound"),
        (a_rule({"kind": "TraefikService", "name": "gone"}), "TraefikServiceNotFound"),
        (a_rule({"name": "@everyone", "port": 80}), "TraefikServiceNotFound"),
        (a_rule(middlewares=[{"name": "auth@"}]), "MiddlewareNotFound"),
        ({"match": "", "services": [{"name": "web", "port": 80}]}, "EmptyRule"),
        ({"match": "Host(`a.example`)"}, "NoServices"),
        ({"match": "Host(`a.example`)", "services": []}, "NoServices"),
    ],
)
def test_a_route_of_which_no_rule_works_has_failed(rule: Plain, reason: str) -> None:
    """Each kind of broken reference is told by its reason, with a line of evidence."""
    found = judged(judge, a_route(rule), *WEB)
    assert (found.verdict, found.reason) == (Verdict.FAILED, reason)
    assert len(found.evidence) == 1


def test_a_route_of_which_some_rules_work_is_degraded() -> None:
    """One finding, with a line for each broken reference."""
    broken = a_rule({"name": "gone", "port": 80}, host="b.example", middlewares=[{"name": "no"}])
    found = judged(judge, a_route(a_rule(), broken), *WEB)
    assert found.verdict is Verdict.DEGRADED
    assert [each.label for each in found.evidence] == ["Host(`b.example`)"] * 2


@pytest.mark.parametrize(
    "rule",
    [
        a_rule({"kind": "TraefikService", "name": "api@internal"}),
        a_rule({"kind": "TraefikService", "name": "weighted@file"}),
        a_rule(middlewares=[{"name": "auth@file"}, {"name": "strip@docker"}]),
    ],
)
def test_references_to_other_providers_are_not_judged(rule: Plain) -> None:
    """What another provider defines cannot be seen in Kubernetes."""
    assert judged(judge, a_route(rule), *WEB).verdict is Verdict.HEALTHY


def a_chain(name: str, *middlewares: Plain) -> Plain:
    return {**a_middleware(name), "spec": {"chain": {"middlewares": list(middlewares)}}}


def test_a_chain_is_as_broken_as_what_is_in_it() -> None:
    """Chains in chains are followed; what is broken in one is its cause."""
    route = a_route(a_rule(middlewares=[{"name": "outer"}]))
    outer = a_chain("outer", {"name": "inner"}, {"name": "rate@file"})
    whole = a_chain("inner", {"name": "auth", "namespace": "other"})
    there = a_middleware("auth", "other")
    assert judged(judge, route, *WEB, outer, whole, there).verdict is Verdict.HEALTHY
    found = judged(judge, route, *WEB, outer, whole)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "MiddlewareNotFound")
    assert found.follows == (Ref("Middleware", "apps", "outer"),)
    assert "Middleware other/auth does not exist." in found.message


def test_a_chain_that_comes_back_to_itself_fails_its_routes() -> None:
    """Traefik says "recursion detected" and drops the route."""
    route = a_route(a_rule(middlewares=[{"name": "outer"}]))
    circle = (a_chain("outer", {"name": "inner"}), a_chain("inner", {"name": "outer"}))
    found = judged(judge, route, *WEB, *circle)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "MiddlewareLoop")


@pytest.mark.parametrize(
    "spec",
    [
        {"basicAuth": {"secret": "users"}},
        {"digestAuth": {"secret": "users"}},
        {"forwardAuth": {"address": "https://auth.example", "tls": {"caSecret": "users"}}},
        {"forwardAuth": {"address": "https://auth.example", "tls": {"certSecret": "users"}}},
    ],
)
def test_a_middleware_without_its_secret_breaks_the_route(spec: Plain) -> None:
    """Traefik cannot build it and drops the rule, also where a chain holds it."""
    broken = {**a_middleware("login"), "spec": spec}
    chain = a_chain("outer", {"name": "login"})
    for name in ("login", "outer"):
        route = a_route(a_rule(middlewares=[{"name": name}]))
        found = judged(judge, route, *WEB, broken, chain)
        assert (found.verdict, found.reason) == (Verdict.FAILED, "MiddlewareWithoutSecret")
        assert "Secret apps/users" in found.message
        there = judged(judge, route, *WEB, broken, chain, an_object("Secret", "users"))
        assert there.verdict is Verdict.HEALTHY


def test_where_secrets_are_not_listed_none_is_missing() -> None:
    """That a Secret was not read proves nothing."""
    gap = Gap("Secret", Why.OFF)
    broken = {**a_middleware("login"), "spec": {"basicAuth": {"secret": "users"}}}
    route = a_route(a_rule(middlewares=[{"name": "login"}]))
    assert judged(judge, route, *WEB, broken, gaps=(gap,)).verdict is Verdict.HEALTHY


def test_an_external_name_service_needs_no_such_port() -> None:
    """Traefik takes the port of the reference for an ExternalName Service."""
    external = a_service("db", type="ExternalName", selector=None, ports=())
    found = judged(judge, a_route(a_rule({"name": "db", "port": 5432})), external)
    assert found.verdict is Verdict.HEALTHY


def test_kinds_of_both_groups_are_found() -> None:
    """Traefik v2.10 and v2.11 read both API groups."""
    rule = a_rule(middlewares=[{"name": "auth"}])
    elder = a_middleware("auth", api_version=ELDER)
    assert judged(judge, a_route(rule), elder, *WEB).verdict is Verdict.HEALTHY


def test_of_one_name_in_both_groups_that_of_traefik_io_counts() -> None:
    """The elder object is superseded, and its broken references break nothing."""
    elder = a_route(a_rule({"name": "gone", "port": 80}), api_version=ELDER)
    assert judged(judge, elder, *WEB).verdict is Verdict.FAILED
    assert judged(judge, elder, a_route(a_rule()), *WEB).verdict is Verdict.HEALTHY


def test_a_service_without_endpoints_breaks_the_route_and_is_its_cause() -> None:
    """The reference is right, so the finding follows from the Service's own."""
    found = judged(judge, a_route(a_rule()), a_service())
    assert (found.verdict, found.reason) == (Verdict.FAILED, "NoReadyEndpoints")
    assert found.follows == (Ref("Service", "apps", "web"),)


def test_a_rule_with_a_second_service_that_answers_is_only_degraded() -> None:
    """Traefik balances on between those that have endpoints."""
    both = a_rule({"name": "web", "port": 80}, {"name": "down", "port": 80})
    found = judged(judge, a_route(both), *WEB, a_service("down"))
    assert found.verdict is Verdict.DEGRADED


def test_a_missing_tls_secret_degrades_and_follows_its_certificate() -> None:
    """Traefik then serves its default certificate."""
    certificate = a_certificate("site", ready="False", reason="DoesNotExist")
    found = judged(judge, a_route(a_rule(), tls={"secretName": "site-tls"}), certificate, *WEB)
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "SecretNotFound")
    assert found.follows == (Ref("Certificate", "apps", "site"),)


def test_where_secrets_are_not_seen_the_certificate_tells() -> None:
    """The absence of what was not looked at is no evidence; a Certificate that is not ready is."""
    route = a_route(a_rule(), tls={"secretName": "site-tls"})
    broken = a_certificate("site", ready="False", reason="DoesNotExist")
    unseen = (core.SecretName,)
    assert judged(judge, route, *WEB, unseen=unseen).verdict is Verdict.HEALTHY
    assert judged(judge, route, a_certificate(), *WEB, unseen=unseen).verdict is Verdict.HEALTHY
    found = judged(judge, route, broken, *WEB, unseen=unseen)
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "CertificateNotReady")


def test_an_expired_certificate_degrades_the_route_though_its_secret_exists() -> None:
    """Browsers refuse it."""
    expired = a_certificate()
    expired["status"]["notAfter"] = "2026-01-01T00:00:00Z"
    route = a_route(a_rule(), tls={"secretName": "site-tls"})
    found = judged(judge, route, expired, an_object("Secret", "site-tls"), *WEB)
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "CertificateExpired")


def test_missing_tls_options_break_every_rule() -> None:
    """Traefik disables a router whose TLS options are unknown; `default` always exists."""
    for name, verdict in (("gone", Verdict.FAILED), ("default", Verdict.HEALTHY)):
        route = a_route(a_rule(), tls={"options": {"name": name}})
        assert judged(judge, route, *WEB).verdict is verdict


def test_entrypoints_are_judged_only_where_traefiks_arguments_tell_them() -> None:
    """Without its pods, or with a configuration file, nothing is claimed."""
    route = a_route(a_rule(), entryPoints=["websecure"])
    told = a_traefik("--entryPoints.web.address=:8000/tcp")
    by_file = a_traefik("--entryPoints.web.address=:8000/tcp", "--configFile=/etc/t.yml")
    assert judged(judge, route, *WEB).verdict is Verdict.HEALTHY
    assert judged(judge, route, by_file, *WEB).verdict is Verdict.HEALTHY
    found = judged(judge, route, told, *WEB)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "EntryPointNotFound")
    some = a_route(a_rule(), entryPoints=["web", "websecure"])
    assert judged(judge, some, told, *WEB).verdict is Verdict.DEGRADED


def test_a_route_without_routes_is_degraded() -> None:
    """It is valid for the API server, and nothing to Traefik."""
    assert judged(judge, a_route()).reason == "NoRoutes"
    assert judged(judge_ingress, an_ingress(rules=None)).reason == "NoRules"


def test_what_was_not_seen_is_neither_missing_nor_healthy() -> None:
    """Forbidden Services make a route unknown."""
    gap = Gap("Service", Why.FORBIDDEN)
    found = judged(judge, a_route(a_rule()), gaps=(gap,))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "ReferenceNotSeen")


def test_a_reference_into_a_namespace_that_was_not_asked_for_is_left_alone() -> None:
    """Asked for one namespace, the others were not read by choice."""
    rule = a_rule(middlewares=[{"name": "auth", "namespace": "shared"}])
    found = judged(judge, a_route(rule), *WEB, namespaces=("apps",))
    assert found.verdict is Verdict.HEALTHY


def test_in_a_saved_file_nothing_is_missing_but_what_is_there_counts() -> None:
    """A file is no whole cluster; a Service in it still has only the ports that it has."""
    route = a_route(a_rule(middlewares=[{"name": "auth"}]), tls={"secretName": "tls"})
    assert judged(judge, route, live=False).verdict is Verdict.HEALTHY
    other_port = a_service(ports=[{"port": 8080}])
    assert judged(judge, route, other_port, live=False).reason == "PortNotFound"


@pytest.mark.parametrize(
    ("ingress", "reason"),
    [
        (an_ingress(a_path("gone")), "ServiceNotFound"),
        (an_ingress(a_path("web", 8080)), "PortNotFound"),
        (an_ingress(a_path("web", "http")), "PortNotFound"),
        (
            an_ingress(a_path(), annotations={MIDDLEWARES: "apps-no@kubernetescrd"}),
            "MiddlewareNotFound",
        ),
        (an_ingress(rules=None, defaultBackend=a_path("gone")["backend"]), "ServiceNotFound"),
        (an_ingress({"backend": {"serviceName": "web", "servicePort": 81}}), "PortNotFound"),
    ],
)
def test_an_ingress_of_which_no_rule_works_has_failed(ingress: Plain, reason: str) -> None:
    """The same rules hold for an Ingress, its elder form included."""
    found = judged(judge_ingress, ingress, *WEB)
    assert (found.verdict, found.reason) == (Verdict.FAILED, reason)


def test_a_dash_in_a_middlewares_name_is_resolved_against_those_that_exist() -> None:
    """`a-b-c@kubernetescrd` may be b-c in a, or c in a-b; dots become dashes."""
    for namespace, name in (("team", "a-auth.v1"), ("team-a", "auth-v1")):
        ingress = an_ingress(a_path(), annotations={MIDDLEWARES: "team-a-auth-v1@kubernetescrd"})
        found = judged(judge_ingress, ingress, a_middleware(name, namespace), *WEB)
        assert found.verdict is Verdict.HEALTHY


def test_annotated_entrypoints_are_judged_too() -> None:
    """The annotation names the entrypoints of an Ingress."""
    ingress = an_ingress(a_path(), annotations={ENTRYPOINTS: "web, gone"})
    found = judged(judge_ingress, ingress, a_traefik("--entrypoints.web.address=:80"), *WEB)
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "EntryPointNotFound")


def test_an_ingress_without_an_address_is_healthy_in_a_cluster_and_under_way_in_a_file() -> None:
    """Traefik without publishedService never writes one; a file has nothing else to go by."""
    assert judged(judge_ingress, an_ingress(a_path()), *WEB).verdict is Verdict.HEALTHY
    assert judged(judge_ingress, an_ingress(a_path()), live=False).verdict is Verdict.PROGRESSING


def test_issuer_or_node_to_route_is_one_chain() -> None:
    """Pod -> Service -> route: one root, two downstream."""
    pod = labelled(a_pod("web-1", waiting="CrashLoopBackOff"), app="web")
    down = a_slice("web", an_endpoint(ready=False))
    report = examine(a_snapshot(pod, a_service(), down, a_route(a_rule())), CHECKS)
    assert [root.subject.kind for root in report.roots] == ["Pod"]
    assert len(report.findings) == 3


def an_alias(of: str) -> Plain:
    return a_service("alias", ports=({"port": 80},), type="ExternalName", externalName=of)


def by_alias(of: str, *others: Plain, **rest: Any) -> Judgement:
    route = a_route(a_rule({"name": "alias", "port": 80}))
    return judged(judge, route, an_alias(of), *others, **rest)


@pytest.mark.parametrize("name", ["web.apps.svc.cluster.local", "web.apps.svc"])
def test_an_external_name_of_a_neighbour_is_a_duplicate(name: str):
    """It only worked around what nativeLB does: the route can name the Service itself."""
    found = by_alias(name, *WEB)
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "DuplicateService")
    assert "is an ExternalName of Service apps/web, in the same namespace" in found.message


def test_an_external_name_of_nobody_in_this_cluster_leads_nowhere():
    found = by_alias("gone.apps.svc.cluster.local")
    assert (found.verdict, found.reason) == (Verdict.FAILED, "ServiceNotFound")
    assert "is an ExternalName of Service apps/gone, which does not exist." in found.message


@pytest.mark.parametrize(
    "name", ["db.example.org", "web.apps.svc.other.example", "other.elsewhere.svc.cluster.local"]
)
def test_an_external_name_of_elsewhere_is_no_finding(name: str):
    """Another namespace is no duplicate: an Ingress reaches it in no other way."""
    other = an_object("Service", "other", namespace="elsewhere", spec={"ports": [{"port": 80}]})
    assert by_alias(name, other, *WEB) is HEALTHY


def test_an_external_name_in_a_saved_file_or_unseen_services_prove_nothing():
    assert by_alias("web.apps.svc.cluster.local", *WEB, live=False) is HEALTHY
    only_here = by_alias("gone.other.svc.cluster.local", namespaces=("apps",))
    assert only_here.verdict is Verdict.HEALTHY


def a_running(version: str, *arguments: str) -> Plain:
    """A running Traefik of a version, with its arguments."""
    pod = a_traefik("--providers.kubernetescrd", "--providers.kubernetesingress", *arguments)
    pod["spec"]["containers"][0]["image"] = f"rancher/mirrored-library-traefik:{version}"
    return pod


V3, V2 = a_running("3.3.6"), a_running("2.11.8")
EXTERNAL = a_service(type="ExternalName", externalName="nas.example")


def test_external_names_are_refused_unless_an_argument_of_their_provider_allows_them() -> None:
    """Routes and Ingresses each have an argument of their own; nothing is guessed without one."""
    for judge_it, provider, plain in (
        (judge, "kubernetescrd", a_route(a_rule())),
        (judge_ingress, "kubernetesingress", an_ingress(a_path())),
    ):
        found = judged(judge_it, plain, EXTERNAL, V3)
        assert (found.verdict, found.reason) == (Verdict.FAILED, "ExternalNameNotAllowed")
        allowed = a_running("3.3.6", f"--providers.{provider}.allowExternalNameServices=true")
        by_file = a_running("3.3.6", "--configFile=/etc/t.yml")
        for traefik in ((allowed,), (by_file,), (V3, by_file), ()):
            assert judged(judge_it, plain, EXTERNAL, *traefik) is HEALTHY


def of_class(name: str) -> Plain:
    """An IngressRoute with an ingress class."""
    route = a_route(a_rule())
    return {
        **route,
        "metadata": {**route["metadata"], "annotations": {"kubernetes.io/ingress.class": name}},
    }


def test_an_ingress_of_a_class_of_traefik_that_none_serves_has_failed() -> None:
    """By its field or by the annotation; a class of another controller is its business."""
    public = a_running("3.3.6", "--providers.kubernetesingress.ingressclass=traefik")
    annotated = an_ingress(
        a_path(), annotations={"kubernetes.io/ingress.class": "traefik-internal"}
    )
    for ingress, traefik in (
        (an_ingress(a_path(), ingressClassName="traefik-internal"), public),
        (annotated, V3),
    ):
        found = judged(judge_ingress, ingress, *WEB, traefik)
        assert (found.verdict, found.reason) == (Verdict.FAILED, "ClassNotServed")
        by_file = a_running("3.3.6", "--configfile=/etc/traefik.yaml")
        assert judged(judge_ingress, ingress, *WEB, by_file) is HEALTHY
    for name in ("nginx", "traefik"):
        served = an_ingress(a_path(), ingressClassName=name)
        assert judged(judge_ingress, served, *WEB, public) is HEALTHY


def test_arguments_of_a_traefik_that_does_not_read_a_route_say_nothing_of_it() -> None:
    """Of another class, or not running yet."""
    ingress = an_ingress(a_path(), ingressClassName="nginx")
    assert judged(judge_ingress, ingress, EXTERNAL, V3) is HEALTHY
    pending = {**V3, "status": {"phase": "Pending"}}
    assert judged(judge, a_route(a_rule()), EXTERNAL, pending) is HEALTHY
    internal = a_running("3.3.6", "--providers.kubernetescrd.ingressClass=internal")
    plain = {**V3, "metadata": {**V3["metadata"], "name": "second"}}
    external = of_class("internal")
    assert judged(judge, external, *WEB, internal, plain) is HEALTHY


def test_a_route_of_a_class_that_no_traefik_serves_has_failed() -> None:
    """Nobody else reads Traefik's kinds; nothing is said where its arguments are not known."""
    internal = a_running("3.3.6", "--providers.kubernetescrd.ingressClass=internal")
    foreign = of_class("traefik-other")
    for route, traefik in ((a_route(a_rule()), internal), (foreign, internal), (foreign, V3)):
        found = judged(judge, route, *WEB, traefik)
        assert (found.verdict, found.reason) == (Verdict.FAILED, "ClassNotServed")
    by_file = a_running("3.3.6", "--configfile=/etc/traefik.yaml")
    assert judged(judge, foreign, *WEB, by_file) is HEALTHY
    assert judged(judge, foreign, *WEB) is HEALTHY


@pytest.mark.parametrize(
    ("rule", "tls"),
    [
        (a_rule(middlewares=[{"name": "auth", "namespace": "other"}]), None),
        (a_rule(middlewares=[{"name": "other-auth@kubernetescrd"}]), None),
        (a_rule({"name": "web", "namespace": "other", "port": 80}), None),
        (a_rule({"kind": "TraefikService", "name": "web", "namespace": "other"}), None),
        (a_rule(), {"options": {"name": "modern", "namespace": "other"}}),
    ],
)
def test_references_to_other_namespaces_are_dropped_unless_allowed(
    rule: Plain, tls: Plain | None
) -> None:
    """Middleware, Service, TraefikService and TLSOption alike, though each of them exists."""
    there = [
        a_middleware("auth", "other"),
        an_object("TraefikService", "web", TRAEFIK, "other"),
        an_object("TLSOption", "modern", TRAEFIK, "other"),
        {**a_service(), "metadata": {"name": "web", "namespace": "other"}},
        {
            **a_slice("web", an_endpoint()),
            "metadata": {
                "name": "web-x",
                "namespace": "other",
                "labels": {"kubernetes.io/service-name": "web"},
            },
        },
    ]
    route = a_route(rule, tls=tls)
    found = judged(judge, route, *there, *WEB, V3)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "CrossNamespaceNotAllowed")
    allowed = a_running("3.3.6", "--providers.kubernetescrd.allowCrossNamespace")
    for traefik in ((allowed,), ()):
        assert judged(judge, route, *there, *WEB, *traefik) is HEALTHY


def test_a_reference_to_its_own_namespace_by_name_is_none_to_another() -> None:
    """Nor is one to another provider."""
    own = [{"name": "auth", "namespace": "apps"}, {"name": "rate@file"}]
    route = a_route(a_rule(middlewares=own))
    assert judged(judge, route, a_middleware("auth"), *WEB, V3) is HEALTHY


def test_what_is_of_an_api_group_that_traefik_does_not_read_does_not_exist_for_it() -> None:
    """A route of the elder group in Traefik 3, and a Middleware that a route refers to."""
    elder = a_route(a_rule(), api_version=ELDER)
    found = judged(judge, elder, *WEB, V3)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "ApiGroupNotRead")
    assert "write apiVersion: traefik.io/v1alpha1" in found.message
    assert judged(judge, elder, *WEB, V2) is HEALTHY
    route = a_route(a_rule(middlewares=[{"name": "auth"}]))
    old = a_middleware("auth", api_version=ELDER)
    assert judged(judge, route, old, *WEB, V3).reason == "MiddlewareNotFound"
    assert judged(judge, route, old, *WEB, V2) is HEALTHY
    assert judged(judge, route, old, a_middleware("auth"), *WEB, V3) is HEALTHY


def test_a_number_in_quotes_is_a_name() -> None:
    """Unless a port has that name."""
    found = judged(judge, a_route(a_rule({"name": "web", "port": "80"})), *WEB)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "PortNotFound")
    assert '"80" in quotes is the name of a port' in found.message
    by_ingress = judged(judge_ingress, an_ingress(a_path("web", "80")), *WEB)
    assert "as `number`" in by_ingress.message


def test_a_route_fails_where_the_port_names_of_service_and_slice_differ() -> None:
    """The address is ready, and nobody finds it; the route follows from its Service."""
    by_hand = a_slice("web", an_endpoint(), ports=[{"name": "http", "port": 80}])
    for service in (a_service(), a_service(selector=None)):
        found = judged(judge, a_route(a_rule()), service, by_hand)
        assert (found.verdict, found.reason) == (Verdict.FAILED, "NoReadyEndpoints")
        assert found.follows == (Ref("Service", "apps", "web"),)


def test_a_route_to_a_service_that_nobody_gave_endpoints_has_failed() -> None:
    """A Service without a selector may be a placeholder; a route to it leads nowhere."""
    found = judged(judge, a_route(a_rule()), a_service(selector=None))
    assert (found.verdict, found.reason) == (Verdict.FAILED, "NoReadyEndpoints")


def test_native_lb_needs_a_vip() -> None:
    """By the route, by Traefik's default, and by the Service's annotation for an Ingress."""
    headless = (a_service(clusterIP="None"), WEB[1])
    native = a_route(a_rule({"name": "web", "port": 80, "nativeLB": True}))
    for traefik in ((), (V3,)):
        assert judged(judge, native, *headless, *traefik).reason == "NativeHeadless"
    by_default = a_running("3.3.6", "--providers.kubernetescrd.nativeLBByDefault=true")
    assert judged(judge, a_route(a_rule()), *headless, by_default).reason == "NativeHeadless"
    assert judged(judge, a_route(a_rule()), *headless, V3) is HEALTHY
    noted = a_service(clusterIP="None")
    noted["metadata"]["annotations"] = {"traefik.ingress.kubernetes.io/service.nativelb": "true"}
    ingress = an_ingress(a_path())
    assert judged(judge_ingress, ingress, noted, WEB[1], V3).reason == "NativeHeadless"
    assert judged(judge_ingress, ingress, noted, WEB[1]) is HEALTHY


def matching(rule: str, *traefik: Plain, syntax: str = "", **rest: Any) -> Judgement:
    """What is said of a route with this rule."""
    route = a_route({**a_rule(), "match": rule, "syntax": syntax})
    return judged(judge, route, *WEB, *traefik, **rest)


def test_a_rule_that_no_version_parses_has_failed_even_where_traefik_is_not_seen() -> None:
    """The message says what is wrong and how to write it."""
    for traefik in ((), (V2,), (V3,)):
        found = matching("PathPrefix(`/a`) || PathPrefix(`/b`))", *traefik)
        assert (found.verdict, found.reason) == (Verdict.FAILED, "RuleNotValid")
        assert "one ) too many" in found.message
    assert matching("Host(`a`", live=False).verdict is Verdict.FAILED


def test_a_rule_is_read_in_the_syntax_of_the_traefik_that_runs() -> None:
    """By its version, by its argument, and by the rule's own field; else either will do."""
    rule = "Host(`a`, `b`)"
    assert matching(rule, V3).reason == "RuleNotValid"
    assert matching(rule, V3, syntax="v2") is HEALTHY
    assert matching(rule, a_running("3.3.6", "--core.defaultRuleSyntax=v2")) is HEALTHY
    by_file = a_running("3.3.6", "--configFile=/etc/t.yml")
    for traefik in ((), (V2,), (V2, V3), (by_file,)):
        assert matching(rule, *traefik) is HEALTHY
    assert matching("PathRegexp(`^/a`)", V2).reason == "RuleNotValid"


def test_what_a_tool_has_yet_to_fill_in_is_no_wrong_rule() -> None:
    """In a file; in a cluster it is what Traefik gets."""
    assert matching("${RULE}", live=False) is HEALTHY
    assert matching("${RULE}").reason == "RuleNotValid"


def test_a_servers_transport_that_does_not_exist_fails_the_route() -> None:
    """By its name in an IngressRoute, or by the Service's annotation for an Ingress."""
    named = {"name": "web", "port": 80, "serversTransport": "skip"}
    there = an_object("ServersTransport", "skip", TRAEFIK)
    found = judged(judge, a_route(a_rule(named)), *WEB)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "ServersTransportNotFound")
    assert judged(judge, a_route(a_rule(named)), *WEB, there, V3) is HEALTHY
    elder = an_object("ServersTransport", "skip", ELDER)
    assert judged(judge, a_route(a_rule(named)), *WEB, elder, V3).verdict is Verdict.FAILED
    by_file = a_route(a_rule({**named, "serversTransport": "skip@file"}))
    assert judged(judge, by_file, *WEB, V3) is HEALTHY
    joined = a_route(a_rule({**named, "serversTransport": "apps-skip@kubernetescrd"}))
    assert judged(judge, joined, *WEB, there, V3).reason == "CrossNamespaceNotAllowed"
    noted = a_service()
    noted["metadata"]["annotations"] = {
        "traefik.ingress.kubernetes.io/service.serverstransport": "apps-skip@kubernetescrd"
    }
    ingress = an_ingress(a_path())
    assert judged(judge_ingress, ingress, noted, WEB[1]).reason == "ServersTransportNotFound"
    assert judged(judge_ingress, ingress, noted, WEB[1], there) is HEALTHY
    unseen = judged(judge, a_route(a_rule(named)), *WEB, unseen=(ServersTransport,))
    assert unseen.verdict is Verdict.UNKNOWN


def test_an_argument_and_its_value_may_stand_apart() -> None:
    """Traefik takes `--key=value` and `--key value`."""
    apart = a_running("3.3.6", "--core.defaultRuleSyntax", "v2", "--api")
    assert matching("Host(`a`, `b`)", apart) is HEALTHY
    internal = a_running("3.3.6", "--providers.kubernetescrd.ingressClass", "internal")
    assert matching("Host(`a`)", internal).reason == "ClassNotServed"


def test_a_rule_may_leave_its_services_to_the_routes_that_name_it_as_their_parent() -> None:
    """Also from another namespace; a route that names another parent changes nothing."""
    parent = a_route({"match": "Host(`a.example`)"})
    child = a_route(a_rule(), name="child", parentRefs=[{"name": "site"}])
    assert judged(judge, parent, child, *WEB) is HEALTHY
    assert judged(judge, child, parent, *WEB) is HEALTHY
    other = a_route(a_rule(), name="child", parentRefs=[{"name": "site", "namespace": "other"}])
    assert judged(judge, parent, other, *WEB).reason == "NoServices"


def test_a_servers_transport_is_looked_up_in_the_namespace_of_its_service() -> None:
    """As Traefik does; the namespace of the route counts only where the Service names none."""
    web = [{**each, "metadata": {**each["metadata"], "namespace": "other"}} for each in WEB]
    to = {"name": "web", "port": 80, "namespace": "other", "serversTransport": "own"}
    there = an_object("ServersTransport", "own", TRAEFIK, "other", spec={})
    here = an_object("ServersTransport", "own", TRAEFIK, spec={})
    assert judged(judge, a_route(a_rule(to)), there, *web) is HEALTHY
    found = judged(judge, a_route(a_rule(to)), here, *web)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "ServersTransportNotFound")
    near = a_route(a_rule({"name": "web", "port": 80, "serversTransport": "own"}))
    assert judged(judge, near, here, *WEB) is HEALTHY


def test_an_ingress_needs_the_port_of_an_external_name_and_an_ingress_route_does_not() -> None:
    """Traefik says "service port not found"; what other controllers do is not known here."""
    far = a_service(type="ExternalName", externalName="far.example", ports=[], selector=None)
    arguments = (
        "--providers.kubernetesingress.allowexternalnameservices",
        "--providers.kubernetescrd.allowexternalnameservices",
    )
    found = judged(judge_ingress, an_ingress(a_path()), far, a_traefik(*arguments))
    assert (found.verdict, found.reason) == (Verdict.FAILED, "PortNotFound")
    assert judged(judge, a_route(a_rule()), far, a_traefik(*arguments)) is HEALTHY
    with_port = a_service(type="ExternalName", externalName="far.example", selector=None)
    traefik = a_traefik(*arguments)
    assert judged(judge_ingress, an_ingress(a_path()), with_port, traefik) is HEALTHY
    other = an_ingress(a_path(), ingressClassName="nginx")
    assert judged(judge_ingress, other, far, traefik) is HEALTHY


def test_an_annotation_of_traefik_means_nothing_to_another_controller() -> None:
    """Unless a Traefik reads that class, or it may be Traefik's under another name."""
    gone = {MIDDLEWARES: "apps-gone@kubernetescrd", ENTRYPOINTS: "gone"}
    other = an_ingress(a_path(), annotations=gone, ingressClassName="nginx")
    elder = {**gone, "kubernetes.io/ingress.class": "nginx-internal"}
    plain = a_traefik("--entrypoints.web.address=:80")
    for ingress in (other, an_ingress(a_path(), annotations=elder)):
        assert judged(judge_ingress, ingress, *WEB) is HEALTHY
        assert judged(judge_ingress, ingress, plain, *WEB) is HEALTHY
    taken_over = a_traefik("--providers.kubernetesingress.ingressclass=nginx")
    assert judged(judge_ingress, other, taken_over, *WEB).reason == "MiddlewareNotFound"
    unknown = an_ingress(a_path(), annotations=gone, ingressClassName="inner")
    assert judged(judge_ingress, unknown, plain, *WEB).verdict is Verdict.FAILED
