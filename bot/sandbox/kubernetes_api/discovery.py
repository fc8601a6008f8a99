"""Versions, groups and resources of the API, as its discovery endpoints list them.

Source: Kubernetes API concepts, "Discovery API" (aggregated and unaggregated).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bot.sandbox.kubernetes_api.served import REVIEWS, Resource, versions_of
from bot.sandbox.kubernetes_api.shapes import media_ranges
from bot.sandbox.kubernetes_api.status import PageNotFoundError

Document = dict[str, Any]

VERSION: Document = {
    "major": "1",
    "minor": "33",
    "gitVersion": "v1.33.5+k3s1",
    "gitCommit": "0000000000000000000000000000000000000000",
    "gitTreeState": "clean",
    "buildDate": "2025-10-01T00:00:00Z",
    "goVersion": "go1.24.6",
    "compiler": "gc",
    "platform": "linux/amd64",
}

CORE_VERSIONS: Document = {
    "kind": "APIVersions",
    "versions": ["v1"],
    "serverAddressByClientCIDRs": [],
}
"""`/api`."""

VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]
AGGREGATED_TYPE = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"
"""The Content-Type of an aggregated answer of a version."""


def aggregated_version(accept: str) -> str | None:
    """The version of aggregated discovery that an Accept header asks for before plain JSON."""
    for media, parameters in media_ranges(accept):
        version = parameters.get("v")
        wanted = parameters.get("as") == "APIGroupDiscoveryList"
        if media == "application/json" and wanted and version in ("v2", "v2beta1"):
            return version
        if not parameters.get("as"):
            return None
    return None


def groups(served: tuple[Resource, ...]) -> Document:
    """`/apis`."""
    listed = [group(name, served) for name in _names(served) if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}


def group(name: str, served: tuple[Resource, ...]) -> Document:
    """`/apis/{group}`.

    Raises:
        PageNotFoundError: The group is not served.
    """
    versions = [
        {"groupVersion": f"{name}/{version}", "version": version}
        for version in versions_of(name, served)
    ]
    if not versions:
        raise PageNotFoundError
    return {
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": name,
        "versions": versions,
        "preferredVersion": versions[0],
    }


def resources(name: str, version: str, served: tuple[Resource, ...]) -> Document:
    """`/api/v1` and `/apis/{group}/{version}`.

    Raises:
        PageNotFoundError: The version is not served.
    """
    in_version = _in_version(name, version, served)
    if not in_version:
        raise PageNotFoundError
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": in_version[0].api_version(version),
        "resources": [row for resource in in_version for row in _rows(resource)],
    }


def aggregated(served: tuple[Resource, ...], version: str, *, core: bool) -> Document:
    """`/api` (core) or `/apis` (all others) with all resources in one document."""
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": [_aggregated_group(name, served) for name in _names(served) if bool(name) != core],
    }


def _names(served: tuple[Resource, ...]) -> Iterable[str]:
    return dict.fromkeys(resource.group for resource in served)


def _in_version(name: str, version: str, served: tuple[Resource, ...]) -> list[Resource]:
    return [r for r in served if r.group == name and version in r.versions]


def _rows(resource: Resource) -> Iterator[Document]:
    """A resource and its subresources, as plain discovery lists them."""
    common = {"namespaced": resource.namespaced, "kind": resource.kind}
    yield {
        **common,
        "name": resource.plural,
        "singularName": resource.kind.lower(),
        "verbs": _verbs(resource),
        "shortNames": list(resource.short_names),
    }
    for subresource in resource.subresources:
        name = f"{resource.plural}/{subresource}"
        yield {**common, "name": name, "singularName": "", "verbs": ["get"]}


def _aggregated_group(name: str, served: tuple[Resource, ...]) -> Document:
    versions = [
        {
            "version": version,
            "freshness": "Current",
            "resources": [_aggregated_row(r, version) for r in _in_version(name, version, served)],
        }
        for version in versions_of(name, served)
    ]
    return {"metadata": {"name": name, "creationTimestamp": None}, "versions": versions}


def _aggregated_row(resource: Resource, version: str) -> Document:
    kind = {"group": resource.group, "version": version, "kind": resource.kind}
    return {
        "resource": resource.plural,
        "responseKind": kind,
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.kind.lower(),
        "verbs": _verbs(resource),
        "shortNames": list(resource.short_names),
        "subresources": [
            {"subresource": name, "responseKind": kind, "verbs": ["get"]}
            for name in resource.subresources
        ],
    }


def _verbs(resource: Resource) -> list[str]:
    return ["create"] if resource is REVIEWS else VERBS
