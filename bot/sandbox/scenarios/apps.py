"""The apps of the homelab, with their routes, releases and Secrets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.sandbox.scenarios import gitops
from bot.sandbox.scenarios.gitops import VAULT
from bot.sandbox.scenarios.plain import Calendar, Plain, an_object
from bot.sandbox.scenarios.pods import a_pod, a_service

DOMAIN = "lab.example.org"
MIDDLEWARE = "secure-headers"


@dataclass(frozen=True, slots=True)
class App:
    """An app: its place, its image and its route.

    source: Kind and name of its chart's source; None for plain manifests.
    route: `IngressRoute`, `Ingress`, or empty for an app without a route.
    store: Kind and name of its Secret's store; None without a Secret.
    """

    name: str
    namespace: str
    node: str
    image: str
    port: int
    source: tuple[str, str] | None = gitops.GIT_REPOSITORY
    route: str = "IngressRoute"
    store: tuple[str, str] | None = None

    @property
    def host(self) -> str:
        """The hostname of its route."""
        return f"{self.name}.{DOMAIN}"


APPS = (
    App("jellyfin", "media", "home-1", "jellyfin/jellyfin:10.10.7", 8096),
    App("immich", "media", "home-2", "immich-app/immich-server:v1.142.0", 2283, store=VAULT),
    App(
        "immich-machine-learning",
        "media",
        "home-1",
        "immich-app/immich-machine-learning:v1.142.0",
        3003,
        source=None,
        route="",
    ),
    App("navidrome", "media", "home-1", "deluan/navidrome:0.58.0", 4533, source=None),
    App("paperless", "productivity", "home-2", "paperless-ngx:2.18.4", 8000, store=VAULT),
    App(
        "nextcloud",
        "productivity",
        "home-1",
        "nextcloud:31.0.8",
        80,
        source=("HelmRepository", "nextcloud"),
        store=VAULT,
    ),
    App("vaultwarden", "productivity", "edge", "vaultwarden/server:1.34.3", 8080, store=VAULT),
    App("forgejo", "productivity", "home-2", "forgejo/forgejo:12.0.3", 3000, store=VAULT),
    App(
        "backup",
        "productivity",
        "home-2",
        "restic/rest-server:0.14.0",
        8000,
        source=None,
        route="",
        store=("SecretStore", "backups"),
    ),
    App("home-assistant", "home", "home-1", "home-assistant:2026.10.2", 8123),
    App("zigbee2mqtt", "home", "cabin-pi", "koenkk/zigbee2mqtt:2.6.1", 8080, source=None),
    App("mosquitto", "home", "cabin-pi", "eclipse-mosquitto:2.0.22", 9001, source=None, route=""),
    App(
        "grafana",
        "monitoring",
        "home-2",
        "grafana/grafana:12.1.1",
        3000,
        source=("HelmRepository", "grafana"),
        route="Ingress",
        store=VAULT,
    ),
    App(
        "prometheus",
        "monitoring",
        "home-2",
        "prometheus/prometheus:v3.5.0",
        9090,
        source=("HelmRepository", "prometheus-community"),
        route="",
    ),
    App("uptime-kuma", "monitoring", "cabin-pi", "louislam/uptime-kuma:2.0.1", 3001, source=None),
)


def apps(times: Calendar) -> list[Plain]:
    """All objects of the apps."""
    parts = [part for number, app in enumerate(APPS, 20) for part in _parts(times, app, number)]
    return [*_middlewares(times), *parts]


def _parts(times: Calendar, app: App, number: int) -> Iterator[Plain]:
    name, namespace = app.name, app.namespace
    pod = a_pod(
        times, name, namespace, node=app.node, number=number, image=app.image, port=app.port
    )
    yield pod
    yield from a_service(pod, number=number)
    if app.source:
        yield from gitops.a_release(times, name, namespace, source=app.source)
    if app.store:
        secret = f"{name}-env"
        pod["spec"]["volumes"] = [{"name": "env", "secret": {"secretName": secret}}]
        yield from gitops.an_external_secret(times, secret, namespace, store=app.store)
    if app.route:
        yield from gitops.a_certificate(times, f"{name}-tls", namespace, hosts=(app.host,))
        yield _ingress(times, app) if app.route == "Ingress" else a_route(times, app)


def a_route(times: Calendar, app: App, *, service: str = "") -> Plain:
    """The IngressRoute of an app, to its own Service or to one of another name."""
    rule = {
        "kind": "Rule",
        "match": f"Host(`{app.host}`)",
        "middlewares": [{"name": MIDDLEWARE}],
        "services": [{"name": service or app.name, "port": 80}],
    }
    tls = {"secretName": f"{app.name}-tls"}
    spec = {"entryPoints": ["websecure"], "routes": [rule], "tls": tls}
    return an_object("IngressRoute", app.name, app.namespace, born=times.ago(days=120), spec=spec)


def _ingress(times: Calendar, app: App) -> Plain:
    service = {"name": app.name, "port": {"number": 80}}
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": service}}
    prefix = "traefik.ingress.kubernetes.io/router."
    return an_object(
        "Ingress",
        app.name,
        app.namespace,
        born=times.ago(days=120),
        annotations={
            f"{prefix}entrypoints": "websecure",
            f"{prefix}middlewares": f"{app.namespace}-{MIDDLEWARE}@kubernetescrd",
        },
        spec={
            "ingressClassName": "traefik",
            "rules": [{"host": app.host, "http": {"paths": [path]}}],
            "tls": [{"hosts": [app.host], "secretName": f"{app.name}-tls"}],
        },
        status={"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}},
    )


def _middlewares(times: Calendar) -> list[Plain]:
    """One in each namespace, since Traefik lets a route use only those of its own namespace."""
    headers = {"stsSeconds": 31536000, "contentTypeNosniff": True, "frameDeny": True}
    born, spec = times.ago(days=120), {"headers": headers}
    return [
        an_object("Middleware", MIDDLEWARE, namespace, born=born, spec=spec)
        for namespace in sorted({app.namespace for app in APPS})
    ]
