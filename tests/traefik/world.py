"""A small cluster with Traefik in it, for the tests of what is told of Traefik."""

from bot.routing.instance import TraefikPod
from bot.traefik.domain import router_names as naming
from bot.traefik.domain.api import LoadBalancer, Router, Runtime, RuntimeService, UpstreamServer
from tests.builders import Plain, an_object
from tests.net.networks import a_path, a_route, a_rule, a_service, a_slice, an_ingress

ROUTER = naming.of_route("apps", "site", "Host(`a.example`)")
INGRESS_ROUTER = naming.of_ingress("apps", "site", "a.example", "/")
EDGE = TraefikPod(
    "kube-system",
    "traefik-1",
    running=True,
    image="rancher/mirrored-library-traefik:3.6.2",
    args=("--providers.kubernetescrd", "--providers.kubernetesingress", "--log.level=DEBUG"),
    container="traefik",
    node="edge",
)
AGAIN = TraefikPod(
    "kube-system", "traefik-2", running=True, image=EDGE.image, args=EDGE.args, node="home-1"
)
POD, STALE, VIP = "http://10.42.1.7:8080", "http://10.42.1.99:8080", "http://10.43.0.9:80"


def a_node(name: str, number: int) -> Plain:
    return an_object(
        "Node",
        name,
        namespace="",
        spec={"podCIDR": f"10.42.{number}.0/24"},
        status={"addresses": [{"type": "InternalIP", "address": f"100.64.0.{number + 1}"}]},
    )


def world(**service: object) -> list[Plain]:
    """An IngressRoute and an Ingress to one Service, whose only pod is on `home-1`."""
    target = {"kind": "Pod", "namespace": "apps", "name": "web-1"}
    endpoint = {"addresses": ["10.42.1.7"], "nodeName": "home-1", "targetRef": target}
    return [
        a_node("edge", 0),
        a_node("home-1", 1),
        a_service(clusterIP="10.43.0.9"),
        a_slice("web", endpoint),
        a_route(a_rule({"name": "web", "port": 80, **service})),
        an_ingress(a_path()),
    ]


def a_runtime(*urls: str, errors: tuple[str, ...] = ()) -> Runtime:
    """What Traefik's API says of the IngressRoute."""
    name = "site@kubernetescrd"
    router = Router(ROUTER, "Host(`a.example`)", name, errors)
    servers = LoadBalancer(tuple(map(UpstreamServer, urls)))
    return Runtime((router,), (RuntimeService(name, servers),))


def created(url: str, at: str = "11:00:00", router: str = ROUTER) -> str:
    return (
        f"2026-11-23T{at}Z DBG service.go:440 > Creating server URL={url} routerName={router} "
        "serverIndex=0 serviceName=svc\n"
    )


def refused(address: str = "10.42.1.7:8080", at: str = "11:30:00") -> str:
    why = f"dial tcp {address}: connect: connection refused"
    return f'2026-11-23T{at}Z DBG proxy.go:121 > 502 Bad Gateway error="{why}"\n'
