"""Which annotations and labels are kept of an object: the keys that the code reads, and no other.

Anybody who may write an object may hang 256 KiB of annotations on it. Manifests in files and what
a repair copies are read whole, elsewhere.
"""

from __future__ import annotations

from itertools import islice

import msgspec

from bot.domain.resources.base import Object
from bot.domain.resources.limits import PAIRS, TEXT

NODE_ADDRESSES = (
    "flannel.alpha.coreos.com/public-ip",
    "flannel.alpha.coreos.com/public-ipv6",
    "network.cilium.io/ipv4-cilium-host",
    "network.cilium.io/ipv6-cilium-host",
    "projectcalico.org/IPv4IPIPTunnelAddr",
    "projectcalico.org/IPv4VXLANTunnelAddr",
    "projectcalico.org/IPv4WireguardInterfaceAddr",
    "projectcalico.org/IPv6VXLANTunnelAddr",
    "projectcalico.org/IPv6WireguardInterfaceAddr",
)
"""Annotations with which network plugins note an address of a node's own."""

ANNOTATIONS = frozenset(
    {
        *NODE_ADDRESSES,
        "cert-manager.io/certificate-name",
        "cert-manager.io/certificate-revision",
        "control-plane.alpha.kubernetes.io/leader",
        "flannel.alpha.coreos.com/backend-type",
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
        "meshmedic.dev/hand-over",
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
    meta, selectable = resource.metadata, resource.selectable
    cut: tuple[str, ...] = ()
    if pairs := meta.annotations:
        kept = {k: v for k, v in pairs.items() if k in ANNOTATIONS or k.startswith(OF_TRAEFIK)}
        kept, cut = _within(kept, "annotations")
        if cut or len(kept) < len(pairs):
            msgspec.structs.force_setattr(meta, "annotations", kept or None)
    if (pairs := meta.labels) and (not selectable or len(pairs) > PAIRS):
        kept = pairs if selectable else {k: v for k, v in pairs.items() if k in LABELS}
        kept, more = _within(kept, "labels")
        if more or len(kept) < len(pairs):
            msgspec.structs.force_setattr(meta, "labels", kept or None)
        cut += more
    return cut


def _within(pairs: dict[str, str], name: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The pairs within the limits, and what was cut."""
    if not pairs or (len(pairs) <= PAIRS and max(map(len, pairs.values())) <= TEXT):
        return pairs, ()
    cut = []
    if len(pairs) > PAIRS:
        cut.append(f"metadata.{name}: {len(pairs):,} entries, of which {PAIRS} are read")
    if any(len(value) > TEXT for value in pairs.values()):
        cut.append(f"metadata.{name}: a value is longer than {TEXT:,} characters")
    return {key: pairs[key][:TEXT] for key in islice(pairs, PAIRS)}, tuple(cut)
