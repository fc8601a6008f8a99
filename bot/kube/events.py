"""Events that the bot records about an object, as core/v1 has them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.kube.paths import ApiPath, path

LONGEST = 1000
"""Characters of a message; an Event takes 1,024."""


def collection(namespace: str) -> ApiPath:
    """The path of a namespace's Events."""
    return path("/api/v1/namespaces", namespace, "events")


def event(
    about: Mapping[str, str], reason: str, message: str, *, warning: bool, at: datetime
) -> dict[str, Any]:
    """A core/v1 Event. `about` is an ObjectReference with a namespace; its uid, where known."""
    when = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": "meshmedic-", "namespace": about["namespace"]},
        "involvedObject": dict(about),
        "reason": reason,
        "message": message[:LONGEST],
        "type": "Warning" if warning else "Normal",
        "source": {"component": "meshmedic"},
        "firstTimestamp": when,
        "lastTimestamp": when,
        "count": 1,
    }
