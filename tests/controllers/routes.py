"""The situations of Traefik, which writes no status: its own API and log are the oracle.

A route is served where Traefik's API shows its router enabled, with at least one server.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.domain.finding import Ref
from bot.traefik.domain.log_events import ProviderError
from bot.traefik.domain.log_summary import LogSummarizer
from tests.builders import kept
from tests.cluster.traefik import Traefik
from tests.controllers.expected import DEGRADED, FAILED, HEALTHY, Said
from tests.controllers.world import World
from tests.programs import catalogue

Plain = dict[str, Any]
SOON = 5.0
"""Seconds within which Traefik has read what was applied."""

NOISE = ("time", "caller")
PLACE = "web"
ADDRESS = "10.42.77.10"
"""Of a pod that nobody runs: Traefik is asked what it would use, and sends nothing."""


@dataclass(frozen=True, slots=True)
class Route:
    """A route, whether Traefik serves it, and what is right to say."""

    subject: Ref
    served: bool
    said: Said


def _service(name: str, *, ready: bool = True, port: str = "http") -> list[Plain]:
    """A Service without a selector, and its EndpointSlice."""
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    meta = {"name": name, "namespace": PLACE}
    labels = {"kubernetes.io/service-name": name}
    endpoints = [{"addresses": [ADDRESS], "conditions": {"ready": True}}] if ready else []
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": ports}},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {**meta, "name": f"{name}-1", "labels": labels},
            "addressType": "IPv4",
            "ports": [{"name": port, "port": 8080, "protocol": "TCP"}],
            "endpoints": endpoints,
        },
    ]


def _route(
    name: str, service: str = "web", *, match: str = "", port: object = 80, **more: Any
) -> Plain:
    rule = {
        "kind": "Rule",
        "match": match or f"Host(`{name}.home.test`)",
        "services": [{"name": service, "port": port}],
    }
    spec = {key: value for key, value in more.items() if key == "tls"}
    rule |= {key: value for key, value in more.items() if key != "tls"}
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"name": name, "namespace": PLACE},
        "spec": {"entryPoints": ["web"], "routes": [rule], **spec},
    }


def _ingress(name: str, service: str) -> Plain:
    backend = {"service": {"name": service, "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": PLACE},
        "spec": {"rules": [{"host": f"{name}.home.test", "http": {"paths": [path]}}]},
    }


def _middleware(name: str, namespace: str, **spec: Any) -> Plain:
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "Middleware",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def begin(world: World) -> None:
    """Apply the Services and routes, and the pod of Traefik."""
    _traefik(world)
    headers = {"headers": {"customRequestHeaders": {"X-Home": "1"}}}
    world.apply(
        [
            *_service("web"),
            *_service("empty", ready=False),
            *_service("other-port", port="metrics"),
            _middleware("fine", PLACE, **headers),
            _middleware("elsewhere", "apps", **headers),
            _middleware("no-secret", PLACE, basicAuth={"secret": "gone"}),
            _route("route-ok"),
            _route("route-with-middleware", middlewares=[{"name": "fine"}]),
            _route("route-v3-rule", match="Host(`a.home.test`) && PathRegexp(`^/v[0-9]+`)"),
            _route("route-no-service", "gone"),
            _route("route-no-port", port=9999),
            _route("route-no-endpoints", "empty"),
            _route("route-other-port-name", "other-port"),
            _route("route-bad-rule", match="Host(`a.home.test`"),
            _route("route-v2-rule", match="Host(`a.home.test`, `b.home.test`)"),
            _route("route-no-middleware", middlewares=[{"name": "gone"}]),
            _route("route-broken-middleware", middlewares=[{"name": "no-secret"}]),
            _route(
                "route-foreign-middleware", middlewares=[{"name": "elsewhere", "namespace": "apps"}]
            ),
            _ingress("ingress-ok", "web"),
            _ingress("ingress-no-service", "gone"),
        ]
    )


def _traefik(world: World) -> None:
    """The pod that Traefik would be, by which the bot knows its version and arguments."""
    image = f"traefik:v{catalogue.TRAEFIK_VERSION}"
    ports = ("web", "websecure", "traefik")
    args = [f"--entrypoints.{name}.address=:{8000 + at}" for at, name in enumerate(ports)]
    args += ["--providers.kubernetescrd", "--providers.kubernetesingress"]
    container = {"name": "traefik", "image": image, "args": args}
    meta = {"name": "traefik-1", "namespace": "kube-system"}
    labels = {"app.kubernetes.io/name": "traefik"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {**meta, "labels": labels}}
    spec = {"nodeName": "node-1", "serviceAccountName": "default", "containers": [container]}
    world.apply([kept({**pod, "spec": spec})])
    state = {
        "name": "traefik",
        "image": image,
        "imageID": image,
        "ready": True,
        "restartCount": 0,
        "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
    }
    ready = {"type": "Ready", "status": "True"}
    status = {"phase": "Running", "conditions": [ready], "containerStatuses": [state]}
    patch = json.dumps({"status": status})
    how = ("--subresource=status", "--type=merge", "-p", patch)
    world.real.kubectl("patch", "pod", meta["name"], "-n", meta["namespace"], *how)


def go_on(world: World) -> None:
    """Traefik reads on by itself, so there is nothing to do but to wait for it."""
    time.sleep(SOON)


def served(traefik: Traefik) -> dict[str, bool]:
    """Whether Traefik serves each route that it knows, by the route's name."""
    raw = traefik.raw()
    services = raw.get("services") or {}
    known: dict[str, bool] = {}
    for key, router in (raw.get("routers") or {}).items():
        for route in ROUTES:
            name = route.subject.name
            if f"{PLACE}-{name}-" in key:
                provider = key.rpartition("@")[2]
                service = services.get(f"{router['service']}@{provider}") or {}
                servers = (service.get("loadBalancer") or {}).get("servers")
                known[name] = router["status"] == "enabled" and bool(servers)
    return known


def log_of(traefik: Traefik) -> list[str]:
    """What Traefik's log says went wrong, each once and without its time, in the log's order."""
    said = (line for line in traefik.log() if line.get("level") == "error")
    kept = ({key: value for key, value in line.items() if key not in NOISE} for line in said)
    return list(dict.fromkeys(json.dumps(line) for line in kept))


def refused(log: Iterable[str]) -> set[str]:
    """The names of the routes that Traefik refuses, as the bot reads its log."""
    summarizer = LogSummarizer()
    summarizer.feed("".join(f"{line}\n" for line in log).encode())
    events = [refusal.event for refusal in summarizer.summary().refusals]
    names = (route.subject.name for route in ROUTES)
    return {name for name in names if any(_names(event, name) for event in events)}


def _names(event: ProviderError, name: str) -> bool:
    """Whether it is about this route, by its own name or by that of its router."""
    own = (event.namespace, event.name) == (PLACE, name)
    return own or event.router.startswith(f"{PLACE}-{name}-")


def _row(
    name: str, verdicts: Any, words: str = "", cause: Ref | None = None, *, serves: bool = False
) -> Route:
    kind = "Ingress" if name.startswith("ingress") else "IngressRoute"
    return Route(Ref(kind, PLACE, name), serves, Said(verdicts, words, cause))


AT_ODDS = DEGRADED | FAILED

ROUTES: tuple[Route, ...] = (
    _row("route-ok", HEALTHY, serves=True),
    _row("route-with-middleware", HEALTHY, serves=True),
    _row("route-v3-rule", HEALTHY, serves=True),
    _row("route-no-service", AT_ODDS, "gone"),
    _row("route-no-port", AT_ODDS, "9999"),
    _row("route-no-endpoints", AT_ODDS, "empty"),
    _row("route-other-port-name", AT_ODDS, "(?i)port", Ref("Service", PLACE, "other-port")),
    _row("route-bad-rule", AT_ODDS, "(?i)rule"),
    _row("route-v2-rule", AT_ODDS, "(?i)rule|Host"),
    _row("route-no-middleware", AT_ODDS, "gone"),
    _row(
        "route-broken-middleware",
        AT_ODDS,
        "(?i)secret",
        Ref("Middleware", PLACE, "no-secret"),
    ),
    _row("route-foreign-middleware", AT_ODDS, "(?i)cross"),
    _row("ingress-ok", HEALTHY, serves=True),
    _row("ingress-no-service", AT_ODDS, "gone"),
)


def unserved() -> set[str]:
    """The names of the routes that Traefik does not serve."""
    return {route.subject.name for route in ROUTES if not route.served}
