"""The objects that a real API server would show of the lab."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from bot.domain.resources import core, discovery, networking
from bot.domain.resources.base import Condition, Meta, Object, Reference
from bot.domain.resources.traefik import IngressRoute
from bot.domain.snapshot import Snapshot
from bot.net.diagnosis.observation import Belief
from bot.net.diagnosis.subject import Subject
from tests.lab.topology import Node, Pod
from tests.lab.world import METRICS, NAME, PORT, World

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOST = "shop.example"
ROUTE = "apps/web"


class LabCluster:
    """Gives snapshots of a world as it is now."""

    def __init__(self, world: World, lies: dict[str, str]) -> None:
        self._world = world
        self._lies = lies

    async def snapshot(
        self, types: Collection[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        """All that there is, whatever types are asked for."""
        made: dict[type[Object], tuple[Object, ...]] = dict.fromkeys((*types, IngressRoute), ())
        made[core.Node] = tuple(_node(each, self._lies) for each in self._world.lab.nodes)
        made[core.Pod] = tuple(self._pods())
        made[core.Service] = (self._service(),)
        made[discovery.EndpointSlice] = tuple(self._slices())
        made[networking.Ingress] = (_ingress(),)
        made[networking.NetworkPolicy] = self._policies()
        return Snapshot(NOW, made)

    def _pods(self) -> list[core.Pod]:
        world = self._world
        web = [_pod(each, "apps", {"app": "web"}, world) for each in world.web]
        traefik = _pod(world.traefik, "kube-system", {"app.kubernetes.io/name": "traefik"}, world)
        return [*web, traefik, _pod(world.dns, "kube-system", {"k8s-app": "kube-dns"}, world)]

    def _policies(self) -> tuple[networking.NetworkPolicy, ...]:
        meta = _meta("web", "apps")
        return (networking.NetworkPolicy(metadata=meta),) if self._world.policed else ()

    def _service(self) -> core.Service:
        world = self._world
        cluster_ip = {"ClusterIP": world.service.vip, "Headless": "None"}.get(world.kind, "")
        spec = core.ServiceSpec(
            type="ExternalName" if world.kind == "ExternalName" else "ClusterIP",
            selector=None if world.kind == "ExternalName" else {"app": "web"},
            ports=(core.ServicePort(port=PORT, target_port=world.target_port),),
            cluster_ip=cluster_ip,
            external_name=world.external,
        )
        return core.Service(metadata=_meta("web", "apps"), spec=spec)

    def _slices(self) -> list[discovery.EndpointSlice]:
        world = self._world
        if world.kind == "ExternalName":
            return []
        by_address = {each.address: each for each in world.web}
        endpoints = tuple(
            discovery.Endpoint(
                addresses=(address,),
                conditions=discovery.EndpointConditions(ready=True),
                node_name=by_address[address].node.name,
                target_ref=Reference(kind="Pod", name=by_address[address].name, namespace="apps"),
            )
            for address, _ in world.service.endpoints
        )
        port = discovery.EndpointPort(name="", port=world.target_port)
        label = {"kubernetes.io/service-name": "web"}
        meta = Meta(name="web-1", namespace="apps", labels=label)
        return [discovery.EndpointSlice(metadata=meta, endpoints=endpoints, ports=(port,))]


class LabTraefik:
    """What Traefik would say in its API; `silent` where it is off, as k3s has it."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def belief(self, _subject: Subject) -> Belief:
        """Its servers, where the scenario tells of them."""
        if self._world.believed is None:
            return Belief(unseen=("Traefik's API is off: set ingressRoute.dashboard.enabled.",))
        return Belief(servers=tuple(self._world.believed), of="API")


def _meta(name: str, namespace: str = "", labels: dict[str, str] | None = None) -> Meta:
    made = NOW - timedelta(days=3)
    return Meta(name=name, namespace=namespace, labels=labels, creation_timestamp=made)


def _node(node: Node, lies: dict[str, str]) -> core.Node:
    announced = lies.get(node.name, node.address)
    flannel = {"flannel.alpha.coreos.com/public-ip": announced}
    ready = Condition(type="Ready", status="True")
    return core.Node(
        metadata=Meta(name=node.name, annotations=flannel),
        status=core.NodeStatus(
            conditions=(ready,),
            addresses=(core.NodeAddress(type="InternalIP", address=node.address),),
        ),
    )


def _pod(pod: Pod, namespace: str, labels: dict[str, str], world: World) -> core.Pod:
    ports = (
        core.ContainerPort(container_port=PORT),
        core.ContainerPort(container_port=METRICS),
    )
    ready = Condition(type="Ready", status="True")
    return core.Pod(
        metadata=_meta(pod.name, namespace, labels),
        spec=core.PodSpec(
            node_name=pod.node.name,
            host_network=pod.namespace == pod.node.namespace,
            containers=(core.Container(name="main", ports=ports if pod in world.web else None),),
        ),
        status=core.PodStatus(phase="Running", pod_ip=pod.address, conditions=(ready,)),
    )


def _ingress() -> networking.Ingress:
    service = networking.IngressService(name="web", port=networking.IngressServicePort(number=PORT))
    path = networking.IngressPath(
        path="/", path_type="Prefix", backend=networking.IngressBackend(service=service)
    )
    rule = networking.IngressRule(host=HOST, http=networking.IngressHttp(paths=(path,)))
    return networking.Ingress(
        metadata=_meta("web", "apps"), spec=networking.IngressSpec(rules=(rule,))
    )


__all__ = ["HOST", "NAME", "ROUTE", "LabCluster", "LabTraefik"]
