"""Creates what takes the place of another object, which the admission policy reads beside it.

The policy allows no host, certificate or Middleware that the replaced object has not. It finds that
object by a label, so the label is set before and taken off afterwards, also from what a process
left that died in between. Source: deploy/components/remediation/admission.yaml.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from bot.domain.finding import Target
from bot.domain.resources.registry import TRAEFIK
from bot.errors import Absent, ClusterError, Invalid
from bot.kube.client import Api, Query
from bot.kube.configmap_store import QUICK
from bot.kube.step_paths import collection, place
from bot.remediation.change.fields import (
    HAND_OVER,
    MANAGED,
    OURS,
    PUT_BACK,
    REPLACED,
    REPLACES,
    Manifest,
    annotations_of,
)
from bot.remediation.change.marker import is_marker

NETWORKING = "networking.k8s.io"
FIELD_MANAGER = "meshmedic-hand-over"
BEHIND = 5.0
"""Seconds by which the API server's own memory of the replaced object may be behind."""

PAUSE = 0.25
"""Seconds between two attempts."""


def takes_a_place(manifest: Manifest) -> bool:
    """Whether an object that is created replaces another; a marker replaces none."""
    return bool(annotations_of(manifest).keys() & {REPLACES, PUT_BACK}) and not is_marker(manifest)


@dataclass(frozen=True, slots=True)
class HandOver:
    """Creates by an identity of these impersonation headers."""

    api: Api
    headers: Mapping[str, str]

    async def create(self, target: Target, manifest: Manifest, query: Query) -> None:
        """Create an object beside the one that it replaces.

        Raises:
            ClusterError: It was refused, or the outcome is unknown: read it again.
        """
        until = time.monotonic() + BEHIND
        while True:
            group = await self._mark(target, manifest)
            body = _labelled(manifest, group)
            try:
                await self._send("POST", target, body, query)
                break
            except Invalid:
                if time.monotonic() > until:
                    raise
            await asyncio.sleep(PAUSE)
        with suppress(ClusterError):
            await self._label(target, "")

    async def _mark(self, target: Target, manifest: Manifest) -> str:
        """Mark what is replaced, and nothing else of its kind there; the API group of its kind."""
        if target.kind == "IngressRoute":
            name = str(annotations_of(manifest)[REPLACES])
            await self._mark_alone(Target("Ingress", target.namespace, name, NETWORKING))
            return NETWORKING
        for group in TRAEFIK:
            kind = Target("IngressRoute", target.namespace, "", group)
            for route in await self._listed(kind, f"{MANAGED}={OURS}"):
                if annotations_of(route).get(REPLACES) == target.name:
                    await self._mark_alone(replace(kind, name=route["metadata"]["name"]))
                    return group
        return TRAEFIK[0]

    async def _mark_alone(self, wanted: Target) -> None:
        marked = {
            str(each["metadata"]["name"])
            for each in await self._listed(wanted, f"{HAND_OVER}={REPLACED}")
        }
        for name in sorted(marked - {wanted.name}):
            await self._label(replace(wanted, name=name), "")
        if wanted.name not in marked:
            await self._label(wanted, REPLACED)

    async def _listed(self, kind: Target, selector: str) -> list[Manifest]:
        try:
            body = await self.api.get(
                collection(kind), [("labelSelector", selector), ("limit", 200)], total=QUICK
            )
        except Absent:
            return []
        items: list[Manifest] = json.loads(body).get("items") or []
        return items

    async def _label(self, target: Target, value: str) -> None:
        """Set the label of an object to a value, or take it off; nothing where it is gone."""
        try:
            live: Manifest = json.loads(await self.api.get(place(target), total=QUICK))
            labels = live["metadata"].get("labels") or {}
            if labels.get(HAND_OVER, "") != value:
                query = [("fieldManager", FIELD_MANAGER)]
                await self._send("PUT", target, _labelled(live, value), query)
        except Absent:
            return

    async def _send(self, method: str, target: Target, body: Manifest, query: Query) -> None:
        at = collection(target) if method == "POST" else place(target)
        await self.api.send(method, at, body, query, headers=self.headers, total=QUICK)


def _labelled(manifest: Manifest, value: str) -> Manifest:
    labels: dict[str, Any] = {**(manifest["metadata"].get("labels") or {})}
    labels.pop(HAND_OVER, None)
    if value:
        labels[HAND_OVER] = value
    return {**manifest, "metadata": {**manifest["metadata"], "labels": labels}}
