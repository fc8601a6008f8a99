"""Messages about an API server that is gone, as they stand in the channel, and what is stored."""

from __future__ import annotations

import json
import re
from typing import Any

from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.wire.discord_server import DiscordServer
from tests.wire.pair import PLACE
from tests.wire.world import Json

INCIDENT = re.compile(r"incident \d+-[0-9a-f]{14}\b")
"""How such a message ends; no other incident has an id of two parts."""


def outages(server: DiscordServer) -> list[Json]:
    """The messages that tell an outage, whether it is over or not."""
    every = server.messages.newest_first()
    return [message for message in every if INCIDENT.search(_text(message))]


def recoveries(server: DiscordServer) -> list[Json]:
    """The answers that say that it is over."""
    return [
        message
        for message in server.messages.newest_first()
        if "answers again** after" in _text(message)
    ]


def board(server: DiscordServer) -> str:
    """What the board says; empty before there is one."""
    texts = map(_text, server.messages.newest_first())
    return next((text for text in texts if "meshmedic-board" in text), "")


def _text(message: Json) -> str:
    return json.dumps(message["components"], ensure_ascii=False)


def stored(cluster: SimulatedCluster) -> dict[str, Any] | None:
    """The state of alerts in the cluster, if there is one."""
    record = cluster.get("ConfigMap", PLACE, "meshmedic-alerts")
    if record is None:
        return None
    value: dict[str, Any] = json.loads(record["data"]["record"])["value"]
    return value
