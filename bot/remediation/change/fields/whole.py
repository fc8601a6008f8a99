"""Whole objects: an IngressRoute that is made, an Ingress that is taken away; undone, the reverse.

Its value is the manifest as it was applied: fields that the API server adds do not count, nor does
the annotation by which an Ingress says that it was put back.
"""

from __future__ import annotations

from typing import Any

from bot.remediation.change.fields.place import ROUTES, Field, Manifest

MANAGED, OURS = "app.kubernetes.io/managed-by", "meshmedic"

PUT_BACK = "meshmedic.dev/change"
"""The annotation of an Ingress that was put back: by which Change."""


def _read(live: Manifest, known: Any) -> object:
    metadata, wanted = _bare(live.get("metadata") or {}), known.get("metadata") or {}
    rest = {key: live[key] for key in live if key not in ("metadata", "status")}
    return {**rest, "metadata": {key: metadata[key] for key in wanted if key in metadata}}


def _bare(metadata: Manifest) -> Manifest:
    notes = metadata.get("annotations")
    if not isinstance(notes, dict) or PUT_BACK not in notes:
        return metadata
    left = {key: note for key, note in notes.items() if key != PUT_BACK}
    rest = {key: field for key, field in metadata.items() if key != "annotations"}
    return {**rest, "annotations": left} if left else rest


def _no_manifest(value: Any) -> str:
    fits = isinstance(value, dict) and isinstance(value.get("metadata"), dict)
    return "" if fits else "It is no object's manifest."


def _not_ours(value: Any) -> str:
    if why := _no_manifest(value):
        return why
    labels = value["metadata"].get("labels")
    ours = isinstance(labels, dict) and labels.get(MANAGED) == OURS
    return "" if ours else f"An IngressRoute is made with the label {MANAGED}={OURS}."


INGRESSROUTE = Field(ROUTES, _read, _not_ours)
INGRESS = Field(frozenset({("networking.k8s.io", "Ingress")}), _read, _no_manifest)
