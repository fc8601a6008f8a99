"""What asks Flux to look again after a merge.

Source: Flux's documentation of `reconcile.fluxcd.io/requestedAt`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.finding import Target

REQUESTED = "reconcile.fluxcd.io/requestedAt"
KUSTOMIZE = "kustomize.toolkit.fluxcd.io"
SOURCE = "source.toolkit.fluxcd.io"


@dataclass(frozen=True, slots=True)
class ReconcileRequest:
    """An annotation to set on an object. The next is made when this one was handled."""

    object: Target
    annotation: str
    token: str


def requests(kustomization: Mapping[str, Any], token: str) -> tuple[ReconcileRequest, ...]:
    """What to annotate, in this order: the source first, or Flux applies what it had before.

    `kustomization` is the live object; `token` may be any text that was not used before, and Flux
    itself uses the time (RFC 3339).
    """
    metadata = kustomization["metadata"]
    own = Target("Kustomization", metadata["namespace"], metadata["name"], KUSTOMIZE)
    reference = (kustomization.get("spec") or {}).get("sourceRef") or {}
    asked = [own]
    if reference.get("kind") and reference.get("name"):
        place = reference.get("namespace") or own.namespace
        asked.insert(0, Target(reference["kind"], place, reference["name"], SOURCE))
    return tuple(ReconcileRequest(target, REQUESTED, token) for target in asked)
