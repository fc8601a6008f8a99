"""An edit of a file in Git, as a step `open-pull-request` stores it in JSON.

It names an object and what shall become of it, never a path, a URL or a patch: where the file is
stands in Git and in Flux's own objects, and is looked up anew. So a stored edit that somebody
tampered with is refused, or does what its words say.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from bot.domain.finding import Target
from bot.domain.resources.registry import TRAEFIK
from bot.routing.native_lb import ANNOTATION, FIELD

MOST_MANIFESTS = 16
CERTIFICATES = "cert-manager.io"


class EditKind(StrEnum):
    """What an edit does to the file."""

    NATIVE_LB = "native-lb"
    """`nativeLB: true` for chosen services of an IngressRoute."""
    ANNOTATE = "annotate"
    """The annotation of a Service that does the same for a plain Ingress."""
    REPLACE = "replace"
    """Replace an Ingress by the objects that it was converted to."""


class Chosen(msgspec.Struct, frozen=True):
    """A service of an IngressRoute: the index of its route, its index there, and its name."""

    route: int
    service: int
    name: str


class FileEdit(msgspec.Struct, frozen=True, kw_only=True):
    """One edit. `services` are for NATIVE_LB (empty: all that can be), `manifests` for REPLACE."""

    kind: EditKind
    object: Target
    services: tuple[Chosen, ...] = ()
    manifests: tuple[dict[str, Any], ...] = ()


KINDS: Mapping[EditKind, frozenset[tuple[str, str]]] = {
    EditKind.NATIVE_LB: frozenset((group, "IngressRoute") for group in TRAEFIK),
    EditKind.ANNOTATE: frozenset({("", "Service")}),
    EditKind.REPLACE: frozenset({("networking.k8s.io", "Ingress")}),
}
"""The (group, kind) of objects that each kind of edit is for."""


def encoded(edit: FileEdit) -> str:
    """An edit as JSON, the same text for the same edit."""
    return msgspec.json.encode(edit, order="deterministic").decode()


def decoded(text: str) -> FileEdit | str:
    """An edit from JSON, or why it is not valid."""
    try:
        edit = msgspec.json.decode(text, type=FileEdit)
    except (msgspec.MsgspecError, RecursionError):
        return "It isn't an edit of a file."
    return mistake(edit) or edit


def mistake(edit: FileEdit) -> str:
    """Why an edit is not valid; empty where it is."""
    if (edit.object.group, edit.object.kind) not in KINDS[edit.kind]:
        return f"{edit.kind} does not edit {edit.object.kind} of {edit.object.group!r}."
    if edit.services and edit.kind is not EditKind.NATIVE_LB:
        return f"{edit.kind} chooses no services."
    if (edit.kind is EditKind.REPLACE) != bool(edit.manifests):
        return "Manifests belong to a replaced Ingress, and to nothing else."
    if len(edit.manifests) > MOST_MANIFESTS:
        return f"An Ingress becomes {MOST_MANIFESTS} objects at most."
    wrong = (_foreign(manifest, edit.object.namespace) for manifest in edit.manifests)
    return next(filter(None, wrong), "")


def _foreign(manifest: Mapping[str, Any], namespace: str) -> str:
    group = str(manifest.get("apiVersion")).partition("/")[0]
    kinds = {(group, "IngressRoute") for group in TRAEFIK} | {(CERTIFICATES, "Certificate")}
    metadata = manifest.get("metadata")
    if (group, manifest.get("kind")) not in kinds or not isinstance(metadata, dict):
        return "An Ingress becomes IngressRoutes and Certificates, and nothing else."
    if not isinstance(metadata.get("name"), str) or metadata.get("namespace") != namespace:
        return "What an Ingress becomes has a name, in the same namespace."
    return ""


def words(edit: FileEdit) -> str:
    """An edit in a few words; names come from the cluster."""
    place = f"{edit.object.kind} {edit.object.namespace}/{edit.object.name}"
    match edit.kind:
        case EditKind.NATIVE_LB:
            return f"Set {FIELD} in {place}"
        case EditKind.ANNOTATE:
            return f"Annotate {place} with {ANNOTATION.rpartition('/')[2]}"
        case EditKind.REPLACE:
            return f"Replace {place} by an IngressRoute"
