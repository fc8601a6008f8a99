"""The manifests of IngressRoutes, with names that are free."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.ingress_conversion.ingress_class import class_of_route
from bot.ingress_conversion.known import Known
from bot.ingress_conversion.source import IngressSource
from bot.ingress_conversion.target import ConversionTarget
from bot.ingress_conversion.tls import TlsPart, numbered

UNNAMED = "ingress"
LONGEST = 253 - len("-websecure-certificate-9999")
"""Of a name, so that one with a suffix is still a DNS subdomain."""

KEPT = ("external-dns.", "gethomepage.dev/")
"""Annotations whose readers look at IngressRoutes, too."""

OWNERS = (
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "argocd.argoproj.io/",
    "app.kubernetes.io/managed-by",
    "helm.sh/",
)
"""Labels by which a tool knows its own objects: the new ones are not its own yet."""


def ingress_routes(
    source: IngressSource, parts: Sequence[TlsPart], known: Known, target: ConversionTarget
) -> Iterator[dict[str, Any]]:
    """One manifest for each part; other annotations than of the class stand on the first alone."""
    names = _names(source, parts, known)
    annotations, spec = class_of_route(source, target)
    kept = {key: text for key, text in source.annotations.items() if key.startswith(KEPT)}
    for name, part in zip(names, parts, strict=True):
        metadata = _metadata(source, name, {**annotations, **kept})
        yield {
            "apiVersion": f"{target.group}/v1alpha1",
            "kind": "IngressRoute",
            "metadata": metadata,
            "spec": {**spec, **_spec(part)},
        }
        kept = {}


def _metadata(source: IngressSource, name: str, annotations: Mapping[str, str]) -> dict[str, Any]:
    metadata = source.metadata(name)
    labels = {key: text for key, text in source.labels.items() if not key.startswith(OWNERS)}
    if labels:
        metadata["labels"] = labels
    if annotations:
        metadata["annotations"] = dict(annotations)
    return metadata


def _spec(part: TlsPart) -> dict[str, Any]:
    spec: dict[str, Any] = {}
    if part.entry_points:
        spec["entryPoints"] = list(part.entry_points)
    spec["routes"] = [dict(route.written) for route in part.routes]
    if part.tls is not None:
        spec["tls"] = dict(part.tls)
    return spec


def _names(source: IngressSource, parts: Sequence[TlsPart], known: Known) -> list[str]:
    """The Ingress's name for a single part, else with what tells them apart."""
    base = (source.name or UNNAMED)[:LONGEST]
    taken = {name for place, name in known.routes if place == source.namespace}
    made: list[str] = []
    for part in parts:
        wanted = f"{base}-{part.suffix}" if part.suffix and len(parts) > 1 else base
        made.append(next(name for name in numbered(wanted) if name not in taken))
        taken.add(made[-1])
    return made
