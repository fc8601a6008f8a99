"""Plain objects as an API server keeps them, and moments relative to one `now`."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Plain = dict[str, Any]

SUFFIX = "bcdfghjklmnpqrstvwxz2456789"
"""The letters that Kubernetes makes names of. Source: apimachinery, `rand.SafeEncodeString`."""

OWNERS = {
    "Certificate": "cert-manager.io/v1",
    "CertificateRequest": "cert-manager.io/v1",
    "CronJob": "batch/v1",
    "DaemonSet": "apps/v1",
    "ExternalSecret": "external-secrets.io/v1",
    "HelmRelease": "helm.toolkit.fluxcd.io/v2",
    "Job": "batch/v1",
    "Order": "acme.cert-manager.io/v1",
    "ReplicaSet": "apps/v1",
    "Service": "v1",
    "StatefulSet": "apps/v1",
}
"""`apiVersion` of what controls other objects; an API server takes no owner without it."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The moments of a scenario, written as Kubernetes writes them."""

    now: datetime

    def ago(self, **units: float) -> str:
        """So long before now; units as of `timedelta`."""
        return self._told(-timedelta(**units))

    def ahead(self, **units: float) -> str:
        """So long after now."""
        return self._told(timedelta(**units))

    def _told(self, away: timedelta) -> str:
        return (self.now.astimezone(UTC) + away).strftime("%Y-%m-%dT%H:%M:%SZ")


def an_object(
    kind: str,
    name: str,
    namespace: str = "",
    *,
    api: str = "v1",
    born: str,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    owner: tuple[str, str] | None = None,
    **rest: Any,
) -> Plain:
    """Any object; `owner` is the kind and name of what controls it."""
    meta: Plain = {"name": name, "creationTimestamp": born}
    if namespace:
        meta["namespace"] = namespace
    if labels:
        meta["labels"] = labels
    if annotations:
        meta["annotations"] = annotations
    if owner:
        meta["ownerReferences"] = [_owned_by(*owner)]
    return {"apiVersion": api, "kind": kind, "metadata": meta, **rest}


def _owned_by(kind: str, name: str) -> Plain:
    uid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{name}"))
    api = OWNERS[kind]
    return {"apiVersion": api, "kind": kind, "name": name, "uid": uid, "controller": True}


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
    """A `status` whose only condition says Ready."""
    return {"conditions": [a_condition("Ready", since, reason=reason, message=message)]}


def observed(since: str, reason: str, message: str = "") -> Plain:
    """The same of a controller that says which generation it saw."""
    return {**ready(since, reason, message), "observedGeneration": 1}


def letters(of: str, count: int = 5) -> str:
    """The random end of a generated name: always the same for the same `of`."""
    digest = hashlib.blake2b(of.encode(), digest_size=count).digest()
    return "".join(SUFFIX[byte % len(SUFFIX)] for byte in digest)
