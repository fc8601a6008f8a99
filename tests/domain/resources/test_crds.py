"""The fields that our structs read, held against the CRDs of Traefik, Flux, cert-manager and ESO.

What a release's CRDs lack is written down here, and nothing else: a field that we misspell, or that
a new release drops, fails the test, and so does an entry that is not true.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from bot.domain.resources.registry import KINDS, Kind

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CUSTOM = tuple(kind for kind in KINDS if any("." in group for group in kind.groups))
CUSTOM = tuple(kind for kind in CUSTOM if not kind.groups[0].endswith("k8s.io"))
OURS = "meshmedic.dev/malformed"

Release = tuple[str, str, str]
"""Project, release, and API version, such as ("flux", "v2.2.3", "v1beta2")."""


@cache
def crds(folder: Path) -> tuple[tuple[str, str, dict[str, Any]], ...]:
    """Every CRD of a kind that we read, with its project and release."""
    plurals = {f"plural: {kind.plural}\n" for kind in CUSTOM}
    found = []
    for path in sorted(folder.rglob("*.y*ml")):
        text = path.read_text()
        if path.name == "bundle.yaml" or not any(plural in text for plural in plurals):
            continue
        found += [
            (path.parent.parent.name, path.parent.name, document)
            for document in yaml.load_all(text, LOADER)
            if document and document.get("kind") == "CustomResourceDefinition"
        ]
    return tuple(found)


def served(data: Path, kind: Kind) -> Iterator[tuple[Release, str, dict[str, Any]]]:
    """The schemas of a kind: release, group, and openAPIV3Schema."""
    for project, release, crd in crds(data / "crds"):
        spec = crd["spec"]
        if spec["names"]["plural"] == kind.plural and spec["group"] in kind.groups:
            for version in spec["versions"]:
                schema = version["schema"]["openAPIV3Schema"]
                yield (project, release, version["name"]), spec["group"], schema


@dataclass(frozen=True)
class Field:
    """A field of one of our structs, as a kind reads it at a path; `known` to a schema or not."""

    struct: str
    name: str
    path: str
    known: bool


def fields(kind: msgspec.inspect.Type, schema: dict[str, Any], at: str = "") -> Iterator[Field]:
    """Every field that our type reads, as far down as the schema says what is there."""
    if isinstance(kind, msgspec.inspect.UnionType):
        for each in kind.types:
            yield from fields(each, schema, at)
    elif isinstance(kind, msgspec.inspect.VarTupleType):
        yield from fields(kind.item_type, schema.get("items", {}), f"{at}[]")
    elif isinstance(kind, msgspec.inspect.StructType) and "properties" in schema:
        for field in kind.fields:
            if field.encode_name == OURS:
                continue
            path = f"{at}.{field.encode_name}".removeprefix(".")
            below = schema["properties"].get(field.encode_name)
            yield Field(_origin(kind.cls, field.name), field.encode_name, path, below is not None)
            yield from fields(field.type, below or {}, path)


def _origin(cls: type, name: str) -> str:
    """The struct that a field was written in: what inherits it may lack it."""
    return next(
        base.__name__
        for base in reversed(cls.__mro__)
        if name in vars(base).get("__annotations__", {})
    )


@pytest.mark.slow
def test_every_field_that_we_read_is_in_a_newest_release(data: Path) -> None:
    """Of some kind that uses the struct: the specs of Flux, say, share one."""
    read = [
        each
        for kind in CUSTOM
        for each in fields(msgspec.inspect.type_info(kind.type), _newest(data, kind))
    ]
    known = {(each.struct, each.name) for each in read if each.known}
    assert {(each.struct, each.name) for each in read} - known == BUILT_IN


@pytest.mark.parametrize("kind", CUSTOM, ids=lambda kind: kind.name)
def test_what_old_releases_lack_is_known(data: Path, kind: Kind) -> None:
    """Each path that some release or version lacks though the newest has it, and no other."""
    info = msgspec.inspect.type_info(kind.type)
    now = {each.path for each in fields(info, _newest(data, kind)) if each.known}
    lacking = {
        each.path
        for _, _, schema in served(data, kind)
        for each in fields(info, schema)
        if not each.known
    }
    assert lacking & now == OLD_LACK.get(kind.name, set())


@pytest.mark.parametrize("kind", CUSTOM, ids=lambda kind: kind.name)
def test_every_served_version_is_one_that_we_know(data: Path, kind: Kind) -> None:
    """And every group; else discovery would choose a version that nobody wrote a struct for."""
    groups = {group for _, group, _ in served(data, kind)}
    versions = {version for (_, _, version), _, _ in served(data, kind)}
    assert groups == set(kind.groups)
    assert versions <= set(kind.versions)


def _newest(data: Path, kind: Kind) -> dict[str, Any]:
    preferred = [
        (tuple(int(part) for part in release[1].lstrip("v").split(".")), schema)
        for release, group, schema in served(data, kind)
        if group == kind.groups[0] and release[2] == _best(data, kind)
    ]
    return max(preferred, key=lambda each: each[0])[1]


def _best(data: Path, kind: Kind) -> str:
    offered = {release[2] for release, _, _ in served(data, kind)}
    return next(version for version in kind.versions if version in offered)


BUILT_IN = {("Condition", "lastHeartbeatTime")}
"""Nodes have it."""

OLD_LACK = {
    "IngressRoute": {
        "spec.parentRefs",
        "spec.routes[].services[].healthCheck",
        "spec.routes[].services[].nativeLB",
        "spec.routes[].syntax",
    },
    "IngressRouteTCP": {
        "spec.routes[].services[].nativeLB",
        "spec.routes[].services[].serversTransport",
        "spec.routes[].syntax",
    },
    "IngressRouteUDP": {"spec.routes[].services[].nativeLB"},
    "Middleware": {
        "spec.encodedCharacters",
        "spec.errors.service.healthCheck",
        "spec.errors.service.nativeLB",
        "spec.grpcWeb",
        "spec.ipAllowList",
    },
    "MiddlewareTCP": {"spec.ipAllowList"},
    "TraefikService": {
        "spec.highestRandomWeight",
        "spec.mirroring.healthCheck",
        "spec.mirroring.mirrors[].healthCheck",
        "spec.mirroring.mirrors[].nativeLB",
        "spec.mirroring.nativeLB",
        "spec.weighted.services[].healthCheck",
        "spec.weighted.services[].nativeLB",
    },
    "ServersTransport": {"spec.rootCAs"},
    "ServersTransportTCP": {"spec.tls.rootCAs"},
    "HelmRepository": {"spec.type"},
    "HelmRelease": {"spec.chartRef", "spec.driftDetection", "status.history", "status.inventory"},
    "Kustomization": {"status.history", "status.inventory"},
    "ExternalSecret": {
        "spec.data[].sourceRef",
        "spec.dataFrom[].sourceRef",
        "spec.refreshPolicy",
        "spec.target.deletionPolicy",
        "spec.target.manifest",
    },
}
"""What came later than the oldest release that we know; it takes its default there."""
