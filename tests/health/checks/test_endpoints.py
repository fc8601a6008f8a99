"""Services that nobody answers for."""

from typing import Any

import pytest

from bot.domain.finding import Ref
from bot.domain.report import examine
from bot.domain.resources import core, discovery
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS, endpoint_slices
from bot.health.checks.endpoints import CHECK, judge, judge_endpoints
from tests.builders import Plain, a_pod, an_object
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
    labelled,
)

READY = an_endpoint(ready=True)
UNREADY = an_endpoint(ready=False, serving=False)


def a_broken_pod(name: str = "web-1") -> Plain:
    return labelled(a_pod(name, waiting="CrashLoopBackOff"), app="web")


def test_a_service_with_a_ready_endpoint_is_healthy() -> None:
    """One ready endpoint in any of its slices is enough."""
    slices = (a_slice("web", UNREADY), a_slice("web", READY))
    assert judged(judge, a_service(), *slices).verdict is Verdict.HEALTHY


def test_an_unset_ready_condition_means_ready() -> None:
    """discovery.k8s.io/v1: nil means true."""
    assert judged(judge, a_service(), a_slice("web", an_endpoint())).verdict is Verdict.HEALTHY


def test_a_service_without_a_ready_endpoint_has_failed_and_names_the_addresses() -> None:
    """The finding says which addresses are not ready, and follows their pods."""
    unready = {**UNREADY, "targetRef": {"kind": "Pod", "name": "web-1"}}
    found = judged(judge, a_service(), a_slice("web", unready), a_broken_pod())
    assert (found.verdict, found.reason) == (Verdict.FAILED, "NoReadyEndpoints")
    assert "10.42.0.5 (Pod web-1)" in {each.value for each in found.evidence}
    assert found.follows == (Ref("Pod", "apps", "web-1"),)
    assert found.since is not None


def test_an_unready_endpoint_is_not_taken_for_one_that_drains() -> None:
    """Elder slices keep no `serving`: only a terminating endpoint can still answer."""
    found = judged(judge, a_service(), a_slice("web", an_endpoint(ready=False)))
    assert found.verdict is Verdict.FAILED


def test_a_service_whose_endpoints_only_drain_is_degraded() -> None:
    """Terminating endpoints that serve still answer, but not for long."""
    draining = an_endpoint(ready=False, serving=True, terminating=True)
    found = judged(judge, a_service(), a_slice("web", draining))
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "OnlyTerminating")


def test_a_service_that_selects_no_pod_says_so() -> None:
    """Scaled to zero is told apart from pods that are not ready."""
    found = judged(judge, a_service())
    assert (found.verdict, found.reason) == (Verdict.FAILED, "NoPods")


def test_a_service_without_pods_follows_the_release_that_should_bring_them() -> None:
    """Without pods the cause lies with Flux."""
    service = labelled(a_service(), **{"helm.toolkit.fluxcd.io/name": "web"})
    assert judged(judge, service).follows == (Ref("HelmRelease", "apps", "web"),)


def test_a_service_whose_pods_are_just_starting_is_under_way() -> None:
    """A rollout is no outage to report as failed, until a pod fails or it takes too long."""
    pod = labelled(a_pod("web-1", waiting="ContainerCreating"), app="web")
    pod["metadata"]["creationTimestamp"] = ago(minutes=1)
    young = judged(judge, a_service(), a_slice("web", UNREADY), pod)
    pod["metadata"]["creationTimestamp"] = ago(minutes=9)
    old = judged(judge, a_service(), a_slice("web", UNREADY), pod)
    assert (young.verdict, old.verdict) == (Verdict.PROGRESSING, Verdict.FAILED)


def test_services_of_somebody_elses_making_are_no_findings() -> None:
    """ExternalName and selector-less Services have no endpoints of Kubernetes' making."""
    external = a_service(type="ExternalName", externalName="db.example")
    bare = a_service(selector=None)
    assert judged(judge, external).verdict is Verdict.HEALTHY
    assert judged(judge, bare).verdict is Verdict.HEALTHY


HTTP = [{"name": "http", "port": 8080}]


@pytest.mark.parametrize("selector", [None, {"app": "web"}])
def test_a_port_by_another_name_than_its_slice_has_no_endpoint(selector: Plain | None) -> None:
    """A slice written by hand: kube-proxy and Traefik find its endpoints by the port's name."""
    by_hand = a_slice("web", READY, ports=HTTP)
    unnamed = judged(judge, a_service(selector=selector), by_hand)
    assert (unnamed.verdict, unnamed.reason) == (Verdict.FAILED, "PortNamesDiffer")
    assert "port 80 has no name, and the ports of its endpoints are: http." in unnamed.message
    named = a_service(selector=selector, ports=[{"name": "web", "port": 80}])
    assert judged(judge, named, a_slice("web", READY)).verdict is Verdict.FAILED
    both = a_service(selector=selector, ports=[*HTTP, {"name": "metrics", "port": 9090}])
    assert judged(judge, both, by_hand).verdict is Verdict.DEGRADED


def test_a_headless_service_is_found_by_dns_whatever_its_ports_are_called() -> None:
    """Its name resolves to the addresses themselves."""
    headless = a_service(selector=None, clusterIP="None")
    assert judged(judge, headless, a_slice("web", READY, ports=HTTP)).verdict is Verdict.HEALTHY


def test_a_service_without_a_selector_has_the_endpoints_that_somebody_wrote() -> None:
    """Ready ones by the same name are well; addresses of which none is ready are not."""
    bare = a_service(selector=None)
    assert judged(judge, bare, a_slice("web", READY)).verdict is Verdict.HEALTHY
    down = judged(judge, bare, a_slice("web", UNREADY))
    assert (down.verdict, down.reason) == (Verdict.FAILED, "NoReadyEndpoints")
    assert down.message == "None of the addresses in its EndpointSlices is ready."


def test_elder_endpoints_in_a_file_have_port_names_too() -> None:
    """Their addresses are found by the same names."""
    elder = an_object(
        "Endpoints", "web", subsets=[{"addresses": [{"ip": "10.42.0.5"}], "ports": HTTP}]
    )
    named = a_service(ports=HTTP)
    assert judged(judge, named, elder, live=False).verdict is Verdict.HEALTHY
    assert judged(judge, a_service(), elder, live=False).reason == "PortNamesDiffer"


def test_without_slices_seen_the_verdict_is_unknown_and_never_failed() -> None:
    """Not seeing endpoints proves neither health nor failure."""
    gap = Gap("EndpointSlice", Why.FORBIDDEN, "needs list endpointslices")
    unread = judged(judge, a_service(), unseen=(discovery.EndpointSlice,))
    forbidden = judged(judge, a_service(), gaps=(gap,))
    assert unread.verdict is forbidden.verdict is Verdict.UNKNOWN


def test_a_load_balancer_without_an_address_is_under_way_and_then_degraded() -> None:
    """k3s gives an address within seconds, so ten minutes without one is a finding."""
    verdicts = []
    for minutes in (1, 30):
        service = a_service(type="LoadBalancer")
        service["metadata"]["creationTimestamp"] = ago(minutes=minutes)
        verdicts.append(judged(judge, service, a_slice("web", READY)).verdict)
    assert verdicts == [Verdict.PROGRESSING, Verdict.DEGRADED]


def test_a_target_port_that_no_container_exposes_is_a_finding() -> None:
    """By its name the port is looked for in the pods; a number needs no declaration."""
    named = a_service(ports=[{"name": "http", "port": 80, "targetPort": "web"}])
    pod = labelled(a_pod("web-1"), app="web")
    pod["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 8080}]
    found = judged(judge, named, a_slice("web", READY, ports=()), pod)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "TargetPortNotExposed")
    pod["spec"]["containers"][0]["ports"] = [{"name": "web", "containerPort": 8080}]
    served = a_slice("web", READY, ports=[{"name": "http", "port": 8080}])
    assert judged(judge, named, served, pod).verdict is Verdict.HEALTHY


def test_a_saved_service_is_judged_by_its_own_status() -> None:
    """A file that holds no slices says nothing about them."""
    assert judged(judge, a_service(), live=False).verdict is Verdict.HEALTHY
    balancer = a_service(type="LoadBalancer")
    assert judged(judge, balancer, live=False).verdict is Verdict.PROGRESSING


def test_slices_or_elder_endpoints_in_the_same_file_are_honoured() -> None:
    """What the file does hold counts."""
    elder = an_object("Endpoints", "web", subsets=[{"notReadyAddresses": [{"ip": "10.42.0.5"}]}])
    for kept in (a_slice("web", UNREADY), elder):
        assert judged(judge, a_service(), kept, live=False).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("endpoints", "reason"),
    [
        ([an_endpoint()], ""),
        ([UNREADY, READY], ""),
        ([UNREADY], "NotReady"),
        ([an_endpoint(ready=False, serving=True, terminating=True)], "OnlyTerminating"),
        ([], "NoAddresses"),
    ],
)
def test_a_saved_slice_is_judged_by_its_endpoints(endpoints: list[Plain], reason: str) -> None:
    """Degraded at most: it does not say whether its Service is meant to have any."""
    found = judged(endpoint_slices.judge, a_slice("web", *endpoints), live=False)
    assert (found.verdict, found.reason) == (
        Verdict.DEGRADED if reason else Verdict.HEALTHY,
        reason,
    )


def test_an_empty_slice_beside_a_full_one_of_its_service_is_healthy() -> None:
    """Dual-stack Services have one for each family of addresses."""
    other = a_slice("web", READY)
    assert judged(endpoint_slices.judge, a_slice("web"), other, live=False).verdict is (
        Verdict.HEALTHY
    )


def test_an_endpoints_object_without_addresses_is_degraded_unless_it_elects_a_leader() -> None:
    """Leader election used Endpoints objects that never have an address."""
    empty = an_object("Endpoints", "web")
    leader = an_object("Endpoints", "lock")
    leader["metadata"]["annotations"] = {"control-plane.alpha.kubernetes.io/leader": "{}"}
    full = an_object("Endpoints", "web", subsets=[{"addresses": [{"ip": "10.42.0.5"}]}])
    found = [judged(judge_endpoints, each, live=False).verdict for each in (empty, leader, full)]
    assert found == [Verdict.DEGRADED, Verdict.HEALTHY, Verdict.HEALTHY]


def test_a_node_failure_reaches_the_service_through_its_pods() -> None:
    """Node -> pod -> Service is one root with two that follow."""
    node = an_object(
        "Node",
        "home-1",
        namespace="",
        status={"conditions": [{"type": "Ready", "status": "False", "reason": "KubeletNotReady"}]},
    )
    cluster = a_snapshot(node, a_broken_pod(), a_service(), a_slice("web", UNREADY))
    report = examine(cluster, CHECKS)
    assert [root.subject.kind for root in report.roots] == ["Node"]
    assert {each.subject.kind for each in report.findings} == {"Node", "Pod", "Service"}


def test_only_services_with_a_problem_look_at_pods() -> None:
    """With 10,000 pods the healthy many must cost nothing: no index of pods is made for them."""
    cluster = a_snapshot(*WEB, labelled(a_pod("web-1"), app="web"))
    examine(cluster, (CHECK,))
    assert not cluster.of(core.Pod).made


def test_any_shape_of_service_is_answered() -> None:
    """Odd fields never stop the check."""
    odd: list[Any] = [{"type": "Other"}, {"selector": {}}, {"ports": None}, {"selector": {"a": ""}}]
    for spec in odd:
        assert judged(judge, an_object("Service", "odd", spec=spec), *WEB).verdict in Verdict


def test_services_whose_slices_may_not_be_read_are_said_once_for_a_namespace() -> None:
    """None of them is healthy, and the page is not filled with them."""
    names = ("c", "a", "b")
    there = [an_object("Service", "z", namespace="media", spec={"selector": {"app": "z"}})]
    services = [*(a_service(name) for name in names), *there]
    report = examine(a_snapshot(*services, unseen=(discovery.EndpointSlice,)), (CHECK,))
    assert [str(each.subject) for each in report.roots] == ["Service apps/a", "Service media/z"]
    assert {each.verdict for each in report.findings} == {Verdict.UNKNOWN}
    assert len(report.findings) == 4


def test_what_a_load_balancers_controller_says_is_told() -> None:
    """Tailscale's operator keeps conditions on the Service itself."""
    said = "no Tailscale hostname known yet, waiting for proxy pod to finish auth"
    condition = {"type": "TailscaleProxyReady", "status": "False", "message": said}
    service = a_service(type="LoadBalancer", loadBalancerClass="tailscale")
    service["status"] = {"loadBalancer": {}, "conditions": [condition]}
    found = judged(judge, service, a_slice("web", an_endpoint()))
    assert said in found.message


@pytest.mark.parametrize("type_", ["ClusterIP", "ExternalName", "LoadBalancer"])
def test_a_proxy_that_is_not_ready_is_told_of_any_service(type_: str) -> None:
    """Tailscale's operator shows a ClusterIP in the tailnet, whose endpoints are ready."""
    why = "unable to provision proxy resources"
    condition = {
        "type": "TailscaleProxyReady",
        "status": "False",
        "reason": "ProxyInvalid",
        "message": why,
        "lastTransitionTime": ago(hours=1),
    }
    service = a_service(type=type_)
    service["status"] = {
        "loadBalancer": {"ingress": [{"ip": "192.168.1.2"}]},
        "conditions": [condition],
    }
    found = judged(judge, service, a_slice("web", READY))
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "ProxyInvalid")
    assert found.message == why
    condition["status"] = "True"
    assert judged(judge, service, a_slice("web", READY)).verdict is Verdict.HEALTHY


@pytest.mark.parametrize("deleted", [False, True])
def test_a_route_whose_only_node_is_away_follows_from_that_node(*, deleted: bool) -> None:
    """Also when the pod there is deleted minutes later, which only its kubelet could end."""
    silent = {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}
    node = an_object("Node", "n3", "v1", namespace="")
    node["status"] = {"conditions": [{**silent, "lastTransitionTime": ago(minutes=20)}]}
    pod = labelled(a_pod("web-1"), app="web")
    pod["spec"]["nodeName"] = "n3"
    unready = {"type": "Ready", "status": "False", "lastTransitionTime": ago(minutes=19)}
    pod["status"] = {"phase": "Running", "conditions": [unready]}
    if deleted:
        pod["metadata"]["deletionTimestamp"] = ago(minutes=10)
    endpoint = {**UNREADY, "nodeName": "n3", "targetRef": {"kind": "Pod", "name": "web-1"}}
    objects = (node, pod, a_service(), a_slice("web", endpoint), a_route(a_rule()))
    report = examine(a_snapshot(*objects), CHECKS)
    assert [str(root.subject) for root in report.roots] == ["Node n3"]
    assert {each.subject.kind for each in report.findings} >= {"Pod", "Service", "IngressRoute"}
