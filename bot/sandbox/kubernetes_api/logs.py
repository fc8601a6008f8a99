"""Answers to pods/log. Source: kubelet, `validateContainerLogStatus`; pkg/registry/core/pod."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from bot.sandbox.kubernetes_api.exchange import Exchange
from bot.sandbox.kubernetes_api.status import ApiError
from bot.sandbox.kubernetes_api.stored import Stored

POLL = 0.05
"""Seconds between two reads of a log that is followed."""

_STATUSES = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
_PULL_FAILURES = ("ErrImagePull", "ImagePullBackOff")


async def log(exchange: Exchange, stored: Stored) -> web.StreamResponse:
    """A container's log, shortened as requested. `timestamps` and `sinceSeconds` are ignored.

    With `follow` it ends when the pod no longer runs.

    Raises:
        ApiError: 400 for a container that does not exist, is ambiguous, or has no log.
    """
    text = _read(exchange, stored)
    if not (exchange.flag("follow") and _runs(stored)):
        return web.Response(body=text, content_type="text/plain")
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(exchange.http)
    await response.write(text)
    while _runs(exchange.lookup()):
        await asyncio.sleep(POLL)
        longer = _read(exchange, stored)
        await response.write(longer[len(text) :])
        text = longer
    return response


def _runs(pod: Stored | None) -> bool:
    return pod is not None and (pod.plain().get("status") or {}).get("phase") == "Running"


def _read(exchange: Exchange, stored: Stored) -> bytes:
    pod = stored.plain()
    container = _container(pod, exchange.parameter("container"))
    previous = exchange.flag("previous")
    key = (stored.namespace, stored.name, container, previous)
    text = exchange.cluster.logs.get(key)
    if text is None:
        _explain_absence(pod, container, previous=previous)
    return _cut(text or "", exchange.number("tailLines"), exchange.number("limitBytes"))


def _container(pod: dict[str, Any], requested: str) -> str:
    """The requested container, or the only one."""
    name, spec = pod["metadata"]["name"], pod.get("spec") or {}
    regular = _names(spec.get("containers"))
    initial = _names(spec.get("initContainers"))
    if not requested:
        if len(regular) == 1:
            return regular[0]
        choices = f"choose one of: {_go_slice(regular)}"
        also = f" or one of the init containers: {_go_slice(initial)}" if initial else ""
        message = f"a container name must be specified for pod {name}, {choices}{also}"
        raise ApiError(400, message)
    if requested not in (*regular, *initial, *_names(spec.get("ephemeralContainers"))):
        raise ApiError(400, f"container {requested} is not valid for pod {name}")
    return requested


def _names(containers: Iterable[dict[str, Any]] | None) -> list[str]:
    return [container["name"] for container in containers or ()]


def _go_slice(names: list[str]) -> str:
    """A slice as Go prints it."""
    return f"[{' '.join(names)}]"


def _explain_absence(pod: dict[str, Any], container: str, *, previous: bool) -> None:
    """Explain a missing log; a container that ran without output has an empty one.

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
    statuses = [entry for field in _STATUSES for entry in status.get(field) or ()]
    states = (entry.get("state") or {} for entry in statuses if entry.get("name") == container)
    return next(states, {})


def _cut(text: str, tail: int | None, limit: int | None) -> bytes:
    """The last `tail` lines, and of those the first `limit` bytes."""
    lines = text.splitlines(keepends=True)
    if tail is not None:
        lines = lines[max(len(lines) - tail, 0) :]
    return "".join(lines).encode()[:limit]
