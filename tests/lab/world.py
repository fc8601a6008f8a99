"""One homelab with one route in it: Traefik on the edge, web servers wherever they are wanted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.lab import backends
from tests.lab.prober import LabProber
from tests.lab.services import Service, program
from tests.lab.topology import DNS_VIP, Lab, Node, Pod, built

VIP = "10.43.88.207"
PORT = 80
METRICS = 9100
AT_ONCE = 8
NAME = "web.apps.svc.cluster.local"


@dataclass(slots=True)
class World:
    """What a scenario may break. `believed` is what Traefik uses; None: what the slices say."""

    lab: Lab
    traefik: Pod
    web: list[Pod]
    dns: Pod
    services: list[Service]
    prober: LabProber
    servers: list[asyncio.Server]
    names: dict[str, str]
    kind: str = "ClusterIP"
    external: str = ""
    target_port: int = PORT
    believed: list[tuple[str, int]] | None = None
    endpoints: list[tuple[str, int]] = field(default_factory=list)
    policed: bool = False
    """Whether a NetworkPolicy selects the web servers, as one does where kube-router refuses."""

    @property
    def edge(self) -> Node:
        """Traefik's node."""
        return self.traefik.node

    @property
    def service(self) -> Service:
        """The one that the route leads to."""
        return self.services[0]

    def apply(self) -> None:
        """Make the nodes' firewalls what the services and rules say now."""
        program(self.lab, self.services)

    def servers_of_traefik(self) -> list[tuple[str, int]]:
        """Where Traefik sends requests without nativeLB."""
        return self.service.endpoints if self.believed is None else self.believed

    async def requests(self, addresses: Sequence[tuple[str, int]], count: int) -> float:
        """The rate of failures of real requests from Traefik's pod, in turn to each address."""
        if not addresses:
            return 1.0
        room = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> bool:
            async with room:
                address, port = addresses[number % len(addresses)]
                answer = await backends.get(self.traefik, address, port)
                return answer.startswith("!")

        return sum(await asyncio.gather(*map(one, range(count)))) / count


@asynccontextmanager
async def world(
    where: Sequence[str], *, nodes: int, delay: float, host_network: bool, dns_on: str
) -> AsyncIterator[World]:
    """A healthy one, while the block runs."""
    async with built(nodes, delay) as lab:
        edge = lab.nodes[0]
        traefik = _in_host(edge) if host_network else lab.pod(edge, "traefik")
        web = [lab.pod(lab.node(each), f"web-{number}") for number, each in enumerate(where)]
        dns = lab.pod(lab.node(dns_on), "coredns")
        service = Service("web", "apps", VIP, PORT, [(each.address, PORT) for each in web])
        resolver = Service(
            "kube-dns", "kube-system", DNS_VIP, 53, [(dns.address, 53)], ("udp", "tcp")
        )
        names = {NAME: VIP, "kubernetes.default.svc.cluster.local": "10.43.0.1"}
        transport = await backends.dns(dns, names)
        servers = [await backends.web(each, port) for each in web for port in (PORT, METRICS)]
        services = [service, resolver]
        prober = LabProber(lab, services)
        prober.traefik = traefik
        made = World(lab, traefik, web, dns, services, prober, servers, names)
        made.endpoints = service.endpoints
        made.apply()
        try:
            yield made
        finally:
            transport.close()
            for each in made.servers:
                each.close()


def _in_host(node: Node) -> Pod:
    pod = Pod("traefik", node, node.address, node.namespace)
    node.pods.append(pod)
    return pod
