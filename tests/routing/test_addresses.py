"""What an address stands for, by exact match against what the cluster says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.finding import Ref
from bot.domain.resources import discovery
from bot.routing.addresses import Address, AddressKind, classify, split
from tests.builders import Plain, a_pod, an_object
from tests.net.networks import a_service, a_slice, a_snapshot


def an_endpoint(address: str, pod: str = "web-1", node: str = "home-1", **state: bool) -> Plain:
    target = {"kind": "Pod", "namespace": "apps", "name": pod}
    return {"addresses": [address], "conditions": state, "nodeName": node, "targetRef": target}


def a_node(name: str, address: str, *ranges: str) -> Plain:
    return an_object(
        "Node",
        name,
        namespace="",
        spec={"podCIDR": ranges[0] if ranges else "", "podCIDRs": list(ranges)},
        status={"addresses": [{"type": "InternalIP", "address": address}]},
    )


WORLD = (
    a_service("web", clusterIP="10.99.0.5", clusterIPs=["10.99.0.5", "fd99::5"]),
    a_service("api", clusterIP="None", ports=({"port": 81},)),
    a_slice("web", an_endpoint("172.20.1.7"), an_endpoint("fd20::7", "web-2", "home-2")),
    {
        **a_slice("api", an_endpoint("172.20.1.7"), ports=({"port": 9000},)),
        "metadata": {
            "name": "api-x",
            "namespace": "apps",
            "labels": {"kubernetes.io/service-name": "api"},
        },
    },
    a_node("home-1", "100.64.0.1", "172.20.1.0/24", "fd20:1::/64"),
    a_node("home-2", "fd00::2", "172.20.2.0/24"),
)


def seen(text: str, *, unseen: Any = (), world: tuple[Plain, ...] = WORLD) -> Address:
    kept = [each for each in world if each["kind"] not in {kind.__name__ for kind in unseen}]
    return classify(a_snapshot(*kept, unseen=unseen), text)


WEB, API = Ref("Service", "apps", "web"), Ref("Service", "apps", "api")
POD = Ref("Pod", "apps", "web-1")


def test_an_endpoint_is_known_with_its_service_pod_and_node() -> None:
    found = seen("172.20.1.7:8080")
    assert (found.kind, found.service, found.pod, found.node) == ("pod", WEB, POD, "home-1")
    assert (found.ip, found.port, found.port_served, found.ready) == (
        "172.20.1.7",
        8080,
        True,
        True,
    )


def test_of_several_services_the_one_that_serves_the_port_is_meant() -> None:
    """One pod often stands behind two Services."""
    found = seen("http://172.20.1.7:9000/")
    assert (found.service, found.services) == (API, (WEB, API))


def test_the_services_port_at_a_pods_address_is_told_apart() -> None:
    """The classic mistake of a manual test: port 80 at a pod that listens on 8080."""
    assert seen("172.20.1.7:80").port_served is False
    assert seen("172.20.1.7").port_served is None


def test_an_endpoint_that_is_not_ready_is_still_an_endpoint() -> None:
    world = (a_slice("web", an_endpoint("172.20.1.8", ready=False)),)
    found = seen("172.20.1.8:8080", world=world)
    assert (found.kind, found.ready) == (AddressKind.POD, False)


@pytest.mark.parametrize("text", ["10.99.0.5:80", "http://[fd99::5]:80", "[fd99:0:0::0:5]:80"])
def test_a_vip_is_known_in_both_families(text: str) -> None:
    found = seen(text)
    assert (found.kind, found.service, found.port_served) == (AddressKind.VIP, WEB, True)


def test_a_headless_service_has_no_vip() -> None:
    assert seen("None:81").kind is AddressKind.NAME


@pytest.mark.parametrize(("text", "node"), [("100.64.0.1", "home-1"), ("[fd00::2]:443", "home-2")])
def test_a_nodes_own_address(text: str, node: str) -> None:
    found = seen(text)
    assert (found.kind, found.node) == (AddressKind.NODE, node)


@pytest.mark.parametrize("text", ["172.20.1.99:80", "[fd20:1::9]:80"])
def test_an_address_of_a_pod_range_in_no_slice_names_the_node(text: str) -> None:
    """What is left of a pod that is gone."""
    found = seen(text)
    assert (found.kind, found.node, found.service) == (AddressKind.POD_NETWORK, "home-1", None)


def test_the_usual_ranges_mean_nothing_by_themselves() -> None:
    """10.42 and 10.43 are k3s's defaults, and this cluster has others."""
    assert seen("10.42.1.7:80").kind is AddressKind.ELSEWHERE
    assert seen("10.43.0.1:80").kind is AddressKind.ELSEWHERE


def test_what_was_not_seen_leaves_an_address_unclassified() -> None:
    found = seen("192.0.2.1:80", unseen=(discovery.EndpointSlice,))
    assert (found.kind, found.unseen) == (AddressKind.UNKNOWN, ("EndpointSlice",))
    assert seen("10.99.0.5", unseen=(discovery.EndpointSlice,)).kind is AddressKind.VIP


def test_a_name_of_the_clusters_dns_is_the_service_that_it_means() -> None:
    for text in ("web.apps.svc", "http://WEB.apps.svc.cluster.local:80", "web.apps.svc."):
        assert seen(text).service == WEB
    for text in ("web.apps.svc.elsewhere.example", "nobody.apps.svc", "web", "a.web.apps.svc"):
        found = seen(text)
        assert (found.kind, found.service) == (AddressKind.NAME, None)


def test_an_ipv4_address_in_ipv6_is_what_it_is() -> None:
    assert seen("[::ffff:172.20.1.7]:8080").pod == POD


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("10.0.0.1:80", "10.0.0.1", 80),
        ("h2c://10.0.0.1:80/path?x=1", "10.0.0.1", 80),
        ("http://user:pw@10.0.0.1", "10.0.0.1", None),
        ("fd00::1", "fd00::1", None),
        ("[fe80::1%eth0]:99999", "fe80::1%eth0", None),
        ("", "", None),
        ("http://", "", None),
    ],
)
def test_hosts_and_ports_are_told_apart(text: str, host: str, port: int | None) -> None:
    assert split(text) == (host, port)


ADDRESSES = (
    st.text()
    | st.ip_addresses().map(str)
    | st.builds("{}:{}".format, st.ip_addresses(), st.integers(0, 99999))
    | st.builds("http://[{}]:{}".format, st.ip_addresses(), st.text(max_size=6))
)


@given(ADDRESSES)
def test_any_text_gets_an_answer(text: str) -> None:
    """And never one that a slice or Service would have to give."""
    found = seen(text)
    assert isinstance(found.kind, AddressKind)
    assert found.text == text
    if found.kind in (AddressKind.POD, AddressKind.VIP):
        assert found.service in (WEB, API)


@given(st.lists(st.text(max_size=20), max_size=3))
def test_ranges_and_addresses_that_are_none_are_passed_over(words: list[str]) -> None:
    """An API server would refuse them; a saved file holds what it holds."""
    node = a_node("odd", words[0] if words else "x", *words)
    found = seen("203.0.113.9", world=(node, a_service(clusterIP="no", clusterIPs=words)))
    assert found.kind in AddressKind


def a_pod_at(*addresses: str, name: str = "web-1", namespace: str = "apps", **rest: Any) -> Plain:
    pod = a_pod(name, namespace=namespace)
    own = {"podIP": addresses[0], "podIPs": [{"ip": address} for address in addresses]}
    return {**pod, "status": {**pod["status"], **own, **rest}}


PODS = (a_pod_at("172.20.1.7"), a_pod_at("fd20::7", name="web-2"))
TAKEN = ("172.20.1.7", "fd20::7", "10.99.0.5", "fd99::5")
"""Of pods and of a Service in `apps`."""


def a_tenants(*addresses: str, **target: str) -> Plain:
    """A slice of the tenant; it comes first of all, and may name what it likes."""
    pod = {"kind": "Pod", "namespace": "apps", "name": "web-1", **target}
    endpoint = {"addresses": list(addresses), "nodeName": "home-9", "targetRef": pod}
    made = a_slice("fake", endpoint, ports=({"port": 8080}, {"port": 80}))
    return {**made, "metadata": {**made["metadata"], "name": "a", "namespace": "tenant"}}


@pytest.mark.parametrize("address", TAKEN)
@pytest.mark.parametrize("target", [{}, {"name": "gone"}, {"namespace": "tenant"}])
def test_a_slice_takes_no_address_of_another_namespaces_pod_or_service(
    address: str, target: dict[str, str]
) -> None:
    """Whichever pod it names: what the kubelet or the API server says goes before it."""
    world = (*WORLD, *PODS)
    text = f"[{address}]:8080" if ":" in address else f"{address}:8080"
    ended = a_pod_at(address, name="ended", namespace="tenant", phase="Succeeded")
    for more in ((), (ended,)):
        claimed = (a_tenants(address, **target), a_tenants(address, *TAKEN), *more, *world)
        assert seen(text, world=claimed) == seen(text, world=world)


def test_a_slice_that_alone_has_an_address_is_believed() -> None:
    """As one that was written by hand, for a server outside of the cluster."""
    found = seen("192.0.2.9:80", world=(*WORLD, *PODS, a_tenants("192.0.2.9")))
    assert (found.kind, found.services) == ("pod", (Ref("Service", "tenant", "fake"),))


def test_two_namespaces_may_have_a_pod_in_one_nodes_network() -> None:
    """Both are endpoints of that address."""
    own = (a_pod_at("100.64.0.1"), a_pod_at("100.64.0.1", name="x", namespace="tenant"))
    both = (a_tenants("100.64.0.1"), a_slice("web", an_endpoint("100.64.0.1")))
    found = seen("100.64.0.1:8080", world=(*WORLD, *own, *both))
    assert set(found.services) == {Ref("Service", "tenant", "fake"), WEB}
