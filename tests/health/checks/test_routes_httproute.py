"""HTTPRoutes on Traefik's Gateways: by their objects, and by what Traefik writes of them."""

import time
from typing import Any

import pytest

from bot.domain.finding import Judgement
from bot.domain.report import examine
from bot.domain.resources import gateway
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import Verdict
from bot.health import offline
from bot.health.checks import in_scope
from bot.health.checks.routes_httproute import judge
from tests.builders import Plain, an_object
from tests.gateways import (
    ACCEPTED,
    BACKEND,
    OTHERS,
    RESOLVED,
    TO_EDGE,
    a_class,
    a_condition,
    a_gateway,
    a_grant,
    a_http_rule,
    a_listener,
    a_status,
    an_http_route,
)
from tests.net.networks import (
    WEB,
    a_route,
    a_rule,
    a_service,
    a_slice,
    a_snapshot,
    ago,
    an_endpoint,
    judged,
)
from tests.routing.test_running import a_traefik

EDGE = (a_class(), a_gateway())
GATEWAY = "--providers.kubernetesgateway"
OTHER_BACKEND = {"name": "gone", "port": 80}
CANARY = (BACKEND, {**OTHER_BACKEND, "weight": 0})
REDIRECT = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}
UNRESOLVED = a_condition("ResolvedRefs", "False", "BackendNotFound", "service not found")
FAILED, DEGRADED, UNKNOWN = Verdict.FAILED, Verdict.DEGRADED, Verdict.UNKNOWN


def told(route: Plain, *others: Plain, **rest: Any) -> Judgement:
    """What the judge says of a route whose Service is served, on Traefik's Gateway."""
    return judged(judge, route, *(others or (*EDGE, *WEB)), **rest)


def outcome(judgement: Judgement) -> tuple[Verdict, str]:
    return judgement.verdict, judgement.reason


def test_a_route_that_traefik_takes_and_whose_service_answers_is_healthy() -> None:
    """By number of the port, with a hostname of its own or with the listener's."""
    for route in (an_http_route(), an_http_route(hostnames=())):
        assert told(route).verdict is Verdict.HEALTHY


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (a_http_rule(OTHER_BACKEND), "ServiceNotFound"),
        (a_http_rule({"name": "web", "port": 81}), "PortNotFound"),
        (a_http_rule({"name": "web"}), "PortNotFound"),
        (a_http_rule({**BACKEND, "namespace": "data"}), "RefNotPermitted"),
        (a_http_rule({"group": "example.net", "kind": "Bucket", "name": "b"}), "InvalidKind"),
        (
            a_http_rule({"group": "traefik.io", "kind": "TraefikService", "name": "gone"}),
            "TraefikServiceNotFound",
        ),
        ({"matches": []}, "NoBackends"),
        (
            a_http_rule(
                filters=[
                    {
                        "type": "ExtensionRef",
                        "extensionRef": {
                            "group": "traefik.io",
                            "kind": "Middleware",
                            "name": "gone",
                        },
                    }
                ]
            ),
            "MiddlewareNotFound",
        ),
        (
            a_http_rule(
                filters=[
                    {
                        "type": "ExtensionRef",
                        "extensionRef": {"group": "a.b", "kind": "Wasm", "name": "x"},
                    }
                ]
            ),
            "InvalidKind",
        ),
    ],
)
def test_a_route_of_which_no_rule_works_has_failed_and_one_of_two_is_degraded(
    rule: Plain, reason: str
) -> None:
    """The reason is that of the broken reference, also where Traefik has said nothing of it."""
    assert outcome(told(an_http_route(rule))) == (FAILED, reason)
    assert outcome(told(an_http_route(rule, a_http_rule(path="/ok")))) == (DEGRADED, reason)


@pytest.mark.parametrize(
    "rule",
    [
        {"filters": [REDIRECT]},
        a_http_rule({"group": "traefik.io", "kind": "TraefikService", "name": "api@internal"}),
        a_http_rule(*CANARY),
        a_http_rule({"group": "core", **BACKEND}),
    ],
)
def test_a_redirect_needs_no_backend_and_a_backend_of_weight_0_need_not_exist(rule: Plain) -> None:
    """Nor is what another provider of Traefik defines looked for."""
    assert told(an_http_route(rule)).verdict is Verdict.HEALTHY


def test_of_two_backends_that_share_the_requests_a_broken_one_degrades() -> None:
    """Traefik answers 500 for its share."""
    both = a_http_rule({**BACKEND, "weight": 9}, {**OTHER_BACKEND, "weight": 1})
    assert outcome(told(an_http_route(both))) == (DEGRADED, "ServiceNotFound")


def test_a_rule_whose_backends_all_have_weight_0_is_as_somebody_wants_it() -> None:
    """No request goes anywhere."""
    rule = a_http_rule({**BACKEND, "weight": 0})
    assert outcome(told(an_http_route(rule))) == (Verdict.SUSPENDED, "NoBackends")


def test_what_traefik_says_of_a_backend_of_weight_0_is_no_finding() -> None:
    """ResolvedRefs is false for the whole route, and no request goes there."""
    said = a_status(ACCEPTED, UNRESOLVED)
    assert told(an_http_route(a_http_rule(*CANARY), statuses=(said,))).verdict is Verdict.HEALTHY


def test_an_external_name_is_no_backend() -> None:
    """Traefik's provider of the Gateway API takes none."""
    external = a_service(type="ExternalName", externalName="db.example", selector=None)
    judgement = told(an_http_route(), *EDGE, external)
    assert outcome(judgement) == (FAILED, "ExternalNameNotSupported")


def test_a_service_without_a_ready_endpoint_fails_the_route_and_is_its_cause() -> None:
    """An endpoint that terminates does not help: Traefik takes ready ones only here."""
    ends = an_endpoint(ready=False, serving=True, terminating=True)
    for slices in ((), (a_slice("web", ends),)):
        judgement = told(an_http_route(), *EDGE, a_service(), *slices)
        assert judgement.reason == "NoReadyEndpoints"
        assert [str(ref) for ref in judgement.follows] == ["Service apps/web"]


def test_a_headless_service_with_the_annotation_for_its_vip_is_broken() -> None:
    """Traefik finds no clusterIP; without the annotation it takes the endpoints."""
    headless = a_service(clusterIP="None")
    assert told(an_http_route(), *EDGE, headless, WEB[1]).verdict is Verdict.HEALTHY
    headless["metadata"]["annotations"] = {"traefik.io/service.nativelb": "true"}
    assert outcome(told(an_http_route(), *EDGE, headless, WEB[1])) == (FAILED, "NativeHeadless")


def test_another_namespace_needs_a_grant_for_that_very_name() -> None:
    """One for another name allows nothing."""
    there = [{**plain, "metadata": {**plain["metadata"], "namespace": "data"}} for plain in WEB]
    route = an_http_route(a_http_rule({**BACKEND, "namespace": "data"}))
    assert told(route, *EDGE, *there, a_grant(name="web")).verdict is Verdict.HEALTHY
    assert outcome(told(route, *EDGE, *there, a_grant(name="db"))) == (FAILED, "RefNotPermitted")
    unseen = (gateway.ReferenceGrant,)
    assert outcome(told(route, *EDGE, *there, unseen=unseen)) == (UNKNOWN, "ReferenceNotSeen")


@pytest.mark.parametrize(
    ("cluster", "parents"),
    [
        ((a_class(controller=OTHERS), a_gateway()), (TO_EDGE,)),
        ((a_class("nginx", OTHERS),), (TO_EDGE,)),
        (EDGE, ({"group": "", "kind": "Service", "name": "web"},)),
        (EDGE, ()),
    ],
)
def test_a_route_of_another_controller_is_not_judged(
    cluster: tuple[Plain, ...], parents: tuple[Plain, ...]
) -> None:
    """Its Service does not exist, and that is somebody else's business."""
    route = an_http_route(a_http_rule(OTHER_BACKEND), parents=parents, statuses=())
    assert told(route, *cluster, *WEB).verdict is Verdict.HEALTHY


def test_of_several_parents_only_traefiks_counts() -> None:
    """Traefik writes a status for the others, too, and it says nothing of them."""
    parents = ({"name": "mesh"}, TO_EDGE)
    refused = a_condition("Accepted", "False", "NoMatchingParent")
    route = an_http_route(
        parents=parents,
        statuses=(
            a_status(refused, RESOLVED, parent=parents[0]),
            a_status(refused, RESOLVED, parent=parents[0], controller=OTHERS),
            a_status(),
        ),
    )
    both = (*EDGE, a_class("other", OTHERS), a_gateway(name="mesh", of_class="other"))
    assert told(route, *both, *WEB).verdict is Verdict.HEALTHY


@pytest.mark.parametrize(
    ("cluster", "reason"),
    [
        ((), "GatewayNotFound"),
        ((a_class(),), "GatewayNotFound"),
        ((a_class(), a_gateway(of_class="trafik")), "GatewayClassNotFound"),
    ],
)
def test_a_route_whose_gateway_is_nobodys_has_failed(
    cluster: tuple[Plain, ...], reason: str
) -> None:
    """What Traefik said of it before proves nothing: it takes no such status back."""
    assert outcome(told(an_http_route(), *cluster, *WEB)) == (FAILED, reason)


def test_a_second_parent_that_works_leaves_the_route_degraded() -> None:
    """It is served there."""
    route = an_http_route(parents=({"name": "gone"}, TO_EDGE))
    assert outcome(told(route)) == (DEGRADED, "GatewayNotFound")


@pytest.mark.parametrize(
    "parent", [{**TO_EDGE, "sectionName": "websecure"}, {**TO_EDGE, "port": 8443}]
)
def test_a_listener_that_the_gateway_has_not_is_named_with_those_that_it_has(parent: Plain) -> None:
    """By its name or by its port."""
    judgement = told(an_http_route(parents=(parent,)))
    assert outcome(judgement) == (FAILED, "ListenerNotFound")
    assert "it has web (8000)" in judgement.message


def test_hostnames_that_fit_no_listener_fail_the_route() -> None:
    """One that fits is enough."""
    gateway_ = a_gateway(a_listener(hostname="*.example"))
    route = an_http_route(hostnames=("a.test", "b.test"))
    judgement = told(route, a_class(), gateway_, *WEB)
    assert outcome(judgement) == (FAILED, "NoMatchingListenerHostname")
    route = an_http_route(hostnames=("a.test", "b.example"))
    assert told(route, a_class(), gateway_, *WEB).verdict is Verdict.HEALTHY


def test_what_traefik_refuses_is_told_with_its_reason_in_words() -> None:
    """It writes no message with it."""
    refused = a_status(a_condition("Accepted", "False", "NotAllowedByListeners"), RESOLVED)
    judgement = told(an_http_route(statuses=(refused,)))
    assert outcome(judgement) == (FAILED, "NotAllowedByListeners")
    assert "allowedRoutes" in judgement.message


def test_a_listener_that_traefik_refuses_is_named_with_its_words() -> None:
    """The usual mistake: the port of the Service in place of the entrypoint's."""
    words = "Cannot find entryPoint for Gateway: no matching entryPoint for port 80"
    said = a_condition("Accepted", "False", "PortUnavailable", words)
    judgement = told(an_http_route(), a_class(), a_gateway(said=said, generation=1), *WEB)
    assert outcome(judgement) == (FAILED, "PortUnavailable")
    assert words in judgement.message
    edited = a_gateway(said=said, generation=2)
    assert told(an_http_route(), a_class(), edited, *WEB).verdict is Verdict.HEALTHY


def test_a_listener_for_tcp_says_nothing_of_an_http_route() -> None:
    """Traefik refuses it without its experimental channel, and nobody attaches a site to it."""
    refused = a_condition("Conflicted", "True", "ProtocolConflict")
    tcp = a_listener("db", port=5432) | {"protocol": "TCP"}
    gateway_ = a_gateway(tcp, a_listener(), said=refused, generation=1)
    assert told(an_http_route(), a_class(), gateway_, *WEB).verdict is Verdict.HEALTHY
    named = an_http_route(parents=({**TO_EDGE, "sectionName": "db"},))
    assert told(named, a_class(), gateway_, *WEB).reason == "ListenerNotFound"


def test_one_of_two_listeners_that_is_refused_degrades() -> None:
    """The site answers by the other one."""
    refused = a_condition("ResolvedRefs", "False", "InvalidCertificateRef", "secret not found")
    gateway_ = a_gateway(a_listener("tls", port=8443), a_listener(), said=refused, generation=1)
    judgement = told(an_http_route(), a_class(), gateway_, *WEB)
    assert outcome(judgement) == (DEGRADED, "InvalidCertificateRef")


def test_unresolved_references_count_where_the_objects_show_none() -> None:
    """All of a route with one reference, a part of one with two."""
    said = (a_status(ACCEPTED, UNRESOLVED),)
    assert outcome(told(an_http_route(statuses=said))) == (FAILED, "BackendNotFound")
    two = an_http_route(a_http_rule(), a_http_rule(path="/b"), statuses=said)
    assert outcome(told(two)) == (DEGRADED, "BackendNotFound")
    shown = told(an_http_route(a_http_rule(OTHER_BACKEND), statuses=said))
    assert shown.reason == "ServiceNotFound"
    assert shown.evidence[-1].value == "BackendNotFound: service not found."


def test_a_status_of_an_older_generation_is_not_believed() -> None:
    """Neither what is good nor what is bad of it."""
    for condition in (ACCEPTED, a_condition("Accepted", "False", "NoMatchingParent")):
        route = an_http_route(statuses=(a_status(condition, UNRESOLVED),), generation=2)
        assert outcome(told(route)) == (Verdict.PROGRESSING, "NotObserved")


def test_without_a_status_of_traefik_nobody_knows_whether_it_takes_the_route() -> None:
    """At first it is under way, and then unknown: never healthy."""
    young = an_http_route(statuses=(), creationTimestamp=ago(minutes=1))
    assert outcome(told(young)) == (Verdict.PROGRESSING, "NoStatus")
    old = an_http_route(statuses=(), creationTimestamp=ago(hours=1))
    assert outcome(told(old)) == (UNKNOWN, "NoStatus")


def test_a_certificate_of_another_namespace_needs_a_grant_to_the_gateway() -> None:
    """Without it, or without the Secret, Traefik drops the listener."""
    tls = {"certificateRefs": [{"kind": "Secret", "name": "tls", "namespace": "data"}]}
    gateway_ = a_gateway(a_listener(tls=tls))
    cluster = (a_class(), gateway_, *WEB)
    assert outcome(told(an_http_route(), *cluster)) == (FAILED, "RefNotPermitted")
    grant = a_grant(from_kind="Gateway", to_kind="Secret", name="tls")
    assert outcome(told(an_http_route(), *cluster, grant)) == (FAILED, "SecretNotFound")
    secret = an_object("Secret", "tls", namespace="data")
    assert told(an_http_route(), *cluster, grant, secret).verdict is Verdict.HEALTHY


def test_where_the_provider_of_gateways_is_off_no_traefik_reads_the_route() -> None:
    """k3s does not switch it on."""
    crd = a_traefik("--providers.kubernetescrd")
    judgement = told(an_http_route(), *EDGE, *WEB, crd)
    assert outcome(judgement) == (FAILED, "NotReadByTraefik")
    assert GATEWAY in judgement.message
    on = a_traefik(GATEWAY, f"{GATEWAY}.labelselector=team=edge")
    assert told(an_http_route(), *EDGE, *WEB, on).verdict is Verdict.HEALTHY


def test_a_filter_that_this_traefik_does_not_support_fails_its_rule() -> None:
    """Traefik writes it into no status. What a newer one supports is not known."""
    route = an_http_route(a_http_rule(filters=[{"type": "RequestMirror"}]))
    known = a_traefik(GATEWAY)
    assert outcome(told(route, *EDGE, *WEB, known)) == (FAILED, "FilterNotSupported")
    newer = a_traefik(GATEWAY, image="traefik:v3.9.0")
    for others in ((), (newer,)):
        assert told(route, *EDGE, *WEB, *others).verdict is Verdict.HEALTHY


def test_without_gateways_to_see_traefiks_own_status_tells_whose_the_route_is() -> None:
    """Else nobody knows."""
    gap = Gap("Gateway", Why.FORBIDDEN)
    assert told(an_http_route(), *WEB, gaps=(gap,)).verdict is Verdict.HEALTHY
    judgement = told(an_http_route(statuses=()), *WEB, gaps=(gap,))
    assert outcome(judgement) == (UNKNOWN, "ReferenceNotSeen")


def test_a_saved_route_is_judged_by_what_is_saved_with_it() -> None:
    """Alone and never served it is unknown; with Traefik's status nothing stands against it."""
    (bare,) = offline.judge([an_http_route(statuses=())])
    (served,) = offline.judge([an_http_route()])
    assert (bare.verdict, served.verdict) == (UNKNOWN, Verdict.HEALTHY)
    whole = [an_http_route(a_http_rule({"name": "web", "port": 81})), *EDGE, *WEB]
    assert offline.judge(whole)[0].reason == "PortNotFound"


def test_a_saved_gateway_is_judged_by_its_condition_accepted() -> None:
    """A ReferenceGrant has no status."""
    class_ = {**a_class(), "status": {"conditions": [ACCEPTED]}}
    gateway_ = {**a_gateway(), "status": {"conditions": [a_condition("Accepted", "False")]}}
    verdicts = [one.verdict for one in offline.judge([class_, gateway_, a_grant()])]
    assert verdicts == [Verdict.HEALTHY, FAILED, Verdict.HEALTHY]


def test_a_huge_saved_route_is_judged_in_no_time() -> None:
    """More parents and hostnames than an API server takes are not compared one by one."""
    many = tuple({"name": f"g{number}"} for number in range(5_000))
    names = tuple(f"h{number}.example" for number in range(5_000))
    route = an_http_route(parents=(TO_EDGE, *many), hostnames=names)
    listeners = [a_listener(f"l{number}", f"x{number}.example") for number in range(5_000)]
    cluster = (a_class(), a_gateway(*listeners), *WEB)
    began = time.process_time()
    assert told(route, *cluster).verdict is FAILED
    assert time.process_time() - began < 2


def test_nothing_changes_where_the_kinds_are_not_installed() -> None:
    """A cluster without them is as healthy as before, and nothing of it is unseen."""
    checks = in_scope(("routes",))
    kinds = (
        gateway.HTTPRoute,
        gateway.Gateway,
        gateway.GatewayClass,
        gateway.ReferenceGrant,
    )
    gaps = tuple(Gap(kind.kind_name(), Why.NOT_INSTALLED) for kind in kinds)
    report = examine(a_snapshot(*WEB, a_route(a_rule()), unseen=kinds, gaps=gaps), checks)
    assert (report.verdict, report.findings) == (Verdict.HEALTHY, ())
