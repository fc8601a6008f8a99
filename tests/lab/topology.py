"""Nodes, pods and the overlay between them, as k3s with flannel's vxlan over Tailscale has them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.lab import namespaces
from tests.lab.mesh import DEVICE
from tests.lab.namespaces import ip, named, run

MTU = 1280
"""Of tailscale0; vxlan takes 50 bytes of it."""

VXLAN = "flannel.1"
NAMES = ("edge", "attic", "cellar", "shed", "garage")
DNS_VIP = "10.43.0.10"


@dataclass(slots=True)
class Pod:
    """A pod: a namespace with one address, or the node's own where it has the host's network."""

    name: str
    node: Node
    address: str
    namespace: str


@dataclass(slots=True)
class Node:
    """A node, its addresses, and what its firewall does beyond kube-proxy's rules.

    `rules` are lines of iptables-save by table; those of nat stand behind kube-proxy's.
    """

    index: int
    name: str
    pods: list[Pod] = field(default_factory=list)
    rules: dict[str, list[str]] = field(default_factory=dict)
    vips: bool = True
    """Whether kube-proxy did its work here."""

    masquerades_all: bool = False

    @property
    def namespace(self) -> str:
        """Its network namespace."""
        return named(self.name)

    @property
    def address(self) -> str:
        """In the mesh, which is its InternalIP too."""
        return f"100.64.0.{self.index + 1}"

    @property
    def gateway(self) -> str:
        """The pods' gateway, cni0's address."""
        return f"10.42.{self.index}.1"

    @property
    def cidr(self) -> str:
        """Of its pods."""
        return f"10.42.{self.index}.0/24"

    @property
    def tunnel(self) -> str:
        """The address of its vxlan device."""
        return f"10.42.{self.index}.0"

    @property
    def mac(self) -> str:
        """Of its vxlan device."""
        return f"02:42:00:00:00:{self.index + 1:02x}"


class Lab:
    """The nodes and the mesh between them."""

    def __init__(self, count: int, delay: float) -> None:
        names = [*NAMES, *(f"node{index}" for index in range(len(NAMES), count))]
        self.nodes = [Node(index, name) for index, name in enumerate(names[:count])]
        self._delay = delay
        self._mesh: asyncio.subprocess.Process | None = None

    def node(self, name: str) -> Node:
        """A node by its name."""
        return next(each for each in self.nodes if each.name == name)

    async def build(self) -> None:
        """Make the nodes, the mesh and the overlay."""
        for node in self.nodes:
            run(("ip", "netns", "add", node.namespace))
            # As `dnsPolicy: ClusterFirstWithHostNet` has it.
            namespaces.resolve_by(node.namespace, DNS_VIP)
        await self._begin_mesh()
        for node in self.nodes:
            self._underlay(node)
            self.overlay(node)

    async def change_mesh(self, begin: Node, end: Node, delay: float | None) -> None:
        """Set the delay of one direction in seconds; None cuts it."""
        line = {"from": begin.address, "to": end.address, "delay": delay}
        await self._tell(line)

    def overlay(self, node: Node, *, lies: dict[str, str] | None = None) -> None:
        """The vxlan device and the ways to all other nodes.

        `lies` are wrong public addresses of nodes, by name.
        """
        lines = [
            f"link add {VXLAN} address {node.mac} type vxlan id 1 local {node.address} "
            "dstport 8472 nolearning",
            f"link set {VXLAN} mtu {MTU - 50} up",
            f"addr add {node.tunnel}/32 dev {VXLAN}",
        ]
        for other in self.nodes:
            if other is not node:
                lines += [
                    f"neigh replace {other.tunnel} lladdr {other.mac} dev {VXLAN} nud permanent",
                    f"route replace {other.cidr} via {other.tunnel} dev {VXLAN} onlink",
                ]
        ip(node.namespace, *lines)
        entries = [
            f"fdb append {other.mac} dev {VXLAN} dst {(lies or {}).get(other.name, other.address)}"
            for other in self.nodes
            if other is not node
        ]
        run(("bridge", "-n", node.namespace, "-batch", "-"), "\n".join(entries) + "\n")

    def pod(self, node: Node, name: str) -> Pod:
        """A new pod on a node."""
        number = len(node.pods) + 2
        made = Pod(name, node, f"10.42.{node.index}.{number}", named(name))
        device = f"veth{number}"
        run(("ip", "netns", "add", made.namespace))
        ip(
            node.namespace,
            f"link add {device} type veth peer name eth0 netns {made.namespace}",
            f"link set {device} mtu {MTU - 50} up",
            f"addr add {node.gateway}/32 dev {device}",
            f"route add {made.address}/32 dev {device}",
        )
        ip(
            made.namespace,
            "link set lo up",
            f"addr add {made.address}/32 dev eth0",
            f"link set eth0 mtu {MTU - 50} up",
            f"route add {node.gateway} dev eth0",
            f"route add default via {node.gateway}",
        )
        namespaces.resolve_by(made.namespace, DNS_VIP)
        node.pods.append(made)
        return made

    async def remove(self) -> None:
        """Take all of it away."""
        if self._mesh and self._mesh.returncode is None:
            self._mesh.kill()
            await self._mesh.wait()
        for node in self.nodes:
            for pod in node.pods:
                if pod.namespace != node.namespace:
                    namespaces.remove(pod.namespace)
            namespaces.remove(node.namespace)

    def _underlay(self, node: Node) -> None:
        ip(
            node.namespace,
            "link set lo up",
            f"link set {DEVICE} mtu {MTU} up",
            f"addr add {node.address}/24 dev {DEVICE}",
            # What no other route takes is lost in the mesh, as behind a home's router.
            f"route add default dev {DEVICE}",
        )
        script = (
            "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter"
        )
        run(("ip", "netns", "exec", node.namespace, "sh", "-c", script))

    async def _begin_mesh(self) -> None:
        self._mesh = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.lab.mesh",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        nodes = {node.address: node.namespace for node in self.nodes}
        await self._tell({"nodes": nodes, "delay": self._delay})

    async def _tell(self, line: object) -> None:
        assert self._mesh
        assert self._mesh.stdin
        assert self._mesh.stdout
        self._mesh.stdin.write(json.dumps(line).encode() + b"\n")
        async with asyncio.timeout(10):
            await self._mesh.stdin.drain()
            await self._mesh.stdout.readline()


@asynccontextmanager
async def built(count: int = 3, delay: float = 0.004) -> AsyncIterator[Lab]:
    """A lab of so many nodes, each so many seconds from the others, while the block runs."""
    namespaces.check()
    namespaces.sweep()
    lab = Lab(count, delay)
    try:
        await lab.build()
        yield lab
    finally:
        await lab.remove()
