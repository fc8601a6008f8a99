"""What asks Flux to reconcile after a merge.

Source: Flux's documentation of `reconcile.fluxcd.io/requestedAt`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.finding import Target
from bot.gitops.domain.ownership import KUSTOMIZE

REQUESTED = "reconcile.fluxcd.io/requestedAt"
"""The annotation. Its value may be any text that was not used before; Flux uses the time."""

SOURCE = "source.toolkit.fluxcd.io"


def annotated_for_reconcile(kustomization: Mapping[str, Any]) -> tuple[Target, ...]:
    """The objects to annotate for a live Kustomization, in this order.

    The source comes first, or Flux applies what it had before; the next object is annotated when
    Flux handled the one before.
    """
    metadata = kustomization["metadata"]
    own = Target("Kustomization", metadata["namespace"], metadata["name"], KUSTOMIZE)
    reference = (kustomization.get("spec") or {}).get("sourceRef") or {}
    if not (reference.get("kind") and reference.get("name")):
        return (own,)
    namespace = reference.get("namespace") or own.namespace
    return Target(reference["kind"], namespace, reference["name"], SOURCE), own
