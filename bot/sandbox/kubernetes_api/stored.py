"""An object as the store keeps it: rendered once, beside the values that selectors compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

_OPENING = b'{"metadata":'
_NAMES = frozenset({"metadata.name", "metadata.namespace"})
_INVOLVED = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
FIELDS: Mapping[str, frozenset[str]] = {
    "pods": _NAMES
    | {
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    },
    "events": _NAMES
    | {f"involvedObject.{name}" for name in _INVOLVED}
    | {"reason", "type", "reportingComponent"},
    "namespaces": _NAMES | {"status.phase"},
    "nodes": _NAMES | {"spec.unschedulable"},
    "secrets": _NAMES | {"type"},
}
"""The fields that may be selected on, by qualified resource; for all others the names alone."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of one object.

    `key` is `namespace/name`, which is the order of lists. `body` is JSON without `apiVersion` and
    `kind`, as an item of a list of a built-in kind; it begins with the metadata, which ends at
    `metadata_end`. The object as dicts is not kept: 10,000 pods would fill the memory.
    """

    key: str
    name: str
    namespace: str
    version: int
    created: str
    body: bytes
    metadata_end: int
    labels: Mapping[str, str]
    fields: Mapping[str, str]

    @property
    def metadata(self) -> bytes:
        """The metadata alone, as JSON."""
        return self.body[len(_OPENING) : self.metadata_end]

    def typed(self, api_version: str, kind: str) -> bytes:
        """The object as JSON, with its type."""
        return b'{"apiVersion":"%b","kind":"%b",%b' % (
            api_version.encode(),
            kind.encode(),
            self.body[1:],
        )

    def plain(self) -> dict[str, Any]:
        """The object as fresh dicts, without its type."""
        decoded: dict[str, Any] = msgspec.json.decode(self.body)
        return decoded

    def at(self, version: int | None, qualified: str) -> Stored:
        """The same content under another resourceVersion, or under none."""
        plain = self.plain()
        return store(plain, plain["metadata"], version, qualified)


def fields_of(qualified: str) -> frozenset[str]:
    """The paths that a field selector may name for a resource."""
    return FIELDS.get(qualified, _NAMES)


def key_of(namespace: str, name: str) -> str:
    """The key of an object; `namespace` is empty for a kind of the cluster's scope."""
    return f"{namespace}/{name}"


def store(
    obj: Mapping[str, Any], metadata: dict[str, Any], version: int | None, qualified: str
) -> Stored:
    """`obj` with this metadata and version; a dry run has None as version."""
    own = {key: value for key, value in metadata.items() if key != "resourceVersion"}
    known = {} if version is None else {"resourceVersion": str(version)}
    # YAML readers make timestamps of what the API knows as text.
    metadata = msgspec.to_builtins({**own, **known})
    head = _OPENING + msgspec.json.encode(metadata)
    content = {k: v for k, v in obj.items() if k not in ("apiVersion", "kind", "metadata")}
    tail = b"," + msgspec.json.encode(content)[1:] if content else b"}"
    name, namespace = metadata["name"], metadata.get("namespace") or ""
    complete = {**content, "metadata": metadata}
    return Stored(
        key=key_of(namespace, name),
        name=name,
        namespace=namespace,
        version=version or 0,
        created=metadata.get("creationTimestamp") or "",
        body=head + tail,
        metadata_end=len(head),
        labels=metadata.get("labels") or {},
        fields={path: _at(complete, path) for path in fields_of(qualified)},
    )


def _at(obj: Any, path: str) -> str:
    """The value at a dotted path as a field selector compares it: absent is empty."""
    for step in path.split("."):
        obj = obj.get(step) if isinstance(obj, Mapping) else None
    if isinstance(obj, bool):
        return str(obj).lower()
    return "" if obj is None else str(obj)
