"""What the core knows of Kubernetes objects: frozen structs with only the fields that decide.

Built-in kinds follow the Kubernetes API reference, the others their CRDs (old versions too). A
missing field takes its default; `bot.domain.resources.decode` deals with null and wrongly typed
ones.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Part(msgspec.Struct, frozen=True, gc=False, kw_only=True, rename="camel", omit_defaults=True):
    """The base of everything that is read. Frozen and acyclic, so the collector may ignore it."""


class Owner(Part, frozen=True):
    """An entry of `metadata.ownerReferences`."""

    kind: str = ""
    name: str = ""
    controller: bool | None = None


class Meta(Part, frozen=True):
    """The part of `metadata` that checks look at."""

    name: str = ""
    namespace: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    owner_references: tuple[Owner, ...] | None = None


class Condition(Part, frozen=True):
    """A `status.conditions` entry (metav1.Condition and its elders)."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: Time | None = None
    last_heartbeat_time: Time | None = None
    observed_generation: int = 0


class Object(Part, frozen=True):
    """Any Kubernetes object. List items of built-in kinds carry no `apiVersion` and `kind`."""

    api_version: str = ""
    kind: str = ""
    metadata: Meta = Meta()
    malformed: tuple[str, ...] = msgspec.field(default=(), name="meshmedic.dev/malformed")
    """Paths that could not be read, each with the reason: `bot.domain.resources.decode` sets it."""

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """`metadata.namespace`, empty for a cluster-scoped object."""
        return self.metadata.namespace


class Reference(Part, frozen=True):
    """A reference to another object by kind and name."""

    kind: str = ""
    name: str = ""
    namespace: str = ""


# --- Pods and nodes -------------------------------------------------------------------------------


class Waiting(Part, frozen=True):
    """`state.waiting` of a container."""

    reason: str = ""
    message: str = ""


class Running(Part, frozen=True):
    """`state.running` of a container."""

    started_at: Time | None = None


class Terminated(Part, frozen=True):
    """`state.terminated` of a container."""

    reason: str = ""
    message: str = ""
    exit_code: int = 0
    signal: int = 0
    finished_at: Time | None = None


class ContainerState(Part, frozen=True):
    """The state of a container: at most one of the three is set."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Part, frozen=True):
    """`status.containerStatuses[]`."""

    name: str = ""
    ready: bool = False
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class ContainerPort(Part, frozen=True):
    """`spec.containers[].ports[]`."""

    name: str = ""
    container_port: int = 0


class ProbedPort(Part, frozen=True):
    """`tcpSocket` or `httpGet` of a readiness probe: a port by number or by name."""

    port: int | str | None = None
    host: str = ""


class ReadinessProbe(Part, frozen=True):
    """`spec.containers[].readinessProbe`, as far as it says that a port was reached."""

    tcp_socket: ProbedPort | None = None
    http_get: ProbedPort | None = None


class Container(Part, frozen=True):
    """`spec.containers[]` and `spec.initContainers[]`."""

    name: str = ""
    ports: tuple[ContainerPort, ...] | None = None
    args: tuple[str, ...] | None = None
    restart_policy: str = ""
    readiness_probe: ReadinessProbe | None = None


class SecretVolume(Part, frozen=True):
    """`spec.volumes[].secret`."""

    secret_name: str = ""
    optional: bool | None = None


class Volume(Part, frozen=True):
    """`spec.volumes[]`, of which only Secrets matter here."""

    secret: SecretVolume | None = None


class PodSpec(Part, frozen=True):
    """`spec` of a Pod."""

    node_name: str = ""
    host_network: bool = False
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()


class PodIP(Part, frozen=True):
    """`status.podIPs[]`."""

    ip: str = ""


class PodStatus(Part, frozen=True):
    """`status` of a Pod."""

    phase: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    pod_ips: tuple[PodIP, ...] | None = msgspec.field(default=None, name="podIPs")
    reason: str = ""
    message: str = ""
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(Object, frozen=True):
    """v1 Pod."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class NodeSpec(Part, frozen=True):
    """`spec` of a Node."""

    unschedulable: bool = False
    pod_cidr: str = msgspec.field(default="", name="podCIDR")
    pod_cidrs: tuple[str, ...] | None = msgspec.field(default=None, name="podCIDRs")


class NodeAddress(Part, frozen=True):
    """`status.addresses[]`."""

    type: str = ""
    address: str = ""


class NodeInfo(Part, frozen=True):
    """`status.nodeInfo`."""

    kubelet_version: str = ""


class NodeStatus(Part, frozen=True):
    """`status` of a Node."""

    conditions: tuple[Condition, ...] = ()
    addresses: tuple[NodeAddress, ...] = ()
    node_info: NodeInfo = NodeInfo()


class Node(Object, frozen=True):
    """v1 Node."""

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class PhaseStatus(Part, frozen=True):
    """A `status` that is known by its phase."""

    phase: str = ""
    message: str = ""
    conditions: tuple[Condition, ...] = ()


class Namespace(Object, frozen=True):
    """v1 Namespace: read for autocomplete."""

    status: PhaseStatus = PhaseStatus()


# --- Flux -----------------------------------------------------------------------------------------


class FluxSpec(Part, frozen=True):
    """The `spec` fields that Flux kinds share."""

    suspend: bool = False
    source_ref: Reference | None = None
    chart_ref: Reference | None = None
    depends_on: tuple[Reference, ...] = ()


class FluxStatus(Part, frozen=True):
    """The `status` fields that Flux kinds share."""

    conditions: tuple[Condition, ...] = ()
    observed_generation: int = 0
    helm_chart: str = ""
    """HelmRelease: `namespace/name` of the HelmChart made for it."""


class FluxObject(Object, frozen=True):
    """What Flux's kinds have in common."""

    spec: FluxSpec = FluxSpec()
    status: FluxStatus = FluxStatus()


class GitRepository(FluxObject, frozen=True):
    """source.toolkit.fluxcd.io GitRepository."""


class OCIRepository(FluxObject, frozen=True):
    """source.toolkit.fluxcd.io OCIRepository."""


class HelmRepositorySpec(FluxSpec, frozen=True):
    """`spec` of a HelmRepository."""

    type: str = ""
    """`oci` repositories are static and carry no status (Flux 2.1 on)."""


class HelmRepository(Object, frozen=True):
    """source.toolkit.fluxcd.io HelmRepository."""

    spec: HelmRepositorySpec = HelmRepositorySpec()
    status: FluxStatus = FluxStatus()


class HelmChart(FluxObject, frozen=True):
    """source.toolkit.fluxcd.io HelmChart."""


class Bucket(FluxObject, frozen=True):
    """source.toolkit.fluxcd.io Bucket."""


class Kustomization(FluxObject, frozen=True):
    """kustomize.toolkit.fluxcd.io Kustomization."""


class ChartTemplateSpec(Part, frozen=True):
    """`spec.chart.spec` of a HelmRelease."""

    source_ref: Reference | None = None


class ChartTemplate(Part, frozen=True):
    """`spec.chart` of a HelmRelease."""

    spec: ChartTemplateSpec = ChartTemplateSpec()


class HelmReleaseSpec(FluxSpec, frozen=True):
    """`spec` of a HelmRelease."""

    chart: ChartTemplate | None = None
    release_name: str = ""
    target_namespace: str = ""


class HelmRelease(Object, frozen=True):
    """helm.toolkit.fluxcd.io HelmRelease."""

    spec: HelmReleaseSpec = HelmReleaseSpec()
    status: FluxStatus = FluxStatus()


# --- cert-manager ---------------------------------------------------------------------------------


class CertificateSpec(Part, frozen=True):
    """`spec` of a Certificate."""

    secret_name: str = ""
    issuer_ref: Reference = Reference()


class CertificateStatus(Part, frozen=True):
    """`status` of a Certificate."""

    conditions: tuple[Condition, ...] = ()
    not_after: Time | None = None
    renewal_time: Time | None = None
    last_failure_time: Time | None = None
    failed_issuance_attempts: int = 0


class Certificate(Object, frozen=True):
    """cert-manager.io Certificate (and the elder certmanager.k8s.io)."""

    spec: CertificateSpec = CertificateSpec()
    status: CertificateStatus = CertificateStatus()


class ConditionsStatus(Part, frozen=True):
    """A `status` that is known by its conditions."""

    conditions: tuple[Condition, ...] = ()


class CertificateRequestSpec(Part, frozen=True):
    """`spec` of a CertificateRequest."""

    issuer_ref: Reference = Reference()


class CertificateRequest(Object, frozen=True):
    """cert-manager.io CertificateRequest; annotation `cert-manager.io/certificate-name`."""

    spec: CertificateRequestSpec = CertificateRequestSpec()
    status: ConditionsStatus = ConditionsStatus()


class AcmeStatus(Part, frozen=True):
    """`status` of an Order or a Challenge: a state in place of conditions."""

    state: str = ""
    reason: str = ""
    failure_time: Time | None = None


class ChallengeSpec(Part, frozen=True):
    """`spec` of a Challenge."""

    dns_name: str = ""
    type: str = ""


class Order(Object, frozen=True):
    """acme.cert-manager.io Order."""

    status: AcmeStatus = AcmeStatus()


class Challenge(Object, frozen=True):
    """acme.cert-manager.io Challenge."""

    spec: ChallengeSpec = ChallengeSpec()
    status: AcmeStatus = AcmeStatus()


class Issuer(Object, frozen=True):
    """cert-manager.io Issuer."""

    status: ConditionsStatus = ConditionsStatus()


class ClusterIssuer(Object, frozen=True):
    """cert-manager.io ClusterIssuer."""

    status: ConditionsStatus = ConditionsStatus()


# --- External Secrets -----------------------------------------------------------------------------


class SecretTarget(Part, frozen=True):
    """`spec.target` of an ExternalSecret."""

    name: str = ""
    creation_policy: str = ""


class ExternalSecretSpec(Part, frozen=True):
    """`spec` of an ExternalSecret."""

    secret_store_ref: Reference = Reference()
    refresh_interval: str = ""
    refresh_policy: str = ""
    target: SecretTarget = SecretTarget()


class ExternalSecretStatus(Part, frozen=True):
    """`status` of an ExternalSecret."""

    conditions: tuple[Condition, ...] = ()
    refresh_time: Time | None = None


class ExternalSecret(Object, frozen=True):
    """external-secrets.io ExternalSecret."""

    spec: ExternalSecretSpec = ExternalSecretSpec()
    status: ExternalSecretStatus = ExternalSecretStatus()


class NamespaceFailure(Part, frozen=True):
    """`status.failedNamespaces[]` of a ClusterExternalSecret."""

    namespace: str = ""
    reason: str = ""


class ClusterExternalSecretSpec(Part, frozen=True):
    """`spec` of a ClusterExternalSecret."""

    external_secret_spec: ExternalSecretSpec = ExternalSecretSpec()


class ClusterExternalSecretStatus(Part, frozen=True):
    """`status` of a ClusterExternalSecret."""

    conditions: tuple[Condition, ...] = ()
    failed_namespaces: tuple[NamespaceFailure, ...] = ()
    provisioned_namespaces: tuple[str, ...] = ()


class ClusterExternalSecret(Object, frozen=True):
    """external-secrets.io ClusterExternalSecret."""

    spec: ClusterExternalSecretSpec = ClusterExternalSecretSpec()
    status: ClusterExternalSecretStatus = ClusterExternalSecretStatus()


class SecretStore(Object, frozen=True):
    """external-secrets.io SecretStore."""

    status: ConditionsStatus = ConditionsStatus()


class ClusterSecretStore(Object, frozen=True):
    """external-secrets.io ClusterSecretStore."""

    status: ConditionsStatus = ConditionsStatus()


class PushSecret(Object, frozen=True):
    """external-secrets.io PushSecret."""

    status: ConditionsStatus = ConditionsStatus()


class SecretName(Object, frozen=True):
    """A Secret as `PartialObjectMetadata`: its name and labels, never its data."""


# --- Services and routes --------------------------------------------------------------------------


class ServicePort(Part, frozen=True):
    """`spec.ports[]` of a Service."""

    name: str = ""
    port: int = 0
    target_port: int | str | None = None
    protocol: str = "TCP"


class ServiceSpec(Part, frozen=True):
    """`spec` of a Service."""

    type: str = "ClusterIP"
    selector: dict[str, str] | None = None
    ports: tuple[ServicePort, ...] | None = None
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    cluster_ips: tuple[str, ...] | None = msgspec.field(default=None, name="clusterIPs")
    internal_traffic_policy: str = ""
    external_name: str = ""


class LoadBalancerIngress(Part, frozen=True):
    """`status.loadBalancer.ingress[]`."""

    ip: str = ""
    hostname: str = ""


class LoadBalancer(Part, frozen=True):
    """`status.loadBalancer`."""

    ingress: tuple[LoadBalancerIngress, ...] | None = None


class LoadBalancerStatus(Part, frozen=True):
    """`status` of a Service or Ingress."""

    load_balancer: LoadBalancer = LoadBalancer()


class Service(Object, frozen=True):
    """v1 Service."""

    spec: ServiceSpec = ServiceSpec()
    status: LoadBalancerStatus = LoadBalancerStatus()


class EndpointConditions(Part, frozen=True):
    """`endpoints[].conditions`: null means true for ready and serving (discovery.k8s.io/v1)."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(Part, frozen=True):
    """`endpoints[]` of an EndpointSlice."""

    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    node_name: str | None = None
    target_ref: Reference | None = None


class EndpointPort(Part, frozen=True):
    """`ports[]` of an EndpointSlice."""

    name: str | None = None
    port: int | None = None


class EndpointSlice(Object, frozen=True):
    """discovery.k8s.io/v1 EndpointSlice; label `kubernetes.io/service-name`."""

    endpoints: tuple[Endpoint, ...] | None = None
    ports: tuple[EndpointPort, ...] | None = None


class IngressServicePort(Part, frozen=True):
    """`backend.service.port`."""

    name: str = ""
    number: int = 0


class IngressService(Part, frozen=True):
    """`backend.service`."""

    name: str = ""
    port: IngressServicePort = IngressServicePort()


class IngressBackend(Part, frozen=True):
    """A backend; the elder extensions/v1beta1 has `serviceName` and `servicePort`."""

    service: IngressService | None = None
    resource: Reference | None = None
    service_name: str = ""
    service_port: int | str | None = None


class IngressPath(Part, frozen=True):
    """`rules[].http.paths[]`."""

    path: str = ""
    path_type: str = ""
    backend: IngressBackend = IngressBackend()


class IngressHttp(Part, frozen=True):
    """`rules[].http`."""

    paths: tuple[IngressPath, ...] = ()


class IngressRule(Part, frozen=True):
    """`rules[]`."""

    host: str = ""
    http: IngressHttp | None = None


class IngressTls(Part, frozen=True):
    """`tls[]`."""

    hosts: tuple[str, ...] | None = None
    secret_name: str = ""


class IngressSpec(Part, frozen=True):
    """`spec` of an Ingress."""

    ingress_class_name: str = ""
    default_backend: IngressBackend | None = None
    backend: IngressBackend | None = None
    """What extensions/v1beta1 called the default backend."""
    rules: tuple[IngressRule, ...] | None = None
    tls: tuple[IngressTls, ...] | None = None


class Ingress(Object, frozen=True):
    """networking.k8s.io/v1 Ingress."""

    spec: IngressSpec = IngressSpec()
    status: LoadBalancerStatus = LoadBalancerStatus()


class SelectorRequirement(Part, frozen=True):
    """`matchExpressions[]` of a label selector."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] | None = None


class Selector(Part, frozen=True):
    """A label selector; an empty one selects everything."""

    match_labels: dict[str, str] | None = None
    match_expressions: tuple[SelectorRequirement, ...] | None = None


class NetworkPolicySpec(Part, frozen=True):
    """`spec` of a NetworkPolicy, as far as it says whom it concerns."""

    pod_selector: Selector = Selector()
    policy_types: tuple[str, ...] | None = None


class NetworkPolicy(Object, frozen=True):
    """networking.k8s.io NetworkPolicy."""

    spec: NetworkPolicySpec = NetworkPolicySpec()


class RouteService(Part, frozen=True):
    """`routes[].services[]` of an IngressRoute."""

    kind: str = "Service"
    name: str = ""
    namespace: str = ""
    port: int | str | None = None
    scheme: str = ""
    native_lb: bool | None = msgspec.field(default=None, name="nativeLB")


class Route(Part, frozen=True):
    """`routes[]` of an IngressRoute."""

    match: str = ""
    services: tuple[RouteService, ...] | None = None
    middlewares: tuple[Reference, ...] | None = None


class RouteTls(Part, frozen=True):
    """`tls` of an IngressRoute."""

    secret_name: str = ""
    cert_resolver: str = ""
    options: Reference | None = None


class IngressRouteSpec(Part, frozen=True):
    """`spec` of an IngressRoute."""

    entry_points: tuple[str, ...] | None = None
    routes: tuple[Route, ...] = ()
    tls: RouteTls | None = None


class IngressRoute(Object, frozen=True):
    """IngressRoute of traefik.io and of the elder traefik.containo.us."""

    spec: IngressRouteSpec = IngressRouteSpec()


class Chain(Part, frozen=True):
    """`spec.chain` of a Middleware: others, one after the other."""

    middlewares: tuple[Reference, ...] = ()


class MiddlewareSpec(Part, frozen=True):
    """`spec` of a Middleware."""

    chain: Chain | None = None


class Middleware(Object, frozen=True):
    """Middleware of traefik.io and of the elder traefik.containo.us."""

    spec: MiddlewareSpec = MiddlewareSpec()


class TraefikService(Object, frozen=True):
    """TraefikService of traefik.io and of the elder traefik.containo.us."""


class TLSOption(Object, frozen=True):
    """TLSOption of traefik.io and of the elder traefik.containo.us."""


# --- Workloads: judged from saved objects, not read from a cluster --------------------------------


class EndpointAddress(Part, frozen=True):
    """`subsets[].addresses[]` of an Endpoints object."""

    ip: str = ""
    target_ref: Reference | None = None


class EndpointSubset(Part, frozen=True):
    """`subsets[]` of an Endpoints object."""

    addresses: tuple[EndpointAddress, ...] | None = None
    not_ready_addresses: tuple[EndpointAddress, ...] | None = None


class Endpoints(Object, frozen=True):
    """v1 Endpoints: deprecated from Kubernetes 1.33, EndpointSlice's elder."""

    subsets: tuple[EndpointSubset, ...] | None = None


class RollingUpdate(Part, frozen=True):
    """`spec.updateStrategy.rollingUpdate` of a StatefulSet."""

    partition: int | None = None


class UpdateStrategy(Part, frozen=True):
    """`spec.updateStrategy` of a StatefulSet or DaemonSet."""

    type: str = ""
    rolling_update: RollingUpdate = RollingUpdate()


class WorkloadSpec(Part, frozen=True):
    """The `spec` fields by which a Deployment, ReplicaSet, StatefulSet or DaemonSet is judged."""

    replicas: int = 1
    paused: bool = False
    progress_deadline_seconds: int | None = None
    update_strategy: UpdateStrategy = UpdateStrategy()


class WorkloadStatus(Part, frozen=True):
    """The `status` fields that Deployments, ReplicaSets and StatefulSets share."""

    observed_generation: int | None = None
    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    updated_replicas: int = 0
    current_replicas: int = 0
    fully_labeled_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    conditions: tuple[Condition, ...] = ()


class Deployment(Object, frozen=True):
    """apps Deployment."""

    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class ReplicaSet(Object, frozen=True):
    """apps ReplicaSet."""

    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class ReplicationController(Object, frozen=True):
    """v1 ReplicationController: a ReplicaSet's elder."""

    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class StatefulSet(Object, frozen=True):
    """apps StatefulSet."""

    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class DaemonSetStatus(Part, frozen=True):
    """`status` of a DaemonSet."""

    observed_generation: int | None = None
    desired_number_scheduled: int | None = None
    current_number_scheduled: int = 0
    updated_number_scheduled: int = 0
    number_available: int = 0
    number_ready: int = 0


class DaemonSet(Object, frozen=True):
    """apps DaemonSet."""

    spec: WorkloadSpec = WorkloadSpec()
    status: DaemonSetStatus = DaemonSetStatus()


class JobSpec(Part, frozen=True):
    """`spec` of a Job."""

    suspend: bool = False
    parallelism: int = 1
    completions: int | None = None


class JobStatus(Part, frozen=True):
    """`status` of a Job."""

    start_time: Time | None = None
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    conditions: tuple[Condition, ...] = ()


class Job(Object, frozen=True):
    """batch Job."""

    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()


class CronJobSpec(Part, frozen=True):
    """`spec` of a CronJob."""

    suspend: bool = False


class CronJobStatus(Part, frozen=True):
    """`status` of a CronJob; `lastSuccessfulTime` is kept from Kubernetes 1.21 on."""

    active: tuple[Reference, ...] | None = None
    last_schedule_time: Time | None = None
    last_successful_time: Time | None = None


class CronJob(Object, frozen=True):
    """batch CronJob."""

    spec: CronJobSpec = CronJobSpec()
    status: CronJobStatus = CronJobStatus()


class PersistentVolumeClaim(Object, frozen=True):
    """v1 PersistentVolumeClaim."""

    status: PhaseStatus = PhaseStatus()


class PersistentVolume(Object, frozen=True):
    """v1 PersistentVolume."""

    status: PhaseStatus = PhaseStatus()


class AutoscalerStatus(Part, frozen=True):
    """`status` of a HorizontalPodAutoscaler; autoscaling/v1 keeps no conditions in it."""

    current_replicas: int | None = None
    conditions: tuple[Condition, ...] = ()


class HorizontalPodAutoscaler(Object, frozen=True):
    """autoscaling HorizontalPodAutoscaler."""

    status: AutoscalerStatus = AutoscalerStatus()
