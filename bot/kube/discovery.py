"""Which kinds the API server serves, and in which versions.

Aggregated discovery (one request, Kubernetes 1.26 on) where it is answered, else a request for
each group version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from bot.domain.resources.base import Meta
from bot.domain.resources.registry import Kind
from bot.errors import Absent, ServerError
from bot.kube.client import Api
from bot.kube.paths import ApiPath, path

T = TypeVar("T")

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

Versions = Mapping[tuple[str, str], tuple[str, ...]]
"""(group, plural) -> the served versions, in the server's order of preference."""


class _Resource(msgspec.Struct, frozen=True):
    resource: str = ""
    name: str = ""


class _Version(msgspec.Struct, frozen=True):
    """An APIVersionDiscovery, or an APIResourceList, which says no version."""

    version: str = ""
    resources: tuple[_Resource, ...] = ()


class _Group(msgspec.Struct, frozen=True):
    name: str = ""
    metadata: Meta = Meta()
    versions: tuple[_Version, ...] = ()


class _GroupList(msgspec.Struct, frozen=True):
    kind: str = ""
    items: tuple[_Group, ...] = ()
    groups: tuple[_Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Where one kind is read: a path to list, by group and version."""

    kind: Kind
    group: str
    version: str

    def path(self, namespace: str | None = None) -> ApiPath:
        """The collection's path, of the whole cluster or of one namespace."""
        served = ("/apis", self.group) if self.group else ("/api",)
        place = ("namespaces", namespace) if namespace and self.kind.namespaced else ()
        return path(*served, self.version, *place, self.kind.plural)

    @property
    def title(self) -> str:
        """`certificates.cert-manager.io`, as RBAC and kubectl name it."""
        return f"{self.kind.plural}.{self.group}" if self.group else self.kind.plural


@dataclass(frozen=True, slots=True)
class Served:
    """What discovery found."""

    versions: Versions = field(default_factory=dict)

    def sources(self, kind: Kind) -> tuple[Source, ...]:
        """Where to read a kind: one source for each served group, with the best version.

        The core group, which every cluster has, is not looked up.
        """
        versions = {
            group: self._best(kind, group) if group else kind.versions[0] for group in kind.groups
        }
        return tuple(Source(kind, group, version) for group, version in versions.items() if version)

    def _best(self, kind: Kind, group: str) -> str | None:
        served = self.versions.get((group, kind.plural), ())
        known = [version for version in kind.versions if version in served]
        return next(iter((*known, *served)), None)


async def discover(api: Api, kinds: Iterable[Kind]) -> Served:
    """Which of these kinds the API server serves.

    Raises:
        ClusterError: The server does not answer.
    """
    body = await api.get(path("/apis"), accept=f"{AGGREGATED},application/json")
    groups = _decoded(api, body, _GroupList)
    if groups.kind == "APIGroupDiscoveryList":
        return _served(
            (group.metadata.name, version.version, resource.resource)
            for group in groups.items
            for version in group.versions
            for resource in version.resources
        )
    wanted = {group for kind in kinds for group in kind.groups}
    pairs = [
        (group.name, version.version)
        for group in groups.groups
        for version in group.versions
        if group.name in wanted
    ]
    lists = await asyncio.gather(*(_plurals(api, *pair) for pair in pairs))
    return _served(
        (*pair, plural) for pair, plurals in zip(pairs, lists, strict=True) for plural in plurals
    )


def _served(resources: Iterable[tuple[str, str, str]]) -> Served:
    """What is served, by (group, version, plural) with the preferred version first."""
    versions: dict[tuple[str, str], tuple[str, ...]] = {}
    for group, version, plural in resources:
        versions[group, plural] = (*versions.get((group, plural), ()), version)
    return Served(versions)


def _decoded(api: Api, body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError:
        msg = f"What answers at {api.host} is not a Kubernetes API server."
        raise ServerError(msg) from None


async def _plurals(api: Api, group: str, version: str) -> tuple[str, ...]:
    try:
        body = await api.get(path("/apis", group, version))
    except Absent:
        return ()
    listed = _decoded(api, body, _Version)
    return tuple(resource.name for resource in listed.resources if "/" not in resource.name)
