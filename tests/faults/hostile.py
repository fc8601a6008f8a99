"""Tenants who write objects that are as heavy as an API server takes them."""

from __future__ import annotations

import asyncio
from itertools import chain

from tests.bench import hostile_cluster
from tests.faults.stage import Stage
from tests.runtime.strangers import memory

SHARE = 0.1
"""Of the objects of the benchmark: each of them is one event of a watch here."""

GROWTH = 60.0
"""MiB that they may cost: a namespace has its share, and pages and events come and go."""


async def come(stage: Stage) -> None:
    """They are written one after the other, and stay; what they cost is noted.

    Raises:
        AssertionError: They cost more memory than they may.
    """
    assert stage.bot is not None
    assert stage.cluster is not None
    before = memory(stage.bot.process.pid)
    most = before
    for plain in chain(*(tenant(SHARE) for tenant in TENANTS)):
        stage.cluster.put(plain)
        await asyncio.sleep(0)
        most = max(most, memory(stage.bot.process.pid))
    for _ in range(50):
        await asyncio.sleep(0.1)
        most = max(most, memory(stage.bot.process.pid))
    stage.noted = f"{most - before:+.1f} MiB"
    assert most - before < GROWTH, stage.noted


async def go(stage: Stage) -> None:
    """All of them are deleted."""
    assert stage.cluster is not None
    for plain in chain(*(tenant(SHARE) for tenant in TENANTS)):
        metadata = plain["metadata"]
        stage.cluster.delete(plain["kind"], metadata["namespace"], metadata["name"])


TENANTS = (hostile_cluster.annotations, hostile_cluster.rules, hostile_cluster.mutes)
TENANTS += (hostile_cluster.endpoints, hostile_cluster.small)
