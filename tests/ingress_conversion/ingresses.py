"""Builders of Ingresses as files have them: only what a test is about is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.ingress_conversion.convert import Conversion, ConversionResult, convert
from bot.ingress_conversion.known import Inventory, gather
from bot.ingress_conversion.target import ConversionTarget, version

TRAEFIK = "traefik.ingress.kubernetes.io/"
NAMESPACE = "apps"


def target(written: str = "3.6.13", **extra: Any) -> ConversionTarget:
    found = version(written)
    assert found is not None
    return ConversionTarget(found, **extra)


def a_backend(service: str = "web", port: int | str = 80) -> dict[str, Any]:
    key = "number" if isinstance(port, int) else "name"
    return {"service": {"name": service, "port": {key: port}}}


def a_path(path: str = "/", kind: str = "Prefix", **backend: Any) -> dict[str, Any]:
    return {"path": path, "pathType": kind, "backend": a_backend(**backend)}


def a_rule(host: str = "a.example", *paths: Mapping[str, Any]) -> dict[str, Any]:
    return {"host": host, "http": {"paths": list(paths) or [a_path()]}}


def an_ingress(
    *rules: Mapping[str, Any],
    annotations: Mapping[str, str] | None = None,
    tls: Sequence[Mapping[str, Any]] = (),
    name: str = "web",
    namespace: str | None = NAMESPACE,
    **spec: Any,
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "annotations": dict(annotations or {})}
    if namespace is not None:
        metadata["namespace"] = namespace
    whole = {"rules": list(rules) or [a_rule()], **({"tls": list(tls)} if tls else {}), **spec}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata,
        "spec": whole,
    }


def said(**annotations: str) -> dict[str, str]:
    """Annotations of Traefik; an underscore stands for the dot: `router_tls="true"`."""
    return {f"{TRAEFIK}{key.replace('_', '.')}": value for key, value in annotations.items()}


def a_service(name: str = "web", namespace: str = NAMESPACE, **spec: Any) -> dict[str, Any]:
    annotations = spec.pop("annotations", {})
    ports = [{"name": "http", "port": 80}, {"name": "https", "port": 443}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
        "spec": {"ports": ports, **spec},
    }


def of_kind(kind: str, name: str, namespace: str = NAMESPACE, **rest: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name, "namespace": namespace}, **rest}


def knowing(*objects: Mapping[str, Any]) -> Inventory:
    return gather(objects)


def converted(
    ingress: Mapping[str, Any],
    *around: Mapping[str, Any],
    to: ConversionTarget | None = None,
    added_priority: int = 0,
) -> Conversion:
    return convert(ingress, gather(around), to or target(), added_priority=added_priority)


def manifests(ingress: Mapping[str, Any], *around: Mapping[str, Any], **how: Any) -> list[Any]:
    """What it becomes, which must be something."""
    made = converted(ingress, *around, **how)
    assert made.result is ConversionResult.CONVERTED, made.reason
    return list(made.manifests)


def routes(ingress: Mapping[str, Any], *around: Mapping[str, Any], **how: Any) -> list[Any]:
    """The routes of its one IngressRoute."""
    (route,) = manifests(ingress, *around, **how)
    return list(route["spec"]["routes"])
