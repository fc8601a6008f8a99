"""Applies one step of a plan: a write of exactly the version that was read, as the approver.

Every write has strict field validation and a field manager of its own. The same request as a dry
run shows beforehand whether the API server would accept it.

Impersonation is attribution: one identity writes, with the Discord id of the person who approved.
RBAC and an admission policy narrow what it may do (deploy/components/remediation).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from bot.domain.finding import Target
from bot.domain.resources.registry import KINDS, TRAEFIK
from bot.errors import Absent, ClusterError, Conflict, Forbidden, Invalid
from bot.kube.client import Api
from bot.kube.configmap_store import QUICK
from bot.kube.paths import ApiPath, path
from bot.remediation.change.fields import HAND_OVER, PUT_BACK, Manifest, labels_of
from bot.remediation.change.step import Step, written
from bot.remediation.verification import Sleep

USER, GROUP = "meshmedic:approver", "meshmedic:approvers"
FIELD_MANAGER = "meshmedic-approver"
"""The owner of the fields that are written; Flux takes no fields from this name."""

NOT_ALLOWED = (
    "The approver identity may not do this: {error} Add deploy/components/remediation, and list "
    "namespace {namespace} in it (deploy/README.md)."
)
LABEL_SEEN = 20
"""Attempts until the API server's policies have seen the label of a hand-over."""

PAUSE = 0.25
"""Seconds between two of them."""

SERVED = {
    **{(group, "IngressRoute"): f"/apis/{group}/v1alpha1" for group in TRAEFIK},
    ("", "Service"): "/api/v1",
    ("networking.k8s.io", "Ingress"): "/apis/networking.k8s.io/v1",
    ("cert-manager.io", "Certificate"): "/apis/cert-manager.io/v1",
}
"""Where each kind that a step may write is served, by (group, kind)."""

Request = tuple[str, ApiPath, dict[str, Any] | None]
"""Method, path and body."""

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

    def __init__(self, api: Api, may_act: Callable[[], bool], sleep: Sleep = asyncio.sleep) -> None:
        self._api = api
        self._may_act = may_act
        self._sleep = sleep

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
        request = _request(step, live, change)
        try:
            if dry_run:
                await self._try(_without_label(request), by)
            elif _has_label(request):
                await self._create_compared(request, by)
            else:
                await self._do(request, by)
        except Forbidden as error:
            msg = NOT_ALLOWED.format(error=error, namespace=step.object.namespace)
            raise ClusterError(msg) from error
        except Absent as error:
            msg = f"{step.object.kind} {step.object.name} is gone."
            raise Conflict(msg) from error

    async def _create_compared(self, request: Request, by: str) -> None:
        """Create an object that a policy compares with one whose label was just written.

        Policies see other objects a moment late. So it is tried, which writes nothing, until they
        allow it, and then written once.
        """
        for _ in range(LABEL_SEEN):
            with suppress(Invalid):
                await self._try(request, by)
                await self._do(request, by)
                return
            await self._sleep(PAUSE)
        await self._do(request, by)

    async def _try(self, request: Request, by: str) -> None:
        method, at, body = request
        if method == "DELETE":
            # Source: the API server reads a deletion's options from its body, and where there is
            # one it does not look at the query: it would delete.
            body = {**(body or {}), "dryRun": ["All"]}
        await self._send((method, at, body), [("dryRun", "All")], by)

    async def _do(self, request: Request, by: str) -> None:
        if not self._may_act():
            msg = "Nothing was written: this process cannot be sure that it is the one that acts."
            raise ClusterError(msg)
        await self._send(request, [], by)

    async def _send(self, request: Request, query: list[tuple[str, str | int]], by: str) -> None:
        method, at, body = request
        if method != "DELETE":
            query += [("fieldManager", FIELD_MANAGER), ("fieldValidation", "Strict")]
        await self._api.send(method, at, body, query, headers=headers(by), total=QUICK)


def _has_label(request: Request) -> bool:
    method, _, body = request
    return method == "POST" and HAND_OVER in labels_of(body or {})


def _without_label(request: Request) -> Request:
    """The request before the hand-over, where nothing is there that it can be compared with."""
    method, at, body = request
    if body is None or not _has_label(request):
        return request
    labels = {key: text for key, text in labels_of(body).items() if key != HAND_OVER}
    return method, at, {**body, "metadata": {**body["metadata"], "labels": labels}}


def _request(step: Step, live: Manifest | None, change: str) -> Request:
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


def headers(discord_id: str) -> Mapping[str, str]:
    """The headers by which a request is made as the approver."""
    return {
        "Impersonate-User": USER,
        "Impersonate-Group": GROUP,
        "Impersonate-Extra-discord-id": discord_id,
    }
