"""Answers to pods/log. Source: kubelet, `validateContainerLogStatus`; pkg/registry/core/pod."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from bot.sandbox.kubernetes_api.exchange import Exchange
from bot.sandbox.kubernetes_api.status import ApiError
from bot.sandbox.kubernetes_api.stored import Stored, key_of

LOOK = 0.05
"""Seconds between two looks at a log that is followed."""

_STATUSES = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
_PULL_FAILURES = ("ErrImagePull", "ImagePullBackOff")


async def log(exchange: Exchange, stored: Stored) -> web.StreamResponse:
    """A container's log, cut as asked. `timestamps` and `sinceSeconds` are ignored.

    With `follow` it ends when the pod no longer runs.

    Raises:
        ApiError: 400 for a container that is not there, not named, or has no log.
    """
    written = _written(exchange, stored)
    if exchange.flag("follow") and _runs(exchange, stored):
        return await _followed(exchange, stored, written)
    return web.Response(body=written, content_type="text/plain")


async def _followed(exchange: Exchange, stored: Stored, written: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(exchange.http)
    await response.write(written)
    while _runs(exchange, stored):
        await asyncio.sleep(LOOK)
        now = _written(exchange, stored)
        await response.write(now[len(written) :])
        written = now
    return response


def _runs(exchange: Exchange, stored: Stored) -> bool:
    pod = exchange.cluster.lookup(exchange.qualified, key_of(stored.namespace, stored.name))
    return pod is not None and (pod.plain().get("status") or {}).get("phase") == "Running"


def _written(exchange: Exchange, stored: Stored) -> bytes:
    pod = stored.plain()
    container = _container(pod, exchange.parameter("container"))
    previous = exchange.flag("previous")
    key = (stored.namespace, stored.name, container, previous)
    text = exchange.cluster.logs.get(key)
    if text is None:
        _explain_absence(pod, container, previous=previous)
    return _cut(text or "", exchange.number("tailLines"), exchange.number("limitBytes"))


def _container(pod: dict[str, Any], asked: str) -> str:
    """The container that is meant: the only one need not be named."""
    name, spec = pod["metadata"]["name"], pod.get("spec") or {}
    regular = _names(spec.get("containers"))
    initial = _names(spec.get("initContainers"))
    if not asked and len(regular) == 1:
        return regular[0]
    if not asked:
        message = (
            f"a container name must be specified for pod {name}, choose one of: {_go(regular)}"
        )
        also = f" or one of the init containers: {_go(initial)}" if initial else ""
        raise ApiError(400, message + also)
    if asked not in (*regular, *initial, *_names(spec.get("ephemeralContainers"))):
        raise ApiError(400, f"container {asked} is not valid for pod {name}")
    return asked


def _names(containers: Iterable[dict[str, Any]] | None) -> list[str]:
    return [container["name"] for container in containers or ()]


def _go(names: list[str]) -> str:
    """A slice as Go prints it."""
    return f"[{' '.join(names)}]"


def _explain_absence(pod: dict[str, Any], container: str, *, previous: bool) -> None:
    """Say why there is no log; a container that ran and wrote nothing has an empty one.

    Raises:
        ApiError: 400.
    """
    named = f'"{container}" in pod "{pod["metadata"]["name"]}"'
    if previous:
        raise ApiError(400, f"previous terminated container {named} not found")
    waiting = _state(pod, container).get("waiting")
    if waiting is None:
        return
    reason = waiting.get("reason", "ContainerCreating")
    if reason in _PULL_FAILURES:
        reason = "trying and failing to pull image"
    raise ApiError(400, f"container {named} is waiting to start: {reason}")


def _state(pod: dict[str, Any], container: str) -> dict[str, Any]:
    status = pod.get("status") or {}
    for field in _STATUSES:
        for container_status in status.get(field) or ():
            if container_status.get("name") == container:
                return container_status.get("state") or {}
    return {}


def _cut(text: str, tail: int | None, limit: int | None) -> bytes:
    """The last `tail` lines, and of those the first `limit` bytes."""
    lines = text.splitlines(keepends=True)
    if tail is not None:
        lines = lines[max(len(lines) - tail, 0) :]
    return "".join(lines).encode()[:limit]
