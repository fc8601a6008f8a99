"""Whole objects: an IngressRoute that is made, an Ingress that is taken away; undone, the reverse.

Its value is the manifest as it was applied: fields that the API server adds do not count.
"""

from __future__ import annotations

from typing import Any

from bot.core.change.places.place import ROUTES, Manifest, Place

MANAGED, OURS = "app.kubernetes.io/managed-by", "meshmedic"


def _read(live: Manifest, known: Any) -> object:
    metadata, wanted = live.get("metadata") or {}, known.get("metadata") or {}
    rest = {key: live[key] for key in live if key not in ("metadata", "status")}
    return {**rest, "metadata": {key: metadata[key] for key in wanted if key in metadata}}


def _no_manifest(value: Any) -> str:
    fits = isinstance(value, dict) and isinstance(value.get("metadata"), dict)
    return "" if fits else "It is no object's manifest."


def _not_ours(value: Any) -> str:
    if why := _no_manifest(value):
        return why
    labels = value["metadata"].get("labels")
    ours = isinstance(labels, dict) and labels.get(MANAGED) == OURS
    return "" if ours else f"An IngressRoute is made with the label {MANAGED}={OURS}."


INGRESSROUTE = Place(ROUTES, _read, _not_ours)
INGRESS = Place(frozenset({("networking.k8s.io", "Ingress")}), _read, _no_manifest)
