"""Plain objects as the API serves them; a builder shows only what matters to a test."""

from typing import Any, TypeVar

import msgspec

from bot.domain.resources.base import Object
from bot.domain.resources.decode import decode_object, read_object

T = TypeVar("T", bound=Object)
Plain = dict[str, Any]
NOW = "2026-11-23T12:00:00Z"


def as_read(plain: Plain, kind: type[T]) -> T:
    """The object as it is read of an API server, or of a file where JSON cannot say it."""
    try:
        body = msgspec.json.encode(plain)
    except UnicodeEncodeError:  # half a character, which YAML may hold
        return read_object(plain, kind)
    return decode_object(body, kind)


def an_object(
    kind: str, name: str, api_version: str = "v1", namespace: str = "apps", **rest: Any
) -> Plain:
    """Any object."""
    meta = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, **rest}


def a_pod(
    name: str = "web", *, waiting: str = "", namespace: str = "apps", node: str = "home-1"
) -> Plain:
    """A pod that runs well, or one whose only container waits."""
    state = {"waiting": {"reason": waiting}} if waiting else {"running": {"startedAt": NOW}}
    ready = "False" if waiting else "True"
    return an_object(
        "Pod",
        name,
        namespace=namespace,
        spec={"nodeName": node, "containers": [{"name": "main", "image": "web"}]},
        status={
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": NOW}],
            "containerStatuses": [
                {"name": "main", "ready": not waiting, "restartCount": 0, "state": state}
            ],
        },
    )


def kept(pod: Plain, kind: str = "ReplicaSet", **owner: Any) -> Plain:
    """The same pod, controlled by a workload of that kind."""
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": "its", "uid": "1"}
    owners = [{**reference, "controller": True, **owner}]
    return {**pod, "metadata": {**pod["metadata"], "ownerReferences": owners}}


def a_certificate(name: str = "site", *, ready: str = "True", reason: str = "Ready") -> Plain:
    """A Certificate with a Ready condition."""
    condition = {"type": "Ready", "status": ready, "reason": reason, "lastTransitionTime": NOW}
    return an_object(
        "Certificate",
        name,
        "cert-manager.io/v1",
        spec={"secretName": f"{name}-tls", "issuerRef": {"name": "letsencrypt"}},
        status={"conditions": [condition], "notAfter": "2027-11-23T12:00:00Z"},
    )


def an_external_secret(name: str = "db", *, version: str = "v1") -> Plain:
    """An ExternalSecret that nobody has taken up yet."""
    store = {"name": "vault", "kind": "SecretStore"}
    spec = {"secretStoreRef": store, "target": {"name": name}}
    return an_object("ExternalSecret", name, f"external-secrets.io/{version}", spec=spec)


def applying(kustomization: Plain, *entries: str) -> Plain:
    """With an inventory, of entries such as `apps_web_apps_Deployment`."""
    listed = [{"id": entry, "v": "v1"} for entry in entries]
    kustomization["status"]["inventory"] = {"entries": listed}
    return kustomization


def a_kustomization(name: str = "apps", **spec: Any) -> Plain:
    """A Kustomization that is reconciled."""
    condition = {"type": "Ready", "status": "True", "reason": "ReconciliationSucceeded"}
    return an_object(
        "Kustomization",
        name,
        "kustomize.toolkit.fluxcd.io/v1",
        namespace="flux-system",
        spec=spec,
        status={"conditions": [condition], "observedGeneration": 1},
    )
