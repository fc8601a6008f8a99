"""The manifests of the new IngressRoutes, with names that are not taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.ingress_conversion.ingress_class import class_of_route
from bot.ingress_conversion.known import Inventory
from bot.ingress_conversion.references import ConversionContext
from bot.ingress_conversion.source import IngressSource
from bot.ingress_conversion.tls import TlsPart, numbered

UNNAMED = "ingress"
LONGEST = 253 - len("-websecure-certificate-9999")
"""Characters of a name, so that one with a suffix is still a DNS subdomain."""

KEPT = ("external-dns.", "gethomepage.dev/")
"""Prefixes of annotations whose tools read them on IngressRoutes, too."""

OWNERS = (
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "argocd.argoproj.io/",
    "app.kubernetes.io/managed-by",
    "helm.sh/",
)
"""Labels by which a tool recognizes its own objects: the new ones are not its own yet."""


def ingress_routes(
    source: IngressSource, parts: Sequence[TlsPart], context: ConversionContext
) -> Iterator[dict[str, Any]]:
    """One manifest for each part; the first one alone has the kept annotations."""
    names = _names(source, parts, context.known)
    annotations, spec = class_of_route(source, context.target)
    kept = {key: text for key, text in source.annotations.items() if key.startswith(KEPT)}
    for name, part in zip(names, parts, strict=True):
        metadata = _metadata(source, name, {**annotations, **kept})
        yield {
            "apiVersion": f"{context.target.group}/v1alpha1",
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


def _names(source: IngressSource, parts: Sequence[TlsPart], known: Inventory) -> list[str]:
    """The Ingress's name for a single part, else with a suffix for each."""
    base = (source.name or UNNAMED)[:LONGEST]
    taken = {name for place, name in known.routes if place == source.namespace}
    names: list[str] = []
    for part in parts:
        name = f"{base}-{part.suffix}" if part.suffix and len(parts) > 1 else base
        names.append(next(name for name in numbered(name) if name not in taken))
        taken.add(names[-1])
    return names
