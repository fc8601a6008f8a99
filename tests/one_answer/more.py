"""Further worlds for the question: routes broken in many ways, and what others reported."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from bot.manifests import reader
from bot.sandbox.kubernetes_api import SERVED
from bot.sandbox.network import LISTENER, Broken
from bot.sandbox.scenarios import Homelab, Scenario
from bot.sandbox.scenarios.agents import with_agents
from bot.sandbox.scenarios.apps import APPS
from bot.sandbox.scenarios.homelab import healthy
from tests.places import DATA

Plain = dict[str, Any]

PORTS = {LISTENER, *(app.port for app in APPS if app.node != "edge")}
REDIRECTS = frozenset(("edge", port) for port in PORTS)

KINDS = {resource.kind for resource in SERVED}


def _routes(now: datetime) -> Homelab:
    """Each route of the homelab is broken in another way, all of them by their objects."""
    lab = healthy(now)
    media, productivity, home = "media", "productivity", "home"

    def rule(namespace: str, name: str) -> Plain:
        (first,) = lab.get("IngressRoute", namespace, name)["spec"]["routes"]
        assert isinstance(first, dict)
        return first

    rule(media, "jellyfin")["match"] = "Host(`jellyfin.lab.example.org`"
    rule(media, "immich")["middlewares"] = [{"name": "gone"}]
    lab.get("IngressRoute", media, "navidrome")["spec"]["entryPoints"] = "websecure"
    lab.get("IngressRoute", productivity, "nextcloud")["spec"]["tls"]["secretName"] = "gone"
    lab.get("IngressRoute", productivity, "paperless")["spec"]["routes"] = []
    held = lab.get("IngressRoute", productivity, "vaultwarden")["metadata"]
    held["deletionTimestamp"] = (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    held["finalizers"] = ["example.org/hold"]
    rule(home, "home-assistant")["services"][0]["port"] = 8125
    rule(home, "zigbee2mqtt")["services"][0]["nativeLB"] = True
    lab.get("Service", home, "zigbee2mqtt")["spec"]["clusterIP"] = "None"
    other = {"kubernetes.io/ingress.class": "nginx"}
    lab.get("IngressRoute", "monitoring", "uptime-kuma")["metadata"]["annotations"] = other
    backend = lab.get("Ingress", "monitoring", "grafana")["spec"]["rules"][0]["http"]["paths"][0]
    backend["backend"]["service"]["name"] = "gone"
    return lab


def _around(now: datetime) -> Homelab:
    """NativeLB is on everywhere: it goes round one fault of the network, and not the other."""
    lab = healthy(now)
    for route in lab.of("IngressRoute"):
        for service in route["spec"]["routes"][0]["services"]:
            service["nativeLB"] = True
    lab.broken = Broken(redirects=REDIRECTS, overlay_down=frozenset({"cabin-pi"}))
    with_agents(lab)
    return lab


def _redirected(now: datetime) -> Homelab:
    """A rule of Traefik's node catches what its pods send to others, agents among them."""
    lab = healthy(now)
    lab.broken = Broken(redirects=REDIRECTS)
    with_agents(lab)
    return lab


def _reported(now: datetime) -> Homelab:
    """What others reported, and what real controllers wrote, all in one homelab."""
    lab = healthy(now)
    files = sorted((DATA / "field").glob("*.yaml"))
    written = sorted((DATA / "controllers").glob("*.json"))
    objects = [*reader.read_all([str(file) for file in files]).objects]
    for file in written:
        content = json.loads(file.read_text())
        objects += content.get("items", ()) if isinstance(content, dict) else ()
    known = {_key(manifest): manifest for manifest in lab.objects}
    for manifest in _served(objects):
        known.setdefault(_key(manifest), manifest)
    lab.objects = list(known.values())
    return lab


def _served(objects: Iterable[object]) -> Iterator[Plain]:
    """The whole objects of kinds that the simulated API serves."""
    for manifest in objects:
        if isinstance(manifest, dict) and manifest.get("kind") in KINDS - {"Event"}:
            meta = manifest.get("metadata")
            if isinstance(meta, dict) and meta.get("name"):
                yield manifest


def _key(manifest: Plain) -> tuple[str, str, str, str]:
    meta = manifest["metadata"]
    group = manifest["apiVersion"].rpartition("/")[0]
    return group, manifest["kind"], meta.get("namespace") or "default", meta["name"]


ROUTES = Scenario("routes", "Broken routes.", "Each in another way.", _routes)
AROUND = Scenario("around", "Worked around.", "And what cannot be.", _around)
REDIRECTED = Scenario("redirected", "A way round.", "Then repaired.", _redirected)
REPORTED = Scenario("reported", "Field reports.", "Of others.", _reported)
