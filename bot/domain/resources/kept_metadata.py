"""Which annotations and labels are kept of an object: the keys that the code reads, and no other.

Anybody who may write an object may hang 256 KiB of annotations on it. Manifests in files and what
a repair copies are read whole, elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from bot.domain.resources.base import Object
from bot.domain.resources.limits import PAIRS, TEXT

ANNOTATIONS = frozenset(
    {
        "cert-manager.io/certificate-name",
        "cert-manager.io/certificate-revision",
        "control-plane.alpha.kubernetes.io/leader",
        "flannel.alpha.coreos.com/backend-type",
        "flannel.alpha.coreos.com/public-ip",
        "flannel.alpha.coreos.com/public-ipv6",
        "kubectl.kubernetes.io/default-container",
        "kubernetes.io/ingress.class",
        "meshmedic.dev/mute",
        "meshmedic.dev/route-check",
        "storageclass.beta.kubernetes.io/is-default-class",
        "storageclass.kubernetes.io/is-default-class",
        "traefik.io/service.nativelb",
        "volume.kubernetes.io/selected-node",
    }
)

OF_TRAEFIK = "traefik.ingress.kubernetes.io/"
"""How the annotations of Ingresses and Services begin that Traefik reads."""

LABELS = frozenset(
    {
        "app.kubernetes.io/component",
        "app.kubernetes.io/instance",
        "app.kubernetes.io/managed-by",
        "app.kubernetes.io/name",
        "app.kubernetes.io/version",
        "batch.kubernetes.io/job-name",
        "helm.toolkit.fluxcd.io/name",
        "helm.toolkit.fluxcd.io/namespace",
        "kubernetes.io/service-name",
        "kustomize.toolkit.fluxcd.io/name",
        "kustomize.toolkit.fluxcd.io/namespace",
        "node-role.kubernetes.io/control-plane",
        "node-role.kubernetes.io/master",
        "reconcile.external-secrets.io/managed",
        "svccontroller.k3s.cattle.io/svcname",
        "svccontroller.k3s.cattle.io/svcnamespace",
    }
)
"""The labels of objects that no selector chooses: see `Object.selectable`."""


def keep_read(resource: Object) -> tuple[str, ...]:
    """Drop the other annotations and labels of a freshly decoded object, in place.

    What is kept and too long is cut; the answer names it.
    """
    meta, cut = resource.metadata, list[str]()
    if meta.annotations:
        kept = _chosen(meta.annotations, _is_read, "annotations", cut)
        msgspec.structs.force_setattr(meta, "annotations", kept)
    if meta.labels:
        wanted = _is_any if resource.selectable else LABELS.__contains__
        kept = _chosen(meta.labels, wanted, "labels", cut)
        msgspec.structs.force_setattr(meta, "labels", kept)
    return tuple(cut)


def _is_read(key: str) -> bool:
    return key in ANNOTATIONS or key.startswith(OF_TRAEFIK)


def _is_any(_key: str) -> bool:
    return True


def _chosen(
    pairs: dict[str, str], wanted: Callable[[str], bool], name: str, cut: list[str]
) -> dict[str, str] | None:
    kept = {key: value for key, value in pairs.items() if wanted(key)}
    if len(kept) > PAIRS:
        cut.append(f"metadata.{name}: {len(kept):,} entries, of which {PAIRS} are read")
        kept = dict(list(kept.items())[:PAIRS])
    for key, value in kept.items():
        if len(value) > TEXT:
            cut.append(f"metadata.{name}: a value is longer than {TEXT:,} characters")
            kept[key] = value[:TEXT]
    return kept or None
