"""A LoadBalancer Service and the pods that are to give it an address."""

from bot.domain.report import Report, examine
from bot.domain.verdict import Verdict
from bot.health.checks import endpoints, pods
from tests.builders import Plain, a_pod, an_object
from tests.health.checks.conditioned import owned_by, said
from tests.net.networks import a_service, a_slice, a_snapshot, ago, an_endpoint

CHECKS = (pods.CHECK, endpoints.CHECK)
NO_PORT = "0/2 nodes are available: 2 node(s) didn't have free ports."


def a_load_balancer(name: str = "web", *, days: float = 1) -> Plain:
    plain = a_service(name, type="LoadBalancer", selector={})
    plain["metadata"] |= {"creationTimestamp": ago(days=days)}
    return plain


def a_svclb_pod(
    name: str, service: str = "web", place: str = "apps", *, ready: bool = False
) -> Plain:
    plain = a_pod(name, namespace="kube-system")
    plain["metadata"] |= owned_by("DaemonSet", f"svclb-{service}") | {
        "labels": {
            "svccontroller.k3s.cattle.io/svcname": service,
            "svccontroller.k3s.cattle.io/svcnamespace": place,
        }
    }
    if not ready:
        unscheduled = said(
            "PodScheduled", "False", reason="Unschedulable", message=NO_PORT, minutes=60
        )
        plain |= {"spec": {}, "status": {"phase": "Pending", "conditions": [unscheduled]}}
    return plain


def report(*plain: Plain) -> Report:
    return examine(a_snapshot(*plain), CHECKS)


def test_a_service_without_address_follows_the_pods_that_find_no_port() -> None:
    """One root, whatever the age of the Service and the number of its pods."""
    found = report(a_load_balancer(), a_svclb_pod("svclb-1"), a_svclb_pod("svclb-2"))
    assert [root.subject.name for root in found.roots] == ["svclb-1"]
    service = next(each for each in found.findings if each.subject.kind == "Service")
    assert service.verdict is Verdict.DEGRADED
    assert service.message.endswith(NO_PORT)


def test_a_service_whose_load_balancer_crashes_follows_it_too() -> None:
    """Not ready for another reason."""
    crashing = a_svclb_pod("svclb-1", ready=True)
    crashing["status"] = a_pod(waiting="CrashLoopBackOff")["status"]
    found = report(a_load_balancer(), crashing)
    assert [root.subject.kind for root in found.roots] == ["Pod"]


def test_the_pods_of_another_service_of_that_name_explain_nothing() -> None:
    """The label names the namespace as well."""
    found = report(a_load_balancer(), a_svclb_pod("svclb-1", place="media"))
    assert sorted(root.subject.kind for root in found.roots) == ["Pod", "Service"]


def test_a_service_with_an_address_is_healthy_though_one_node_has_no_port_free() -> None:
    """The pod alone is remarked on."""
    served = a_load_balancer() | {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}
    found = report(served, a_svclb_pod("svclb-1"), a_svclb_pod("svclb-2", ready=True))
    assert [each.subject.kind for each in found.findings] == ["Pod"]


def test_pods_of_one_owner_that_no_node_takes_are_one_root() -> None:
    """Replicas of a Deployment; a pod without an owner stands alone."""
    unscheduled = said("PodScheduled", "False", reason="Unschedulable", message="no memory")
    plain = [
        an_object("Pod", name, status={"phase": "Pending", "conditions": [unscheduled]})
        for name in ("web-1", "web-2", "lone")
    ]
    for pod in plain[:2]:
        pod["metadata"] |= owned_by("ReplicaSet", "web")
    assert sorted(root.subject.name for root in report(*plain).roots) == ["lone", "web-1"]


def test_a_service_that_is_served_and_has_an_address_is_healthy() -> None:
    """With a selector, ready endpoints and a load balancer that does well."""
    served = a_service("web", type="LoadBalancer") | {
        "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    }
    found = report(served, a_slice("web", an_endpoint()), a_svclb_pod("svclb-1", ready=True))
    assert found.findings == ()


def test_an_old_service_whose_load_balancer_has_new_pods_is_under_way() -> None:
    """An effect does not outrank its cause."""
    new = a_svclb_pod("svclb-1")
    new["metadata"]["creationTimestamp"] = ago(minutes=1)
    found = report(a_load_balancer(), new)
    service = next(each for each in found.findings if each.subject.kind == "Service")
    assert service.verdict is Verdict.PROGRESSING
