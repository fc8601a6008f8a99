"""A healthy homelab: four k3s nodes over Tailscale, with Traefik, Flux and apps."""

from __future__ import annotations

from datetime import datetime

from bot.sandbox.scenarios import gitops
from bot.sandbox.scenarios.apps import APPS, App, apps
from bot.sandbox.scenarios.plain import Calendar, Plain, a_condition, an_object
from bot.sandbox.scenarios.pods import NODES, a_pod, a_service
from bot.sandbox.scenarios.scenario import Homelab
from bot.sandbox.scenarios.workloads import add_workloads
from bot.traefik.domain import router_names as naming

KUBELET = "v1.34.1+k3s1"

BUILT_IN = ("default", "kube-node-lease", "kube-public", "kube-system")
SYSTEM = ("cert-manager", "external-secrets", "flux-system", "meshmedic-probe")

PRESSURES = {
    "MemoryPressure": ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("KubeletHasSufficientPID", "kubelet has sufficient PID available"),
}

TRAEFIK_ARGS = [
    "--entryPoints.metrics.address=:9100/tcp",
    "--entryPoints.traefik.address=:8080/tcp",
    "--entryPoints.web.address=:8000/tcp",
    "--entryPoints.websecure.address=:8443/tcp",
    "--ping=true",
    "--providers.kubernetescrd",
    "--providers.kubernetesingress",
    "--providers.kubernetesingress.ingressendpoint.publishedservice=kube-system/traefik",
    "--log.level=DEBUG",
]
"""Traefik's arguments as the chart of k3s writes them; the runbook's log check needs DEBUG."""

CONTROLLERS = (
    ("coredns", "kube-system", "home-1", "rancher/mirrored-coredns-coredns:1.12.3"),
    ("metrics-server", "kube-system", "home-1", "rancher/mirrored-metrics-server:v0.8.0"),
    ("local-path-provisioner", "kube-system", "home-2", "rancher/local-path-provisioner:v0.0.31"),
    ("source-controller", "flux-system", "home-1", "fluxcd/source-controller:v1.6.2"),
    ("kustomize-controller", "flux-system", "home-1", "fluxcd/kustomize-controller:v1.6.1"),
    ("helm-controller", "flux-system", "home-2", "fluxcd/helm-controller:v1.3.0"),
    ("notification-controller", "flux-system", "home-2", "fluxcd/notification-controller:v1.6.0"),
    ("cert-manager", "cert-manager", "home-1", "jetstack/cert-manager-controller:v1.18.2"),
    ("cert-manager-cainjector", "cert-manager", "home-2", "jetstack/cainjector:v1.18.2"),
    ("cert-manager-webhook", "cert-manager", "home-1", "jetstack/cert-manager-webhook:v1.18.2"),
    ("external-secrets", "external-secrets", "home-2", "external-secrets:v0.19.2"),
    ("external-secrets-webhook", "external-secrets", "home-1", "external-secrets:v0.19.2"),
)

RELEASES = (
    ("cert-manager", "cert-manager", ("HelmRepository", "jetstack")),
    ("external-secrets", "external-secrets", ("HelmRepository", "external-secrets")),
)

DBG = "DBG github.com/traefik/traefik/v3/pkg"


def healthy(now: datetime) -> Homelab:
    """The homelab on a good day."""
    times = Calendar(now)
    names = (*BUILT_IN, *SYSTEM, *sorted({app.namespace for app in APPS}))
    lab = Homelab(times)
    lab.add(*(an_object("Namespace", name, born=times.ago(days=214)) for name in names))
    lab.add(*(_node(times, number) for number in range(len(NODES))))
    lab.add(_api_service(times), *_controllers(times), *_traefik(times))
    lab.add(*gitops.sources(times), *gitops.issuers(times), *gitops.stores(times))
    for name, namespace, source in RELEASES:
        lab.add(*gitops.a_release(times, name, namespace, source=source))
    lab.add(*apps(times))
    add_workloads(lab, lab.of("Pod"))
    _log_of_traefik(lab)
    return lab


def _node(times: Calendar, number: int) -> Plain:
    address = f"100.64.0.{11 + number}"
    name = NODES[number]
    outside = [{"type": "ExternalIP", "address": "203.0.113.7"}] if name == "edge" else []
    control_plane = {"node-role.kubernetes.io/control-plane": "true"} if name == "home-1" else {}
    return an_object(
        "Node",
        name,
        born=times.ago(days=214),
        labels={
            "kubernetes.io/hostname": name,
            "kubernetes.io/arch": "arm64" if name == "cabin-pi" else "amd64",
            **control_plane,
        },
        annotations={
            "flannel.alpha.coreos.com/public-ip": address,
            "flannel.alpha.coreos.com/backend-type": "vxlan",
        },
        spec={"podCIDR": f"10.42.{number}.0/24", "podCIDRs": [f"10.42.{number}.0/24"]},
        status={
            "addresses": [
                {"type": "InternalIP", "address": address},
                *outside,
                {"type": "Hostname", "address": name},
            ],
            "conditions": _conditions(times),
            "nodeInfo": {"kubeletVersion": KUBELET, "osImage": "Debian GNU/Linux 13 (trixie)"},
        },
    )


def _conditions(times: Calendar) -> list[Plain]:
    """The conditions that a kubelet posted a minute ago."""
    since = times.ago(days=9)
    conditions = [
        a_condition(type_, since, status="False", reason=reason, message=message)
        for type_, (reason, message) in PRESSURES.items()
    ]
    message = "kubelet is posting ready status"
    conditions.append(a_condition("Ready", since, reason="KubeletReady", message=message))
    return [{**condition, "lastHeartbeatTime": times.ago(minutes=1)} for condition in conditions]


def _api_service(times: Calendar) -> Plain:
    """The Service of the API server itself, which has no selector."""
    spec = {
        "type": "ClusterIP",
        "clusterIP": "10.43.0.1",
        "ports": [{"name": "https", "port": 443, "targetPort": 6443}],
    }
    status: Plain = {"loadBalancer": {}}
    born = times.ago(days=214)
    return an_object("Service", "kubernetes", "default", born=born, spec=spec, status=status)


def _controllers(times: Calendar) -> list[Plain]:
    objects: list[Plain] = []
    for number, (name, namespace, node, image) in enumerate(CONTROLLERS, 4):
        pod = a_pod(times, name, namespace, node=node, number=number, image=image, port=8080)
        objects += [pod, *a_service(pod, number=100 + number)]
    return objects


def _traefik(times: Calendar) -> list[Plain]:
    """Traefik on the edge node, its load balancer's pods on every node, and its Service."""
    place = times, "traefik", "kube-system"
    image, args = "rancher/mirrored-library-traefik:3.3.6", TRAEFIK_ARGS
    pod = a_pod(*place, node="edge", number=3, image=image, port=8443, args=args)
    service, endpoint_slice = a_service(pod, number=3, port=443)
    service["spec"]["type"] = "LoadBalancer"
    service["status"] = {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}
    place, image = (times, "svclb-traefik", "kube-system"), "rancher/klipper-lb:v0.4.13"
    balancers = [
        a_pod(*place, node=node, number=2, image=image, owner="DaemonSet") for node in NODES
    ]
    return [pod, service, endpoint_slice, *balancers]


def _router(app: App) -> str:
    """Traefik's name for the router of an app's only rule."""
    if app.route == "Ingress":
        return naming.of_ingress(app.namespace, app.name, app.host, "/")
    return naming.of_route(app.namespace, app.name, f"Host(`{app.host}`)")


def _log_of_traefik(lab: Homelab) -> None:
    """Let Traefik log its backends: pod addresses, since no route sets nativeLB."""
    pod = lab.pod_of("traefik")
    lines = [
        f"{lab.times.ago(minutes=55)} {DBG}/server/service/service.go:313 > Creating server "
        f"entryPointName=websecure routerName={_router(app)} "
        f"serverIndex=0 serviceName={_router(app)} "
        f"URL=http://{lab.pod_of(app.name)['status']['podIP']}:{app.port}"
        for app in APPS
        if app.route
    ]
    key = ("kube-system", pod["metadata"]["name"], "traefik", False)
    lab.logs[key] = "\n".join(lines) + "\n"
