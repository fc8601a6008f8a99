"""One annotation of an object: that of a Service by which Traefik takes its VIP for an Ingress.

Its value is an object with that one key, or an empty one.
"""

from __future__ import annotations

from typing import Any

from bot.remediation.change.fields.place import Field, Manifest
from bot.routing.native_lb import ANNOTATION


def of_key(key: str, kinds: frozenset[tuple[str, str]], mistake: str) -> Field:
    """The place of the annotation with that key."""

    def read(live: Manifest, _known: Any) -> object:
        annotations = live.get("metadata", {}).get("annotations") or {}
        return {key: annotations[key]} if key in annotations else {}

    def write(made: Manifest, value: Any) -> None:
        metadata = made.setdefault("metadata", {})
        present = metadata.get("annotations") or {}
        others = {name: text for name, text in present.items() if name != key}
        metadata["annotations"] = {**others, **value}

    def wrong(value: Any) -> str:
        fits = isinstance(value, dict) and value.keys() <= {key}
        return "" if fits and all(isinstance(text, str) for text in value.values()) else mistake

    return Field(kinds, read, wrong, write)


PLACE = of_key(
    ANNOTATION,
    frozenset({("", "Service")}),
    f"Of a Service only the annotation {ANNOTATION} is written.",
)
