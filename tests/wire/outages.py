"""Messages about an API server that is gone, as they stand in the channel, and what is stored."""

from __future__ import annotations

import json
from typing import Any

from bot.domain.posting import COMPONENT_IDS, component_id
from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.wire.discord_server import DiscordServer
from tests.wire.messages import walk
from tests.wire.pair import PLACE
from tests.wire.world import Json

MARKS = 2
"""Component ids that such a message has from the bot: its incident's, and since when."""


def outages(server: DiscordServer) -> list[Json]:
    """The messages that tell an outage, whether it is over or not."""
    every = server.messages.newest_first()
    return [message for message in every if len(_marks(message)) == MARKS]


def recoveries(server: DiscordServer) -> list[Json]:
    """The answers that say that it is over; the outage's own message says so, too, by then."""
    return [
        message
        for message in server.messages.newest_first()
        if "answers again after" in _text(message) and len(_marks(message)) != MARKS
    ]


def board(server: DiscordServer) -> str:
    """What the board says; empty before there is one."""
    every = server.messages.newest_first()
    mark = component_id("meshmedic-board")
    return next((_text(message) for message in every if mark in _marks(message)), "")


def _marks(message: Json) -> list[int]:
    """The component ids that the bot gave, not Discord."""
    return [part["id"] for part in walk(message["components"]) if part["id"] in COMPONENT_IDS]


def _text(message: Json) -> str:
    return json.dumps(message["components"], ensure_ascii=False)


def stored(cluster: SimulatedCluster) -> dict[str, Any] | None:
    """The state of alerts in the cluster, if there is one."""
    record = cluster.get("ConfigMap", PLACE, "meshmedic-alerts")
    if record is None:
        return None
    value: dict[str, Any] = json.loads(record["data"]["record"])["value"]
    return value
