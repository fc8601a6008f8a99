"""Telling an object from a template of one, whose actions may stand in quotes.

Many objects hold templates of their own (an ExternalSecret, an alerting rule), so only places
where an object cannot have one are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

TEMPLATE = "{{"
"""Where an action of a Go or Jinja template begins."""

ROUTES = frozenset({"Ingress", "IngressRoute", "IngressRouteTCP", "IngressRouteUDP", "HTTPRoute"})
"""Kinds whose specification holds names and rules alone."""


def is_template(manifest: object) -> bool:
    """Whether an action stands in an object's type, name or labels, or in what a route says."""
    if not isinstance(manifest, dict):
        return False
    metadata = manifest.get("metadata")
    places = [manifest.get("apiVersion"), manifest.get("kind")]
    if isinstance(metadata, dict):
        places += [metadata.get("name"), metadata.get("namespace"), metadata.get("labels")]
    if manifest.get("kind") in ROUTES:
        places.append(manifest.get("spec"))
    return any(TEMPLATE in text for text in _texts(places))


def _texts(value: object) -> Iterator[str]:
    """The texts in a value, keys left out."""
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, str):
            yield inner
        elif isinstance(inner, dict):
            waiting += inner.values()
        elif isinstance(inner, list):
            waiting += inner
