"""The owners of a Certificate: taken off, it stays when the Ingress goes that it was made for.

Its value is the list of `metadata.ownerReferences`. Source: cert-manager's ingress-shim, which
lets a Certificate alone that is not its Ingress's; garbage collection, which takes what is owned.
"""

from __future__ import annotations

from typing import Any

from bot.remediation.change.fields.place import Field, Manifest

OWNERS = "ownerReferences"


def _read(live: Manifest, _known: Any) -> object:
    return live.get("metadata", {}).get(OWNERS) or []


def _write(made: Manifest, value: Any) -> None:
    metadata = made.setdefault("metadata", {})
    metadata.pop(OWNERS, None)
    if value:
        metadata[OWNERS] = value


def _mistake(value: Any) -> str:
    fits = isinstance(value, list) and all(isinstance(entry, dict) for entry in value)
    if fits and all(entry.get("kind") == "Ingress" for entry in value):
        return ""
    return "Of a Certificate only an Ingress is taken off as its owner."


PLACE = Field(frozenset({("cert-manager.io", "Certificate")}), _read, _mistake, _write)
