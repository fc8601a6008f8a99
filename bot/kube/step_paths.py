"""The paths of the objects that steps of a plan write."""

from __future__ import annotations

from bot.domain.finding import Target
from bot.domain.resources.registry import KINDS, TRAEFIK
from bot.kube.paths import ApiPath, path

SERVED = {
    **{(group, "IngressRoute"): f"/apis/{group}/v1alpha1" for group in TRAEFIK},
    ("", "Service"): "/api/v1",
    ("networking.k8s.io", "Ingress"): "/apis/networking.k8s.io/v1",
    ("cert-manager.io", "Certificate"): "/apis/cert-manager.io/v1",
}
"""Where each kind that a step may write is served, by (group, kind)."""

PLURALS = {kind.name: kind.plural for kind in KINDS}


def place(target: Target) -> ApiPath:
    """The path of an object.

    Raises:
        KeyError: No step writes that kind.
    """
    return path(collection(target), target.name)


def collection(target: Target) -> ApiPath:
    """The path of all objects of its kind in its namespace."""
    root = SERVED[target.group, target.kind]
    return path(root, "namespaces", target.namespace, PLURALS[target.kind])
