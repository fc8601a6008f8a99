"""What a prober may ask, whoever wrote the address, the host and the path."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.refusal import Refusal
from bot.domain.snapshot import Gap, Snapshot, Why
from bot.net.address_owners import foreign
from bot.net.probing.admission import KUBELET, MOST_BEHIND, ProbeAdmission, asked_path
from bot.net.probing.protocol import CheckedProbe, Probe, ProbeKind
from bot.net.tools.targets import allowed
from tests.fakes import snapshot_of

API = "10.43.0.1"
VIP = "10.43.7.7"
NODE = "192.168.1.10"
LAN = "192.168.1.1"


def pod(name: str, namespace: str, address: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"nodeName": "edge", "containers": [{"name": "a"}], **spec},
        "status": {"phase": "Running", "podIP": address},
    }


def service(name: str, namespace: str, **spec: Any) -> dict[str, Any]:
    metadata = {"namespace": namespace, "name": name}
    spec = {"ports": [{"port": 80}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def a_slice(name: str, namespace: str, *addresses: str) -> dict[str, Any]:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "namespace": namespace,
            "name": f"{name}-x",
            "labels": {"kubernetes.io/service-name": name},
        },
        "endpoints": [{"addresses": [address], "conditions": {}} for address in addresses],
        "ports": [{"port": 80}],
    }


def on_its_node(name: str, namespace: str, port: int) -> dict[str, Any]:
    ports = [{"containerPort": port}]
    return pod(name, namespace, NODE, hostNetwork=True, containers=[{"name": "a", "ports": ports}])


OBJECTS: tuple[dict[str, Any], ...] = (
    {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "edge"},
        "spec": {"podCIDRs": ["10.42.1.0/24", "fd42::/64"]},
        "status": {"addresses": [{"type": "InternalIP", "address": NODE}]},
    },
    service("kubernetes", "default", clusterIP=API, clusterIPs=[API]),
    a_slice("kubernetes", "default", "203.0.113.6"),
    service("web", "tenant", clusterIP=VIP, clusterIPs=[VIP], externalIPs=["198.51.100.4"]),
    service("out", "tenant", type="ExternalName", externalName="metadata.example"),
    service("bare", "tenant", clusterIP="None", clusterIPs=["None"]),
    pod("web", "tenant", "10.99.0.5"),
    pod("ledger", "bank", "10.99.0.6"),
    pod("done", "tenant", "10.99.0.7") | {"status": {"phase": "Succeeded", "podIP": "10.99.0.7"}},
    on_its_node("exporter", "monitoring", 9100),
)
WITHOUT_SLICES = tuple(item for item in OBJECTS if item["kind"] != "EndpointSlice")


def cluster(*more: dict[str, Any]) -> Snapshot:
    return snapshot_of(*OBJECTS, *more)


def why(address: str, port: int = 80, kind: ProbeKind = ProbeKind.HTTP, **rule: Any) -> str:
    answer = ProbeAdmission(cluster(), **rule).check(Probe("a", kind, address, port))
    return answer.detail if isinstance(answer, Refusal) else ""


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("10.99.0.5", 80),  # a pod's, outside of every range
        ("10.42.1.200", 80),  # in a node's pod range
        ("fd42::7", 80),
        (VIP, 80),
        (NODE, 9100),  # a pod in the host network has that port
    ],
)
def test_what_is_of_the_cluster_is_asked(address: str, port: int) -> None:
    assert not why(address, port)


NEVER = (
    *("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "0.0.0.0", "0.1.2.3", "::"),  # noqa: S104  # refused
    *("169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fd42::7%eth0", "fe80::1%eth0"),
    *("224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1", "fec0::1"),
    *("2002:7f00:1::", "2002:a9fe:a9fe::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "::127.0.0.1"),
    *("2001:0:7f00:1::1", "0x7f000001", "2130706433", "127.1", "localhost", "", "10.42.1.7/24"),
)


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("by_person", [False, True])
def test_what_means_another_machine_everywhere_is_never_asked(
    address: str, *, by_person: bool
) -> None:
    """Not by a person's word either, and not where the settings name all there is."""
    everything = allowed(["0.0.0.0/0", "::/0"])
    assert why(address, by_person=by_person, also=everything)


@pytest.mark.parametrize(
    ("address", "port", "said"),
    [
        (LAN, 80, "outside the cluster"),
        ("198.51.100.4", 80, "outside the cluster"),  # an external IP of a Service
        ("100.64.0.9", 80, "outside the cluster"),
        ("10.99.0.7", 80, "outside the cluster"),  # of a pod that has ended
        ("fd43::1", 80, "outside the cluster"),
        (API, 443, "the API server's"),
        ("203.0.113.6", 6443, "the API server's"),
        (NODE, 10250, "a node's own address"),
        (NODE, 22, "a node's own address"),
    ],
)
def test_what_lies_outside_is_not_asked_by_the_word_of_a_route(
    address: str, port: int, said: str
) -> None:
    """The settings may name what lies outside, and neither nodes nor the API server."""
    assert said in why(address, port)
    named = why(address, port, also=allowed(["0.0.0.0/0", "::/0"]))
    assert bool(named) == ("outside" not in said)


BRIDGES = ("10.42.1.0", "10.42.1.1", "::ffff:10.42.1.1", "fd42::", "fd42::1", "fd42:0:0::0:1")
TUNNELS = {
    "projectcalico.org/IPv4VXLANTunnelAddr": "10.42.1.77",
    "network.cilium.io/ipv4-cilium-host": "10.42.1.78",
    "flannel.alpha.coreos.com/public-ip": "10.99.0.200",
}


def a_tunnelled_node() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "core", "annotations": TUNNELS},
        "spec": {"podCIDR": "10.42.1.64/26"},
    }


@pytest.mark.parametrize("port", [22, 443, 6443, 10250, 30080])
@pytest.mark.parametrize("address", [*BRIDGES, *TUNNELS.values()])
def test_a_nodes_addresses_in_the_network_of_its_pods_are_the_nodes(
    address: str, port: int
) -> None:
    """Behind its bridge and its tunnel a node has all of its ports, the API server's too."""
    snapshot = cluster(a_tunnelled_node())
    for kind in ProbeKind.HTTP, ProbeKind.TCP, ProbeKind.ROUTE_GET:
        probe = Probe("a", kind, address, port)
        refused = ProbeAdmission(snapshot, allowed(["10.0.0.0/8"])).check(probe)
        assert isinstance(refused, Refusal) or (kind is ProbeKind.TCP and port == KUBELET)
        assert isinstance(ProbeAdmission(snapshot, by_person=True).check(probe), CheckedProbe)
    assert "a node's address" in foreign(snapshot, "tenant", address, port)


def test_a_pod_may_have_the_first_addresses_of_a_range() -> None:
    """Not every network plugin keeps them for the node."""
    rule = ProbeAdmission(cluster(pod("first", "tenant", "10.42.1.1")))
    assert isinstance(rule.check(Probe("a", ProbeKind.HTTP, "10.42.1.1", 80)), CheckedProbe)


LEADS_AWAY = (
    (LAN, "outside the cluster"),
    (API, "the API server's"),
    ("203.0.113.6", "the API server's"),
    (NODE, "a node's address"),
    ("10.42.1.1", "a node's address"),
    ("10.99.0.6", "a pod of another namespace"),
    ("10.99.0.7", "outside the cluster"),
    ("::ffff:192.168.1.1", "outside the cluster"),
    ("169.254.169.254", "another machine"),
    (VIP, "the VIP of a Service"),
    ("8.8.8.8", "outside the cluster"),
)
LED = "10.43.9.9"


def a_vip(*slices: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    return service("lan", "tenant", clusterIP=LED, clusterIPs=[LED]), *slices


def asks_the_vip(*slices: dict[str, Any], **rule: Any) -> bool:
    """By its address, as a request and as a knock, and by its name: all of them alike."""
    asking = ProbeAdmission(cluster(*a_vip(*slices)), **rule)
    answers = [
        asking.check(Probe("a", ProbeKind.HTTP, LED, 80)),
        asking.check(Probe("a", ProbeKind.TCP, LED, 80)),
        asking.check(Probe("a", ProbeKind.DNS, name=NAMED, port=80), by_name=True),
    ]
    (asked,) = {isinstance(answer, CheckedProbe) for answer in answers}
    return asked


NAMED = "lan.tenant.svc.cluster.local"


@pytest.mark.parametrize(("address", "said"), LEADS_AWAY)
def test_a_vip_is_asked_only_if_each_of_its_endpoints_is(address: str, said: str) -> None:
    """kube-proxy sends on to what a slice names, and a tenant adds slices to its own Services."""
    of_pod, of_other = a_slice("lan", "tenant", "10.99.0.5"), a_slice("lan", "tenant", address)
    assert asks_the_vip(of_pod)
    assert asks_the_vip(a_slice("lan", "tenant", "10.42.1.200")), "of a pod that is gone, perhaps"
    of_other["metadata"]["name"] = "another"
    assert not asks_the_vip(of_pod, of_other)
    answer = ProbeAdmission(cluster(*a_vip(of_other))).check(Probe("a", ProbeKind.TCP, LED, 80))
    assert isinstance(answer, Refusal)
    assert said in answer.detail


def test_a_vip_leads_where_the_settings_or_a_person_say() -> None:
    lan, web = a_slice("lan", "tenant", LAN), a_slice("lan", "tenant", "8.8.8.8")
    assert asks_the_vip(lan, also=allowed(["192.168.1.1"]))
    assert not asks_the_vip(lan, by_person=True)
    assert asks_the_vip(web, by_person=True)
    assert asks_the_vip(a_slice("elsewhere", "tenant", LAN)), "a slice of another Service"


@pytest.mark.parametrize(
    ("conditions", "asked"),
    [
        ({"ready": False}, True),
        ({"ready": False, "serving": True, "terminating": True}, False),
        ({"ready": None}, False),
        ({"ready": True}, False),
    ],
)
def test_a_vip_leads_to_what_kube_proxy_takes(conditions: dict[str, Any], *, asked: bool) -> None:
    lan = a_slice("lan", "tenant", LAN)
    lan["endpoints"][0]["conditions"] = conditions
    assert asks_the_vip(lan) == asked


def test_a_vip_is_not_asked_while_its_endpoints_are_unknown() -> None:
    many = a_slice("lan", "tenant", *(f"fd42::{number:x}" for number in range(2, MOST_BEHIND + 2)))
    assert asks_the_vip(many)
    assert not asks_the_vip({**many, "ports": [{"port": 80}, {"port": 81, "name": "more"}]})
    cut = a_slice("lan", "tenant", *(f"fd42::{number:x}" for number in range(2, MOST_BEHIND + 9)))
    assert not asks_the_vip(cut), "of which a part is not kept"
    unread = snapshot_of(*WITHOUT_SLICES, gaps=(Gap("EndpointSlice", Why.FORBIDDEN, "no right"),))
    answer = ProbeAdmission(unread).check(Probe("a", ProbeKind.TCP, VIP, 80))
    assert isinstance(answer, Refusal)
    assert "couldn't be read" in answer.detail


def test_our_own_test_knocks_at_a_node_and_says_nothing() -> None:
    assert not why(NODE, 10250, ProbeKind.TCP)
    assert why(NODE, 10250, ProbeKind.HTTP)
    assert why(NODE, 22, ProbeKind.TCP)


def test_a_person_may_mean_a_node_and_the_internet_and_not_the_lan() -> None:
    assert not why(NODE, 22, by_person=True)
    assert not why("1.1.1.1", by_person=True)
    assert "MESHMEDIC_NET_TARGETS" in why(LAN, by_person=True)
    assert not why(LAN, by_person=True, also=allowed(["192.168.1.0/24"]))


def test_what_the_prober_made_itself_is_asked() -> None:
    assert not why("10.77.0.1", own=frozenset({"10.77.0.1"}))


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("web.tenant.svc.cluster.local", True),
        ("kubernetes.default.svc.cluster.local", True),
        ("out.tenant.svc.cluster.local", False),
        ("bare.tenant.svc.cluster.local", False),
        ("gone.tenant.svc.cluster.local", False),
        ("router.lan", False),
    ],
)
def test_a_name_is_asked_where_it_leads_to_a_vip(name: str, *, asked: bool) -> None:
    """A headless Service has the addresses of its slices, and an ExternalName any."""
    rule, probe = ProbeAdmission(cluster()), Probe("a", ProbeKind.DNS, name=name, port=80)
    assert isinstance(rule.check(probe), CheckedProbe), "it is looked up at least"
    assert isinstance(rule.check(probe, by_name=True), CheckedProbe) == asked


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/apply.cgi?action=reboot", "/apply.cgi"),
        ("/a#b", "/a"),
        ("?x=1", "/"),
        ("", "/"),
        ("/a%20b", "/a%20b"),
        ("/grüße", "/grüße"),
        ("/..x/.well-known/", "/..x/.well-known/"),
    ],
)
def test_a_path_is_asked_for_without_its_query(path: str, asked: str) -> None:
    assert asked_path(path) == asked


@pytest.mark.parametrize(
    "path",
    [
        *("/a\r\nX: y", "/a%0d%0aX:%20y", "/a%250d%250a", "/%00", "/\x00", "/a b", "/\u202ea"),
        *("/../x", "/a/..", "/a/../b", "/%2e%2e/b", "/.%2e/b", "/%252e%252e/b", "/a/..;/b", "/./a"),
        *("/..\\b", "/a%5c..%5cb", "/a%3freboot=1", "/a%23b", "x", "//x\n", "/" + "x" * 10_000),
    ],
)
def test_a_path_that_could_be_read_in_another_way_is_not_asked_for(path: str) -> None:
    assert isinstance(asked_path(path), Refusal)


@pytest.mark.parametrize(
    "host", ["a.example:80", "u:p@a.example", "a.example\r\nX: y", "a b", "*", "a/b", "x" * 300]
)
def test_a_host_that_is_no_name_is_not_asked_for(host: str) -> None:
    answer = ProbeAdmission(cluster()).check(Probe("a", ProbeKind.HTTP, VIP, 80, name=host))
    assert isinstance(answer, Refusal)


@given(st.ip_addresses().map(str) | st.text(max_size=40), st.integers(0, 70_000), st.text())
def test_whatever_is_asked_is_of_the_cluster(address: str, port: int, path: str) -> None:
    """By its one writing, and with a path that says one thing."""
    rule = ProbeAdmission(cluster())
    answer = rule.check(Probe("a", ProbeKind.HTTP, address, port, path=path))
    if isinstance(answer, CheckedProbe):
        assert not why(answer.address, port)
        assert answer.path.isprintable()
        assert "?" not in answer.path


@pytest.mark.parametrize(
    ("namespace", "address", "port", "said"),
    [
        ("tenant", "10.99.0.5", 80, ""),
        ("tenant", "10.42.1.200", 80, ""),  # of a pod that is gone, perhaps
        ("tenant", "10.99.0.6", 80, "a pod of another namespace"),
        ("tenant", "::ffff:10.99.0.6", 80, "a pod of another namespace"),
        ("tenant", NODE, 9100, "a node's address"),
        ("monitoring", NODE, 9100, ""),
        ("monitoring", NODE, 10250, "a node's address"),
        ("tenant", API, 443, "the API server's"),
        ("tenant", VIP, 80, "the VIP of a Service"),
        ("tenant", "127.0.0.1", 80, "another machine"),
    ],
)
def test_a_slice_speaks_for_pods_of_its_namespace_alone(
    namespace: str, address: str, port: int, said: str
) -> None:
    """A NetworkPolicy that keeps a tenant from a pod is not to be passed by our probes."""
    found = foreign(cluster(), namespace, address, port)
    assert said in found
    assert bool(found) == bool(said)
