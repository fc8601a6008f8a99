"""The objects around an Ingress that affect its conversion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.domain.resources import cert_manager, core
from bot.domain.resources.base import Object
from bot.domain.resources.decode import read_object
from bot.ingress_conversion.source import DEFAULT_NAMESPACE

Place = tuple[str, str]
"""Namespace and name."""

REFERRED = ("Middleware", "TLSOption", "ServersTransport")
"""Traefik's kinds that annotations name."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """Objects that are known to exist. `complete`: no others do.

    `referred` are the places of Traefik's own objects by kind; `controllers` those of
    IngressClasses by name; `secrets` those that a Certificate writes; `routes` the IngressRoutes.
    """

    services: Mapping[Place, core.Service] = field(default_factory=dict)
    referred: Mapping[str, frozenset[Place]] = field(default_factory=dict)
    controllers: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[Place] = frozenset()
    routes: frozenset[Place] = frozenset()
    complete: bool = False

    def preferring(self, near: Inventory) -> Inventory:
        """The same, but of two objects with one name the nearer one counts."""
        return replace(
            self,
            services={**self.services, **near.services},
            controllers={**self.controllers, **near.controllers},
        )


def gather(manifests: Iterable[object]) -> Inventory:
    """The relevant objects among these manifests; malformed ones are ignored."""
    by_kind: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for manifest in manifests:
        if isinstance(manifest, dict) and isinstance(manifest.get("kind"), str):
            by_kind[manifest["kind"]].append(manifest)
    services = [read_object(manifest, core.Service) for manifest in by_kind["Service"]]
    certificates = [
        read_object(manifest, cert_manager.Certificate) for manifest in by_kind["Certificate"]
    ]
    return Inventory(
        services={_place(service): service for service in services},
        referred={kind: _places(by_kind[kind]) for kind in REFERRED},
        controllers={
            read_object(manifest, Object).name: _controller(manifest)
            for manifest in by_kind["IngressClass"]
        },
        secrets=frozenset(
            (_place(certificate)[0], certificate.spec.secret_name) for certificate in certificates
        ),
        routes=_places(by_kind["IngressRoute"]),
    )


def _places(manifests: Iterable[Mapping[str, Any]]) -> frozenset[Place]:
    return frozenset(_place(read_object(manifest, Object)) for manifest in manifests)


def _place(resource: Object) -> Place:
    return resource.namespace or DEFAULT_NAMESPACE, resource.name


def _controller(manifest: Mapping[str, Any]) -> str:
    spec = manifest.get("spec")
    return str(spec.get("controller", "")) if isinstance(spec, dict) else ""
