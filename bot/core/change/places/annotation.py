"""The annotation of a Service by which Traefik takes its VIP for a plain Ingress (2.10 and later).

Its value is an object with that one key, or an empty one.
"""

from __future__ import annotations

from typing import Any

from bot.core.change.places.place import Manifest, Place
from bot.core.native_lb import ANNOTATION


def _read(live: Manifest, _known: Any) -> object:
    annotations = live.get("metadata", {}).get("annotations") or {}
    return {ANNOTATION: annotations[ANNOTATION]} if ANNOTATION in annotations else {}


def _write(made: Manifest, value: Any) -> None:
    metadata = made.setdefault("metadata", {})
    others = {
        key: each for key, each in (metadata.get("annotations") or {}).items() if key != ANNOTATION
    }
    metadata["annotations"] = {**others, **value}


def _mistake(value: Any) -> str:
    fits = isinstance(value, dict) and value.keys() <= {ANNOTATION}
    if fits and all(isinstance(text, str) for text in value.values()):
        return ""
    return f"Of a Service only the annotation {ANNOTATION} is written."


PLACE = Place(frozenset({("", "Service")}), _read, _mistake, _write)
