"""The core group (v1): pods and their controllers, nodes, namespaces, Services, volumes."""

from __future__ import annotations

import msgspec

from bot.domain.resources.apps import WorkloadObject
from bot.domain.resources.base import (
    ConditionsStatus,
    Object,
    Part,
    PhasedObject,
    PhaseStatus,
    Reference,
    Time,
)
from bot.domain.resources.limits import Labels, LongText, Many, Text, Word


class Waiting(Part, frozen=True):
    """`state.waiting` of a container."""

    reason: Word = ""
    message: Text = ""


class Terminated(Part, frozen=True):
    """`state.terminated` of a container."""

    reason: Word = ""
    message: Text = ""
    exit_code: int = 0
    signal: int = 0
    finished_at: Time | None = None


class ContainerState(Part, frozen=True):
    """The state of a container: waiting, terminated, or neither where it runs."""

    waiting: Waiting | None = None
    terminated: Terminated | None = None


class ContainerStatus(Part, frozen=True):
    """`status.containerStatuses[]`."""

    name: Text = ""
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class ContainerPort(Part, frozen=True):
    """`spec.containers[].ports[]`."""

    name: Text = ""
    container_port: int = 0


class ProbedPort(Part, frozen=True):
    """`tcpSocket` or `httpGet` of a readiness probe: a port by number or by name."""

    port: int | Text | None = None
    host: Text = ""


class ReadinessProbe(Part, frozen=True):
    """`spec.containers[].readinessProbe`, as far as it says that a port was reached."""

    tcp_socket: ProbedPort | None = None
    http_get: ProbedPort | None = None


class ResourceAmounts(Part, frozen=True):
    """`resources.limits`: amounts as Kubernetes writes them, such as `512Mi`."""

    memory: Text | int | float = ""


class ResourceRequirements(Part, frozen=True):
    """`spec.containers[].resources`, of which only limits matter here."""

    limits: ResourceAmounts | None = None


class Container(Part, frozen=True):
    """`spec.containers[]` and `spec.initContainers[]`."""

    name: Text = ""
    image: Text = ""
    ports: Many[ContainerPort] | None = None
    command: Many[LongText] | None = None
    args: Many[LongText] | None = None
    readiness_probe: ReadinessProbe | None = None
    resources: ResourceRequirements | None = None
    restart_policy: Text = ""
    """`Always` makes an init container a native sidecar (Kubernetes 1.29)."""


class SecretVolume(Part, frozen=True):
    """`spec.volumes[].secret`."""

    secret_name: Text = ""


class ClaimVolume(Part, frozen=True):
    """`spec.volumes[].persistentVolumeClaim`."""

    claim_name: Text = ""


class EphemeralVolume(Part, frozen=True):
    """`spec.volumes[].ephemeral`: a claim of the pod's own, named after pod and volume."""


class Volume(Part, frozen=True):
    """`spec.volumes[]`, of which only Secrets and claims matter here."""

    name: Text = ""
    secret: SecretVolume | None = None
    persistent_volume_claim: ClaimVolume | None = None
    ephemeral: EphemeralVolume | None = None


class PodSpec(Part, frozen=True):
    """`spec` of a Pod."""

    node_name: Text = ""
    restart_policy: Text = ""
    host_network: bool = False
    containers: Many[Container] = ()
    init_containers: Many[Container] = ()
    volumes: Many[Volume] = ()


class PodIP(Part, frozen=True):
    """`status.podIPs[]`."""

    ip: Text = ""


class PodStatus(PhaseStatus, frozen=True):
    """`status` of a Pod."""

    pod_ip: Text = msgspec.field(default="", name="podIP")
    pod_ips: Many[PodIP] | None = msgspec.field(default=None, name="podIPs")
    reason: Word = ""
    container_statuses: Many[ContainerStatus] = ()
    init_container_statuses: Many[ContainerStatus] = ()


class Pod(Object, frozen=True):
    """v1 Pod."""

    selectable = True

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class ReplicationController(WorkloadObject, frozen=True):
    """v1 ReplicationController: the predecessor of the ReplicaSet."""


class Taint(Part, frozen=True):
    """`spec.taints[]` of a Node."""

    key: Text = ""


class NodeSpec(Part, frozen=True):
    """`spec` of a Node."""

    unschedulable: bool = False
    taints: Many[Taint] | None = None
    pod_cidr: Text = msgspec.field(default="", name="podCIDR")
    pod_cidrs: Many[Text] | None = msgspec.field(default=None, name="podCIDRs")


class NodeAddress(Part, frozen=True):
    """`status.addresses[]`."""

    type: Text = ""
    address: Text = ""


class NodeInfo(Part, frozen=True):
    """`status.nodeInfo`."""

    kubelet_version: Text = ""


class NodeStatus(ConditionsStatus, frozen=True):
    """`status` of a Node."""

    addresses: Many[NodeAddress] = ()
    node_info: NodeInfo = NodeInfo()


class Node(Object, frozen=True):
    """v1 Node."""

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class Namespace(PhasedObject, frozen=True):
    """v1 Namespace."""

    selectable = True


class SecretName(Object, frozen=True):
    """A Secret as `PartialObjectMetadata`: its name and labels, never its data."""

    @classmethod
    def kind_name(cls) -> str:
        """As the API calls it."""
        return "Secret"


class ServicePort(Part, frozen=True):
    """`spec.ports[]` of a Service."""

    name: Text = ""
    port: int = 0
    target_port: int | Text | None = None
    protocol: Text = "TCP"
    app_protocol: Text = ""


class ServiceSpec(Part, frozen=True):
    """`spec` of a Service."""

    type: Text = "ClusterIP"
    selector: Labels | None = None
    ports: Many[ServicePort] | None = None
    cluster_ip: Text = msgspec.field(default="", name="clusterIP")
    cluster_ips: Many[Text] | None = msgspec.field(default=None, name="clusterIPs")
    internal_traffic_policy: Text = ""
    external_name: Text = ""


class LoadBalancerIngress(Part, frozen=True):
    """`status.loadBalancer.ingress[]`: only their number matters."""


class LoadBalancerAddresses(Part, frozen=True):
    """`status.loadBalancer`."""

    ingress: Many[LoadBalancerIngress] | None = None


class LoadBalancerStatus(ConditionsStatus, frozen=True):
    """`status` of a Service or Ingress."""

    load_balancer: LoadBalancerAddresses = LoadBalancerAddresses()


class Service(Object, frozen=True):
    """v1 Service."""

    spec: ServiceSpec = ServiceSpec()
    status: LoadBalancerStatus = LoadBalancerStatus()


class EndpointAddress(Part, frozen=True):
    """`subsets[].addresses[]` of an Endpoints object."""

    ip: Text = ""
    target_ref: Reference | None = None


class EndpointSubset(Part, frozen=True):
    """`subsets[]` of an Endpoints object."""

    ports: Many[ServicePort] | None = None
    addresses: Many[EndpointAddress] | None = None
    not_ready_addresses: Many[EndpointAddress] | None = None


class Endpoints(Object, frozen=True):
    """v1 Endpoints: deprecated from Kubernetes 1.33, in favour of EndpointSlice."""

    subsets: Many[EndpointSubset] | None = None


class ClaimSpec(Part, frozen=True):
    """`spec` of a PersistentVolumeClaim; a `storageClassName` of None means the default class."""

    storage_class_name: Text | None = None
    volume_name: Text = ""


class PersistentVolumeClaim(PhasedObject, frozen=True):
    """v1 PersistentVolumeClaim."""

    spec: ClaimSpec = ClaimSpec()


class VolumeSpec(Part, frozen=True):
    """`spec` of a PersistentVolume."""

    storage_class_name: Text = ""
    claim_ref: Reference | None = None
    persistent_volume_reclaim_policy: Text = ""


class VolumeStatus(PhaseStatus, frozen=True):
    """`status` of a PersistentVolume; the time of its phase exists from Kubernetes 1.29 on."""

    last_phase_transition_time: Time | None = None


class PersistentVolume(PhasedObject, frozen=True):
    """v1 PersistentVolume."""

    spec: VolumeSpec = VolumeSpec()
    status: VolumeStatus = VolumeStatus()
