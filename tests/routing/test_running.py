"""What the providers of the Traefiks that run leave out is served by nobody."""

import time
from typing import Any

import pytest

from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources import core
from bot.domain.verdict import Verdict
from bot.health.checks.routes_ingress import judge as judge_ingress
from bot.health.checks.routes_ingressroute import judge
from bot.health.checks.routes_ingressroutetcp import judge as judge_tcp
from bot.health.checks.routes_ingressrouteudp import judge as judge_udp
from bot.routing.instance import static_config
from tests.builders import Plain, a_pod, an_object
from tests.net.networks import (
    TRAEFIK,
    WEB,
    a_path,
    a_route,
    a_rule,
    a_service,
    a_slice,
    an_endpoint,
    an_ingress,
    judged,
    labelled,
)

CRD, INGRESS = "--providers.kubernetescrd", "--providers.kubernetesingress"
STREAM = {"routes": [{"match": "HostSNI(`*`)", "services": [{"name": "web", "port": 80}]}]}
OF_OWN_KINDS = (
    (judge, a_route(a_rule())),
    (judge_tcp, an_object("IngressRouteTCP", "site", TRAEFIK, spec=STREAM)),
    (judge_udp, an_object("IngressRouteUDP", "site", TRAEFIK, spec=STREAM)),
)
"""Routes without labels in the namespace `apps`."""

OF_CLASS = an_ingress(a_path(), ingressClassName="traefik")
ANNOTATED = an_ingress(a_path(), annotations={"kubernetes.io/ingress.class": "traefik"})
BY_ANNOTATION = an_ingress(
    a_path(), annotations={"traefik.ingress.kubernetes.io/router.entrypoints": "web"}
)


def a_traefik(*arguments: str, name: str = "traefik", **container: Any) -> Plain:
    """A running Traefik with just these arguments."""
    pod = labelled(a_pod(name, namespace="traefik"), **{"app.kubernetes.io/name": "traefik"})
    pod["spec"]["containers"][0] |= {"image": "traefik:v3.6.2", "args": list(arguments)}
    pod["spec"]["containers"][0] |= container
    return pod


def of_ingress(ingress: Plain, *traefiks: Plain) -> Judgement:
    return judged(judge_ingress, ingress, *WEB, *traefiks)


@pytest.mark.parametrize("ingress", [OF_CLASS, ANNOTATED, BY_ANNOTATION])
@pytest.mark.parametrize(
    "arguments",
    [
        (CRD,),
        (CRD, f"{INGRESS}=false"),
        (CRD, INGRESS, f"{INGRESS}.namespaces=web,edge"),
        (CRD, f"{INGRESS}.namespaces[0]=web"),
        (CRD, f"{INGRESS}.labelSelector=edge=outer"),
        ("--providers.file.directory=/etc/routes",),
    ],
)
def test_an_ingress_that_no_traefik_reads_has_failed(
    ingress: Plain, arguments: tuple[str, ...]
) -> None:
    """By its class in the field or the annotation, or by what only Traefik reads."""
    found = of_ingress(ingress, a_traefik(*arguments))
    assert (found.verdict, found.reason) == (Verdict.FAILED, "NotReadByTraefik")
    assert "--providers.kubernetesingress" in found.message


@pytest.mark.parametrize(
    "others",
    [
        (a_traefik(CRD, INGRESS, name="second"),),
        (a_traefik("--providers.KubernetesIngress.namespaces=", name="second"),),
        (a_traefik(f"{INGRESS}.namespaces=web", f"{INGRESS}.namespaces=apps", name="second"),),
        (a_traefik(f"{INGRESS}.namespaces", "web, apps", name="second"),),
        (a_traefik(f"{INGRESS}.labelselector=edge notin (outer)", name="second"),),
        (a_traefik(f"{INGRESS}.labelselector=%", name="second"),),
        (a_traefik(f"{INGRESS}.namespaces=$(NAMESPACES)", name="second"),),
        (a_traefik(INGRESS, f"{INGRESS}.ingressclass=$(CLASS)", name="second"),),
        (a_traefik("--configfile=/etc/traefik.yaml", name="second"),),
        (a_traefik(name="second", env=[{"name": "TRAEFIK_PROVIDERS_KUBERNETESINGRESS"}]),),
        (a_traefik("--providers.kubernetesingressnginx", name="second"),),
    ],
)
def test_an_ingress_that_another_traefik_reads_or_may_read_is_not_remarked_on(
    others: tuple[Plain, ...],
) -> None:
    """Of several one is enough; arguments that cannot be read may say anything."""
    assert of_ingress(OF_CLASS, a_traefik(CRD), *others) is HEALTHY


def test_an_ingress_of_another_controller_is_its_business() -> None:
    """By its class, or by the address that it got."""
    served = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    for ingress in (
        an_ingress(a_path(), ingressClassName="nginx"),
        an_ingress(a_path(), ingressClassName="public"),
        {**an_ingress(a_path()), "status": served},
    ):
        assert of_ingress(ingress, a_traefik(CRD)) is HEALTHY


def test_whether_anybody_serves_an_ingress_without_a_class_and_an_address_is_not_known() -> None:
    """Where Traefik does not; it is neither healthy nor an incident."""
    found = of_ingress(an_ingress(a_path()), a_traefik(CRD))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "NotReadByTraefik")
    assert of_ingress(an_ingress(a_path()), a_traefik(CRD, INGRESS)) is HEALTHY


def test_traefiks_own_class_may_have_any_name() -> None:
    """A class that its arguments name."""
    edge = an_ingress(a_path(), ingressClassName="edge")
    own = a_traefik(CRD, f"{INGRESS}.ingressclass=edge", f"{INGRESS}.namespaces=web")
    assert of_ingress(edge, own).reason == "NotReadByTraefik"
    assert of_ingress(edge, a_traefik(CRD, f"{INGRESS}.ingressclass=edge")) is HEALTHY


@pytest.mark.parametrize(
    "arguments",
    [
        (INGRESS,),
        (INGRESS, f"{CRD}=false"),
        (f"{CRD}.namespaces=web",),
        (f"{CRD}.labelselector=edge in (outer,inner),!old",),
    ],
)
def test_a_route_that_no_traefik_reads_has_failed(arguments: tuple[str, ...]) -> None:
    """Each of Traefik's own kinds."""
    for judge_it, route in OF_OWN_KINDS:
        found = judged(judge_it, route, *WEB, a_traefik(*arguments))
        assert (found.verdict, found.reason) == (Verdict.FAILED, "NotReadByTraefik")
        assert "--providers.kubernetescrd" in found.message
        second = a_traefik(f"{CRD}.namespaces=web,apps", name="second")
        assert judged(judge_it, route, *WEB, a_traefik(*arguments), second) is HEALTHY


def test_a_route_is_read_by_its_labels() -> None:
    """Equal, unequal and there or not."""
    route = labelled(a_route(a_rule()), edge="outer")
    for selector, read in (("edge=outer", True), ("edge!=outer", False), ("!edge", False)):
        traefik = a_traefik(f"{CRD}.labelselector={selector}")
        assert (judged(judge, route, *WEB, traefik) is HEALTHY) is read


def test_where_pods_are_not_all_seen_nothing_is_held_against_a_route() -> None:
    """Another Traefik may run where nobody looked, and in a file it need not be."""
    some = a_traefik(INGRESS)
    for rest in ({"namespaces": ("apps", "traefik")}, {"live": False}):
        assert judged(judge, a_route(a_rule()), *WEB, some, **rest) is HEALTHY
    assert judged(judge, a_route(a_rule()), *WEB, unseen=(core.Pod,)) is HEALTHY


def test_what_traefik_does_not_read_does_not_exist_for_its_routes() -> None:
    """A Middleware without the label, by either way to name it, and a Service elsewhere."""
    spec = {"compress": {}}
    plain = an_object("Middleware", "zip", TRAEFIK, spec=spec)
    marked = labelled(plain, edge="outer")
    labels = a_traefik(f"{CRD}.labelselector=edge=outer", INGRESS)
    route = labelled(a_route(a_rule(middlewares=[{"name": "zip"}])), edge="outer")
    assert judged(judge, route, *WEB, labels, plain).reason == "MiddlewareNotFound"
    assert judged(judge, route, *WEB, labels, marked) is HEALTHY
    key = "traefik.ingress.kubernetes.io/router.middlewares"
    ingress = an_ingress(a_path(), annotations={key: "apps-zip@kubernetescrd"})
    assert judged(judge_ingress, ingress, *WEB, labels, plain).reason == "MiddlewareNotFound"
    assert judged(judge_ingress, ingress, *WEB, labels, marked) is HEALTHY


def test_a_service_in_a_namespace_that_traefik_does_not_read_fails_the_route() -> None:
    """Though references to other namespaces are allowed."""
    away = {"name": "web", "namespace": "other", "port": 80}
    others = [
        {**plain, "metadata": {**plain["metadata"], "namespace": "other"}}
        for plain in (a_service(), a_slice("web", an_endpoint()))
    ]
    for namespaces, reason in (("apps", "NotReadByTraefik"), ("apps,other", ""), ("", "")):
        traefik = a_traefik(f"{CRD}.allowcrossnamespace", f"{CRD}.namespaces={namespaces}")
        assert judged(judge, a_route(a_rule(away)), *others, traefik).reason == reason


def test_without_any_provider_among_its_arguments_traefik_has_them_elsewhere() -> None:
    """Nothing is claimed of what it reads."""
    config = static_config(("--entrypoints.web.address=:80",))
    assert config.routes.on
    assert config.ingresses.on


@pytest.mark.parametrize("selector", ["," * 100_000, " " * 100_000 + "%", "! " + " " * 100_000])
def test_a_selector_of_any_length_is_read_in_no_time(selector: str) -> None:
    """Anybody may start a pod that looks like Traefik: it must not keep the bot from its work."""
    began = time.perf_counter()
    for text in (selector, selector[:1000]):
        static_config((f"{CRD}.labelselector={text}",))
    assert time.perf_counter() - began < 1
    assert not static_config((f"{CRD}.labelselector={selector}",)).complete
