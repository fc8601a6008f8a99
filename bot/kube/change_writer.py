"""Applies one step of a plan: a write of exactly the version that was read, as the approver.

Every write has strict field validation and a field manager of its own. The same request as a dry
run shows beforehand whether the API server would accept it.

Impersonation is attribution: one identity writes, with the Discord id of the person who approved.
RBAC and an admission policy narrow what it may do (deploy/components/remediation).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from bot.domain.finding import Target
from bot.domain.resources.registry import KINDS, TRAEFIK
from bot.errors import Absent, ClusterError, Conflict, Forbidden
from bot.kube.client import Api, Query
from bot.kube.configmap_store import QUICK
from bot.kube.paths import ApiPath, path
from bot.remediation.change.fields import PUT_BACK, Manifest
from bot.remediation.change.step import Step, written

USER, GROUP = "meshmedic:approver", "meshmedic:approvers"
FIELD_MANAGER = "meshmedic-approver"
"""The owner of the fields that are written; Flux takes no fields from this name."""

NOT_ALLOWED = (
    "The approver identity may not do this: {error} Add deploy/components/remediation, and list "
    "namespace {namespace} in it (deploy/README.md)."
)
SERVED = {
    **{(group, "IngressRoute"): f"/apis/{group}/v1alpha1" for group in TRAEFIK},
    ("", "Service"): "/api/v1",
    ("networking.k8s.io", "Ingress"): "/apis/networking.k8s.io/v1",
    ("cert-manager.io", "Certificate"): "/apis/cert-manager.io/v1",
}
"""Where each kind that a step may write is served, by (group, kind)."""

PLURALS = {kind.name: kind.plural for kind in KINDS}


def place(target: Target) -> ApiPath:
    """The path of an object.

    Raises:
        KeyError: No step writes that kind.
    """
    return path(collection(target), target.name)


def collection(target: Target) -> ApiPath:
    """The path of all objects of its kind in its namespace."""
    root = SERVED[target.group, target.kind]
    return path(root, "namespaces", target.namespace, PLURALS[target.kind])


class KubernetesStepWriter:
    """Reads as the bot and writes as the approver; `may_act` is checked before each real write."""

    def __init__(self, api: Api, may_act: Callable[[], bool]) -> None:
        self._api = api
        self._may_act = may_act

    async def live(self, target: Target) -> Manifest | None:
        """The object as it is now; None where it does not exist.

        Raises:
            ClusterError: It cannot be read.
        """
        try:
            body = await self._api.get(place(target), total=QUICK)
        except Absent:
            return None
        manifest: Manifest = json.loads(body)
        return manifest

    async def write(
        self, step: Step, live: Manifest | None, change: str, by: str, *, dry_run: bool
    ) -> None:
        """Apply a step to the `live` object that was read.

        `change` is the name of the Change, `by` the approver's Discord id.

        Raises:
            Conflict: The object has changed since it was read: nothing was written.
            ClusterError: It was refused, or the outcome is unknown: read it again.
        """
        if not dry_run and not self._may_act():
            msg = "Nothing was written: this process cannot be sure that it is the one that acts."
            raise ClusterError(msg)
        method, at, body = _request(step, live, change)
        if dry_run and method == "DELETE":
            # Source: the API server reads a deletion's options from its body, and where there is
            # one it does not look at the query: it would delete.
            body = {**(body or {}), "dryRun": ["All"]}
        try:
            await self._api.send(
                method, at, body, _query(method, dry_run=dry_run), headers=headers(by), total=QUICK
            )
        except Forbidden as error:
            msg = NOT_ALLOWED.format(error=error, namespace=step.object.namespace)
            raise ClusterError(msg) from error
        except Absent as error:
            msg = f"{step.object.kind} {step.object.name} is gone."
            raise Conflict(msg) from error


def _request(
    step: Step, live: Manifest | None, change: str
) -> tuple[str, ApiPath, dict[str, Any] | None]:
    manifest = written(step, live)
    if manifest is None and live is not None:
        metadata = live["metadata"]
        preconditions = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        return "DELETE", place(step.object), {"preconditions": preconditions}
    if manifest is None:
        msg = f"There is no {step.object.kind} {step.object.name} to take away."
        raise Conflict(msg)
    if live is None:
        if step.object.kind == "Ingress":
            notes = manifest["metadata"].get("annotations") or {}
            manifest["metadata"]["annotations"] = {**notes, PUT_BACK: change}
        return "POST", collection(step.object), manifest
    return "PUT", place(step.object), manifest


def _query(method: str, *, dry_run: bool) -> Query:
    query: list[tuple[str, str | int]] = [("dryRun", "All")] if dry_run else []
    if method != "DELETE":
        query += [("fieldManager", FIELD_MANAGER), ("fieldValidation", "Strict")]
    return query


def headers(discord_id: str) -> Mapping[str, str]:
    """The headers by which a request is made as the approver."""
    return {
        "Impersonate-User": USER,
        "Impersonate-Group": GROUP,
        "Impersonate-Extra-discord-id": discord_id,
    }
