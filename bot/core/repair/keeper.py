"""Who keeps an object as it is, by what its labels say. Source: facts on Flux, "Ownership"."""

from __future__ import annotations

from bot.core.repair.situation import By, Keeper, Manifest
from bot.core.snapshot import Snapshot

KUSTOMIZE, HELM = "kustomize.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io/"
MANAGED_BY, RELEASE = "app.kubernetes.io/managed-by", "meta.helm.sh/release-name"


def keeper(manifest: Manifest, _snapshot: Snapshot) -> Keeper:
    """By the labels of Flux, of Helm, and of others that say that they manage it."""
    metadata = manifest.get("metadata") or {}
    labels, notes = metadata.get("labels") or {}, metadata.get("annotations") or {}
    for by, prefix in ((By.HELM_RELEASE, HELM), (By.KUSTOMIZATION, KUSTOMIZE)):
        if name := labels.get(f"{prefix}name"):
            return Keeper(by, f"{by} {labels.get(f'{prefix}namespace', '')}/{name}")
    if labels.get(MANAGED_BY) == "Helm":
        return Keeper(By.HELM_RELEASE, f"Helm release {notes.get(RELEASE, '')}".strip())
    return Keeper()
