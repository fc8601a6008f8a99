"""Which services of an IngressRoute can be reached by their VIP, as far as the manifest tells.

Source: Traefik's provider kubernetescrd, v2.10 to v3.7. With `nativeLB` Traefik knows one server,
the Service's clusterIP, so whatever needs a server for each pod is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.resources.registry import TRAEFIK

Path = tuple[str | int, ...]
"""Keys and indexes from a document's root."""

Manifest = Mapping[str, Any]
"""An object as YAML or JSON has it: anything may be missing or of a wrong type."""

FIELD = "nativeLB"
ANNOTATION = "traefik.ingress.kubernetes.io/service.nativelb"
"""On a Service, it turns nativeLB on for the plain Ingresses that lead to it."""

PER_POD = frozenset({"p2c", "hrw", "leasttime"})
"""Strategies that choose among pods, which Traefik no longer sees behind a VIP."""


@dataclass(frozen=True, slots=True)
class Left:
    """A service that cannot be switched, and why."""

    path: Path
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be done to one IngressRoute: `add` are the services that lack the field."""

    add: tuple[Path, ...] = ()
    already: int = 0
    left: tuple[Left, ...] = ()


def is_ingress_route(manifest: object) -> bool:
    """Whether it is one of either API group."""
    if not isinstance(manifest, Mapping) or manifest.get("kind") != "IngressRoute":
        return False
    return str(manifest.get("apiVersion", "")).partition("/")[0] in TRAEFIK


def choose(manifest: Manifest, known: Mapping[tuple[str, str], Manifest]) -> Choice:
    """What can be switched to the VIP. `known` are Services by (namespace, name)."""
    add: list[Path] = []
    left: list[Left] = []
    already = 0
    for path, service in _services(manifest):
        if isinstance(service, Mapping) and service.get(FIELD) is True:
            already += 1
        elif why := _obstacle(service, manifest, known):
            name = service.get("name", "") if isinstance(service, Mapping) else ""
            left.append(Left(path, str(name), why))
        else:
            add.append(path)
    return Choice(tuple(add), already, tuple(left))


def _services(manifest: Manifest) -> Iterator[tuple[Path, Any]]:
    spec = manifest.get("spec")
    routes = spec.get("routes") if isinstance(spec, Mapping) else None
    for i, route in enumerate(routes if isinstance(routes, list) else ()):
        services = route.get("services") if isinstance(route, Mapping) else None
        for j, service in enumerate(services if isinstance(services, list) else ()):
            yield ("spec", "routes", i, "services", j), service


def _obstacle(
    service: Any, route: Manifest, known: Mapping[tuple[str, str], Manifest]
) -> str | None:
    """Why this service must stay as it is; None where nothing stands against it."""
    if not isinstance(service, Mapping) or not isinstance(service.get("name"), str):
        return "it is not a reference to a Service"
    kind = service.get("kind") or "Service"
    if kind != "Service":
        return f"it is a {kind}: Traefik does not evaluate {FIELD} there"
    if "@" in service["name"]:
        return f"it is of another provider: Traefik does not evaluate {FIELD} there"
    if service.get("sticky"):
        return "its sticky cookie names a pod, and behind a VIP Traefik sees no pods"
    if str(service.get("strategy", "")).lower() in PER_POD:
        return f"its strategy {service['strategy']} chooses among pods, which a VIP hides"
    return _unfit(known.get((_namespace(service, route), service["name"])))


def _namespace(service: Manifest, route: Manifest) -> str:
    metadata = route.get("metadata")
    own = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    return str(service.get("namespace") or own or "")


def _unfit(service: Manifest | None) -> str | None:
    spec = service.get("spec") if service else None
    if not isinstance(spec, Mapping):
        return None
    if spec.get("type") == "ExternalName":
        return "its Service is an ExternalName, which has no VIP"
    if spec.get("clusterIP") == "None":
        return "its Service is headless, which has no VIP: Traefik would drop the route"
    return None
