"""What breaks: each takes a healthy world and does one thing to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.lab import backends
from tests.lab.namespaces import ip
from tests.lab.topology import VXLAN, Node
from tests.lab.world import PORT, World

Fault = Callable[[World], Awaitable[None]]

DROP_VXLAN = "-p udp --dport 8472 -j DROP"
HOST_PORT = 30080


async def nothing(_: World) -> None:
    """All is well."""


def on(name: str, table: str, *rules: str) -> Fault:
    """Rules of a node's own firewall; `*` stands for every node."""

    async def begin(world: World) -> None:
        for node in world.lab.nodes:
            if name in ("*", node.name):
                node.rules.setdefault(table, []).extend(rules)
        world.apply()

    return begin


def vxlan_gone(name: str) -> Fault:
    """flannel.1 vanished with tailscale0, and its routes with it."""

    async def begin(world: World) -> None:
        ip(world.lab.node(name).namespace, f"link del {VXLAN}")

    return begin


def wrong_address(name: str) -> Fault:
    """The others send what is for this node's pods to an address that nobody has."""

    async def begin(world: World) -> None:
        for other in world.lab.nodes:
            if other.name != name:
                ip(other.namespace, f"link del {VXLAN}")
                world.lab.overlay(other, lies={name: "100.64.0.250"})

    return begin


def vips_gone(name: str) -> Fault:
    """kube-proxy does not do its work on a node."""

    async def begin(world: World) -> None:
        world.lab.node(name).vips = False
        world.apply()

    return begin


def policy(answer: str, *, masquerade: bool = False) -> Fault:
    """kube-router at the web servers' nodes lets nobody in but their own node.

    With `masquerade` it lets every node in, and kube-proxy sends all VIP traffic by a node's name.
    """

    async def begin(world: World) -> None:
        nodes = {pod.node.name: pod.node for pod in world.web}
        for node in nodes.values():
            let_in: list[Node] = world.lab.nodes if masquerade else [node]
            sources = ",".join(
                f"{each}/32" for other in let_in for each in (other.gateway, other.tunnel)
            )
            for pod in world.web:
                if pod.node is node:
                    rules = node.rules.setdefault("filter", [])
                    to = f"-d {pod.address}/32 -p tcp"
                    rules += [f"-A FORWARD -s {each} {to} -j ACCEPT" for each in sources.split(",")]
                    rules.append(f"-A FORWARD {to} -m conntrack --ctstate NEW {answer}")
        for node in world.lab.nodes:
            node.masquerades_all = masquerade
        world.policed = True
        world.apply()

    return begin


REJECT = "-j REJECT --reject-with icmp-port-unreachable"
RESET = "-p tcp -j REJECT --reject-with tcp-reset"


def redirect(port: int = PORT, interface: str = "") -> Fault:
    """The edge sends what comes for a port to a NodePort; without an interface, the pods' too."""
    named = f"-i {interface} " if interface else ""
    return on(
        "edge",
        "nat",
        f"-A PREROUTING {named}-p tcp --dport {port} -j REDIRECT --to-ports {HOST_PORT}",
    )


async def stopped(world: World) -> None:
    """The application has ended, and its endpoints still are in the slice."""
    for each in world.servers:
        each.close()
        await each.wait_closed()


async def only_web_stopped(world: World) -> None:
    """The port of the web is closed, the metrics' is open."""
    for each in world.servers[::2]:
        each.close()
        await each.wait_closed()


async def on_loopback(world: World) -> None:
    """The application listens on 127.0.0.1 alone."""
    await stopped(world)
    world.servers = [await backends.web(each, PORT, address="127.0.0.1") for each in world.web]


async def wrong_target_port(world: World) -> None:
    """The Service names a port that nothing listens on."""
    world.target_port = 8080
    world.service.endpoints = [(address, 8080) for address, _ in world.service.endpoints]
    world.apply()


async def stale(world: World) -> None:
    """Traefik still uses the address of a pod that is gone."""
    node = world.web[0].node
    gone = f"10.42.{node.index}.99"
    ip(node.namespace, f"route add unreachable {gone}/32")
    world.believed = [(gone, PORT)]


async def no_endpoint(world: World) -> None:
    """The slice is empty."""
    world.service.endpoints = []
    world.apply()


async def external(world: World) -> None:
    """The Service is a name outside of the cluster."""
    world.kind, world.external = "ExternalName", "nas.example"
    world.service.endpoints = []


async def headless(world: World) -> None:
    """The Service has no VIP."""
    world.kind = "Headless"
    world.service.vip = ""
    world.apply()


async def dns_dead(world: World) -> None:
    """CoreDNS does not answer."""
    world.lab.node(world.dns.node.name).rules.setdefault("filter", []).append(
        f"-A FORWARD -d {world.dns.address}/32 -j DROP"
    )
    world.apply()


def slow(seconds: float) -> Fault:
    """Everything goes by a distant relay."""

    async def begin(world: World) -> None:
        for one in world.lab.nodes:
            for other in world.lab.nodes:
                if one is not other:
                    await world.lab.change_mesh(one, other, seconds)

    return begin


def both(*faults: Fault) -> Fault:
    """Several at once."""

    async def begin(world: World) -> None:
        for each in faults:
            await each(world)

    return begin


def healing(fault: Fault) -> Fault:
    """A fault that is gone before anything is asked for the second time."""

    async def begin(world: World) -> None:
        await fault(world)

        async def heal() -> None:
            await mended(world)

        world.prober.before_again = heal

    return begin


async def mended(world: World) -> None:
    """Take every rule of the nodes' own away, and build the overlay anew."""
    for node in world.lab.nodes:
        node.rules.clear()
        node.vips, node.masquerades_all = True, False
        await asyncio.to_thread(ip, node.namespace, f"link set {VXLAN} up")
    world.apply()
