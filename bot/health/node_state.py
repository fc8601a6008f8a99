"""Whether a node is heard from. Source: Kubernetes node status."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain import conditions
from bot.domain.resources import core
from bot.domain.resources.base import Condition
from bot.domain.snapshot import Snapshot

SILENCE = timedelta(minutes=12)
"""Two missed status posts of five minutes each, and some clock skew."""


def silent_since(ready: Condition, snapshot: Snapshot) -> datetime | None:
    """When a kubelet posted its last status, where that is too long ago."""
    heard = ready.last_heartbeat_time
    if not snapshot.hears or heard is None or snapshot.taken_at - heard <= SILENCE:
        return None
    return heard


def dead(node: core.Node, snapshot: Snapshot) -> str:
    """Why nothing can be asked of a node's kubelet, as a reason; empty where it does well."""
    ready = conditions.condition(node.status.conditions, "Ready")
    if ready is None:
        return ""
    if ready.status != "True":
        return ready.reason or "NotReady"
    return "KubeletSilent" if silent_since(ready, snapshot) else ""
