"""Whether an answer is what was asked for: group, version, kind, namespace and name.

The path alone says what was asked, so that no reader has to say it again, and none can forget to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from bot.domain.resources.decode import shallow
from bot.domain.resources.registry import KINDS
from bot.errors import ServerError
from bot.kube.paths import ApiPath

METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""The Accept header for kinds of which only the metadata is read; there is no fallback."""

SERVED: Mapping[tuple[str, str], str] = {
    **{(group, kind.plural): kind.name for kind in KINDS for group in kind.groups},
    ("", "configmaps"): "ConfigMap",
    ("", "events"): "Event",
    ("authentication.k8s.io", "selfsubjectreviews"): "SelfSubjectReview",
    ("authorization.k8s.io", "selfsubjectaccessreviews"): "SelfSubjectAccessReview",
    ("coordination.k8s.io", "leases"): "Lease",
    ("meshmedic.dev", "changes"): "Change",
    ("metrics.k8s.io", "pods"): "PodMetrics",
}
"""The kind behind each plural, by API group."""

RAW = frozenset({"log", "proxy", "exec"})
"""Subresources whose answer is no object."""


class _Meta(msgspec.Struct, frozen=True):
    name: str | None = None
    namespace: str | None = None


class _Item(msgspec.Struct, frozen=True, rename="camel"):
    """An object's head. Items of a list may leave out what the list says."""

    api_version: str | None = None
    kind: str | None = None
    metadata: _Meta = _Meta()


class _List(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str | None = None
    kind: str | None = None
    items: tuple[_Item, ...] | None = None


_ITEM, _LIST = msgspec.json.Decoder(_Item), msgspec.json.Decoder(_List)


@dataclass(frozen=True, slots=True)
class AddressedObject:
    """What a path names. An empty name is the collection, an empty namespace any of them."""

    api_version: str
    kind: str
    namespace: str = ""
    name: str = ""

    def is_answered_by(self, item: _Item, *, is_metadata: bool = False) -> bool:
        """Whether an object is the one, or one of those, that the path names."""
        title = ("meta.k8s.io/v1", "PartialObjectMetadata") if is_metadata else self._title
        return (
            (item.api_version, item.kind) == title
            and (not self.namespace or item.metadata.namespace == self.namespace)
            and (not self.name or item.metadata.name == self.name)
        )

    def is_listed_in(self, listed: _List, *, is_metadata: bool = False) -> bool:
        """Whether each item of a list is one that the path names."""
        version, kind = ("meta.k8s.io/v1", "PartialObjectMetadata") if is_metadata else self._title
        return (listed.api_version, listed.kind) == (version, f"{kind}List") and all(
            self.is_answered_by(
                _Item(item.api_version or version, item.kind or kind, item.metadata),
                is_metadata=is_metadata,
            )
            for item in listed.items or ()
        )

    @property
    def _title(self) -> tuple[str, str]:
        return self.api_version, self.kind


def asked(path: ApiPath) -> AddressedObject | None:
    """What a path names; None where its answer is no object: a log, or what the server itself says.

    Raises:
        KeyError: Nobody has said which kind is served there.
    """
    _, root, *rest = path.split("/")
    served = {"api": 1, "apis": 2}.get(root)
    if served is None or len(rest) <= served:
        return None
    *group, version = rest[:served]
    place, namespace = rest[served:], ""
    if place[0] == "namespaces" and len(place) > 2:  # noqa: PLR2004  # more than a Namespace itself
        _, namespace, *place = place
    plural, *named = place
    if RAW.intersection(named[1:]):
        return None
    kind = SERVED[group[0] if group else "", plural]
    return AddressedObject("/".join((*group, version)), kind, namespace, named[0] if named else "")


async def confirmed(path: ApiPath, body: bytes, *, method: str = "GET", accept: str = "") -> bytes:
    """The answer to a request, once it was checked, without what is nested deeper than any field.

    A tenant may nest what no kind reads: its kind must be read all the same.

    Raises:
        ServerError: As `confirm`.
    """
    try:
        confirm(path, body, method=method, accept=accept)
    except RecursionError:
        # It takes half a second for a MiB, which would block the event loop.
        body = await asyncio.to_thread(shallow, body)
        confirm(path, body, method=method, accept=accept)
    return body


def confirm(path: ApiPath, body: bytes, *, method: str = "GET", accept: str = "") -> None:
    """Check the answer to a request.

    Raises:
        ServerError: It is another object, or holds one. The message quotes nothing of it.
        RecursionError: It is nested too deep to be read: see `confirmed`.
    """
    wanted = asked(path)
    if wanted is None:
        return
    is_metadata = "as=PartialObjectMetadata" in accept
    try:
        if method == "GET" and not wanted.name:
            fits = wanted.is_listed_in(_LIST.decode(body), is_metadata=is_metadata)
        else:
            item = _ITEM.decode(body)
            # A deletion is answered by its Status where nothing is left to show.
            deleted = method == "DELETE" and (item.api_version, item.kind) == ("v1", "Status")
            fits = deleted or wanted.is_answered_by(item, is_metadata=is_metadata)
    except msgspec.MsgspecError:
        fits = False
    if not fits:
        raise ServerError(f"What the API server sent for {path} is another object: it is not used.")


def confirm_event(path: ApiPath, body: bytes, *, accept: str = "") -> None:
    """Check an object of a watch, as `confirm`.

    Raises:
        ServerError: It is another object.
        RecursionError: As `confirm`.
    """
    confirm(path, body, method="WATCH", accept=accept)
