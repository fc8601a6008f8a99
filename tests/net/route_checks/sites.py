"""A cluster with Traefik and sites, for the plan and the monitor."""

from __future__ import annotations

from typing import Any

from bot.domain.snapshot import Snapshot
from bot.routing.running import NAMESPACES, TraefikNamespaces
from tests.builders import Plain, a_pod, an_object, kept
from tests.net.networks import a_route, a_service, a_slice, a_snapshot, an_endpoint

ARGUMENTS = (
    "--providers.kubernetescrd",
    "--providers.kubernetesingress",
    "--entrypoints.web.address=:8000",
    "--entrypoints.websecure.address=:8443",
    "--entrypoints.websecure.http.tls=true",
)


def a_traefik(
    node: str = "edge", *more: str, address: str = "10.42.0.2", namespace: str = "traefik"
) -> Plain:
    """A Traefik pod with the entrypoints of its chart."""
    pod = a_pod(f"traefik-{node}", namespace=namespace, node=node)
    pod["metadata"]["labels"] = {"app.kubernetes.io/name": "traefik"}
    pod["spec"]["containers"][0]["args"] = [*ARGUMENTS, *more]
    pod["status"]["podIP"] = address
    return kept(pod)


def a_site(
    host: str = "a.example", name: str = "", *, namespace: str = "apps", **rest: Any
) -> Plain:
    """An IngressRoute by TLS, for a host or by a whole rule, to port 80 of `web`."""
    match = rest.pop("match", f"Host(`{host}`)")
    rule = {"match": match, "services": [{"name": "web", "port": 80}], **rest.pop("rule", {})}
    route = a_route(rule, name=name or host, **{"tls": {}, "entryPoints": ["websecure"], **rest})
    route["metadata"]["namespace"] = namespace
    return route


def off(route: Plain, value: str = "off") -> Plain:
    """The same route, taken out by its owner."""
    notes = {"meshmedic.dev/route-check": value}
    return {**route, "metadata": {**route["metadata"], "annotations": notes}}


def a_backend(address: str = "10.42.1.5", *, host_network: bool = False) -> tuple[Plain, ...]:
    """A Service `web`, its slice, and the pod behind it."""
    pod = a_pod("web-1", node="attic")
    pod["spec"]["hostNetwork"] = host_network
    pod["status"]["podIP"] = "10.42.1.5"
    target = {"kind": "Pod", "name": "web-1"}
    endpoint = {**an_endpoint(address), "nodeName": "attic", "targetRef": target}
    return a_service(), a_slice("web", endpoint), pod


def a_middleware(name: str, **spec: Any) -> Plain:
    """A Middleware of that kind."""
    return an_object("Middleware", name, "traefik.io/v1alpha1", spec=spec)


def a_cluster(*plain: Plain, traefik: tuple[Plain, ...] | None = None, **rest: Any) -> Snapshot:
    """These objects beside a Traefik on the node `edge`."""
    pods = (a_traefik(),) if traefik is None else traefik
    ours = {TraefikNamespaces: TraefikNamespaces(NAMESPACES)}
    return a_snapshot(*plain, *pods, supplements=ours, **rest)
