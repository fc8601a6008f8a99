"""Services: kube-proxy's rules on every node, in the chains where kube-proxy has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.lab.namespaces import run
from tests.lab.topology import Lab, Node

CLUSTER = "10.42.0.0/16"
MARK = "0x4000"


@dataclass(slots=True)
class Service:
    """A Service with the (address, port) of its endpoints; `vip` is empty for a headless one."""

    name: str
    namespace: str
    vip: str
    port: int
    endpoints: list[tuple[str, int]] = field(default_factory=list)
    protocols: tuple[str, ...] = ("tcp",)


def program(lab: Lab, services: list[Service]) -> None:
    """Write the whole firewall of every node anew: kube-proxy's part, and then its own rules."""
    for node in lab.nodes:
        rules = "\n".join(_tables(node, services)) + "\n"
        run(("ip", "netns", "exec", node.namespace, "iptables-restore"), rules)


def _tables(node: Node, services: list[Service]) -> Iterator[str]:
    proxied = services if node.vips else []
    yield "*nat"
    yield from (
        f":{chain} ACCEPT [0:0]" for chain in ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")
    )
    yield from (f":{chain} - [0:0]" for chain in ("KUBE-SERVICES", "KUBE-MARK-MASQ"))
    yield f"-A KUBE-MARK-MASQ -j MARK --or-mark {MARK}"
    yield "-A PREROUTING -j KUBE-SERVICES"
    yield "-A OUTPUT -j KUBE-SERVICES"
    for number, service in enumerate(proxied):
        yield from _service(node, number, service)
    yield f"-A POSTROUTING -m mark --mark {MARK}/{MARK} -j MASQUERADE"
    # flannel's own: what leaves the cluster leaves with the node's address.
    yield f"-A POSTROUTING -s {CLUSTER} ! -d {CLUSTER} -j MASQUERADE"
    yield from node.rules.get("nat", [])
    yield "COMMIT"
    yield "*filter"
    yield from (f":{chain} ACCEPT [0:0]" for chain in ("INPUT", "FORWARD", "OUTPUT"))
    for service in proxied:
        if not service.endpoints and service.vip:
            for chain in ("FORWARD", "OUTPUT"):
                yield (
                    f"-A {chain} -d {service.vip}/32 -p tcp --dport {service.port} "
                    "-j REJECT --reject-with icmp-port-unreachable"
                )
    yield from node.rules.get("filter", [])
    yield "COMMIT"
    yield "*mangle"
    yield from node.rules.get("mangle", [])
    yield "COMMIT"


def _service(node: Node, number: int, service: Service) -> Iterator[str]:
    if not service.vip or not service.endpoints:
        return
    chain = f"KUBE-SVC-{number}"
    yield f":{chain} - [0:0]"
    for protocol in service.protocols:
        to = f"-d {service.vip}/32 -p {protocol} --dport {service.port}"
        outsiders = "" if node.masquerades_all else f"! -s {CLUSTER} "
        yield f"-A {chain} {outsiders}{to} -j KUBE-MARK-MASQ"
        yield f"-A KUBE-SERVICES {to} -j {chain}"
        for index, (address, port) in enumerate(service.endpoints):
            left = len(service.endpoints) - index
            chance = f"-m statistic --mode random --probability {1 / left:.6f} " if left > 1 else ""
            endpoint = f"KUBE-SEP-{number}-{protocol}-{index}"
            yield f":{endpoint} - [0:0]"
            yield f"-A {chain} -p {protocol} {chance}-j {endpoint}"
            yield f"-A {endpoint} -s {address}/32 -j KUBE-MARK-MASQ"
            yield f"-A {endpoint} -p {protocol} -j DNAT --to-destination {address}:{port}"
