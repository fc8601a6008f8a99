"""An Ingress as Traefik reads it, from any API version that files still use.

Source: Kubernetes, networking.k8s.io/v1 and older versions (extensions/v1beta1). Traefik reads v1,
to which the API server converts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.resources import networking
from bot.domain.resources.decode import read_object
from bot.ingress_conversion.refusals import ConversionReason, Unconvertible

GROUPS = ("networking.k8s.io", "extensions")
V1 = "networking.k8s.io/v1"
DEFAULT_NAMESPACE = "default"
MOST_PORTS = 65535


@dataclass(frozen=True, slots=True)
class RoutedBackend:
    """A port of a Service, by number or name."""

    service: str
    port: int | str


@dataclass(frozen=True, slots=True)
class SourcePath:
    """One path of a rule, with the rule's host; all but the backend may be empty."""

    backend: RoutedBackend
    host: str = ""
    path: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class IngressSource:
    """An Ingress as Traefik reads it; see `effective_default` for its default backend."""

    name: str
    namespace: str
    says_namespace: bool
    class_name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    paths: tuple[SourcePath, ...] = ()
    has_rules: bool = False
    default: RoutedBackend | None = None
    tls: tuple[networking.IngressTls, ...] = ()

    def metadata(self, name: str) -> dict[str, Any]:
        """The metadata of a new object: it has a namespace only if the Ingress names one."""
        return {"name": name, **({"namespace": self.namespace} if self.says_namespace else {})}

    @property
    def effective_default(self) -> RoutedBackend | None:
        """The default backend, which Traefik ignores where there are rules."""
        return None if self.has_rules else self.default

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the TLS secrets, without duplicates."""
        return tuple(dict.fromkeys(tls.secret_name for tls in self.tls if tls.secret_name))


def is_ingress(manifest: object) -> bool:
    """Whether it is a Kubernetes Ingress (other groups have kinds of that name)."""
    if not isinstance(manifest, Mapping) or manifest.get("kind") != "Ingress":
        return False
    return str(manifest.get("apiVersion", "")).partition("/")[0] in GROUPS


def decoded(manifest: Mapping[str, Any]) -> networking.Ingress:
    """The Ingress of a manifest.

    Raises:
        Unconvertible: It is encrypted, or no API server would take it.
    """
    if "sops" in manifest:
        raise Unconvertible(ConversionReason.ENCRYPTED)
    ingress = read_object(manifest, networking.Ingress)
    if ingress.malformed:
        raise Unconvertible(ConversionReason.MALFORMED, ingress.malformed[0])
    return ingress


def read(ingress: networking.Ingress) -> IngressSource:
    """What Traefik reads of an Ingress.

    Raises:
        Unconvertible: A backend is a resource, or leads nowhere.
    """
    spec, meta = ingress.spec, ingress.metadata
    is_v1 = ingress.api_version == V1
    default = spec.default
    return IngressSource(
        name=ingress.name,
        namespace=ingress.namespace or DEFAULT_NAMESPACE,
        says_namespace=bool(ingress.namespace),
        class_name=spec.ingress_class_name,
        labels=meta.labels or {},
        annotations=meta.annotations or {},
        paths=tuple(
            SourcePath(
                _backend(path.backend, f"{host}{path.path}", is_v1=is_v1),
                host,
                path.path,
                path.path_type,
            )
            for host, path in spec.paths
        ),
        has_rules=bool(spec.rules),
        default=_backend(default, "the default backend", is_v1=is_v1) if default else None,
        tls=spec.tls or (),
    )


def _backend(backend: networking.IngressBackend, where: str, *, is_v1: bool) -> RoutedBackend:
    """The Service of a backend; v1 writes it in another field than the older versions."""
    if backend.resource is not None:
        raise Unconvertible(ConversionReason.RESOURCE_BACKEND, f"{where}: {backend.resource.kind}")
    service = backend.service
    name = (service.name if service else "") if is_v1 else backend.service_name
    port = (service.port.name or service.port.number) if service else backend.service_port
    if not name:
        raise Unconvertible(ConversionReason.MALFORMED, f"{where} names no Service")
    if not port or (isinstance(port, int) and not 0 < port <= MOST_PORTS):
        raise Unconvertible(ConversionReason.MALFORMED, f"{where} names no port of Service {name}")
    return RoutedBackend(name, port)
