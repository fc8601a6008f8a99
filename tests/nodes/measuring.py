"""What the bot and its agents cost: memory by cgroups, requests by the audit log."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.nodes import cgroups
from tests.nodes.cluster import RealNodes
from tests.nodes.control_plane import AUDIT_LOG
from tests.nodes.kubectl import get

MIB = 2**20
ACCOUNT = "system:serviceaccount:meshmedic:meshmedic"


def present(namespace: str, selector: str) -> list[dict[str, Any]]:
    """The pods that are not ending, as those of an earlier rollout may still be."""
    pods = get("pods", "-n", namespace, "-l", selector)["items"]
    return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]


def anonymous_memory(cluster: RealNodes, pods: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """MiB of anonymous memory of each pod, by its name.

    Source: `memory.stat`, `total_rss` of version 1 and `anon` of version 2.
    """
    used = {}
    for pod in pods:
        uid, name = pod["metadata"]["uid"], pod["metadata"]["name"]
        node = pod["spec"]["nodeName"]
        if node in cluster.nodes:
            used[name] = max(_anonymous(node, uid), default=0) / MIB
    return used


def _anonymous(node: str, uid: str) -> Iterator[int]:
    for folder in cgroups.memory_files(node):
        if f"pod{uid}" not in folder.as_posix().replace("_", "-"):
            continue
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        yield int(stat.get("rss") or stat.get("anon") or 0)


def requests_a_minute(minutes: float) -> float:
    """The bot's requests a minute while nobody asks anything. It waits so long.

    A watch is written down when it ends, so each counts once.
    """
    began = datetime.now(UTC)
    time.sleep(minutes * 60)
    ended = began + timedelta(minutes=minutes)
    count = 0
    for line in AUDIT_LOG.read_text().splitlines():
        event = json.loads(line)
        at = datetime.fromisoformat(event["requestReceivedTimestamp"])
        count += began <= at < ended and event["user"]["username"] == ACCOUNT
    return count / minutes
