"""Builders of plain objects as an API server keeps them, and moments relative to one `now`."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.sandbox.kubernetes_api.served import SERVED

Plain = dict[str, Any]
"""An object as JSON has it."""

SUFFIX = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of generated names. Source: apimachinery, `rand.SafeEncodeString`."""

API_VERSIONS = {
    resource.kind: resource.api_version(resource.versions[0]) for resource in reversed(SERVED)
}
"""The preferred `apiVersion` of each kind; a kind of two groups belongs to the first."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The moments of a scenario, written as Kubernetes writes them; units as of `timedelta`."""

    now: datetime

    def ago(self, **units: float) -> str:
        """A moment before now."""
        return (self.now.astimezone(UTC) - timedelta(**units)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def ahead(self, **units: float) -> str:
        """A moment after now."""
        return self.ago(**{unit: -number for unit, number in units.items()})


def an_object(
    kind: str,
    name: str,
    namespace: str = "",
    *,
    born: str,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    owner: tuple[str, str] | None = None,
    **content: Any,
) -> Plain:
    """Any object of a kind that is served; `owner` is the kind and name of what controls it."""
    meta: Plain = {"name": name, "creationTimestamp": born}
    if namespace:
        meta["namespace"] = namespace
    if labels:
        meta["labels"] = labels
    if annotations:
        meta["annotations"] = annotations
    if owner:
        meta["ownerReferences"] = [_owner_reference(*owner)]
    return {"apiVersion": API_VERSIONS[kind], "kind": kind, "metadata": meta, **content}


def _owner_reference(kind: str, name: str) -> Plain:
    uid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{name}"))
    api_version = API_VERSIONS[kind]
    return {"apiVersion": api_version, "kind": kind, "name": name, "uid": uid, "controller": True}


def a_condition(
    type_: str, since: str, *, status: str = "True", reason: str = "", message: str = ""
) -> Plain:
    """An entry of `status.conditions`."""
    return {
        "type": type_,
        "status": status,
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    }


def ready(since: str, reason: str, message: str = "") -> Plain:
    """A `status` with the one condition Ready."""
    return {"conditions": [a_condition("Ready", since, reason=reason, message=message)]}


def observed(since: str, reason: str, message: str = "") -> Plain:
    """A `status` with the condition Ready and the generation that the controller saw."""
    return {**ready(since, reason, message), "observedGeneration": 1}


def letters(seed: str, count: int = 5) -> str:
    """The random end of a generated name: always the same for the same seed."""
    digest = hashlib.blake2b(seed.encode(), digest_size=count).digest()
    return "".join(SUFFIX[byte % len(SUFFIX)] for byte in digest)
