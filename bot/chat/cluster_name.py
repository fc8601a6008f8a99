"""The cluster's name in the headline of each message, for servers with several clusters."""

from __future__ import annotations

from typing import Any

import discord
from discord import ui

from bot.render import cards as render
from bot.render import text as words

SIGNS = ("#", *words.MARK.values())
"""How a headline begins. Any other line is a note, a mention or a line of a timeline."""

BEFORE = 3
"""Lines that are searched: a mention of a role may stand above the headline."""


def named(card: render.Card, cluster: str) -> render.Card:
    """The card with the cluster's name in front of its headline; without one, the card itself.

    Naming it twice changes nothing, since a card may be sent again.
    """
    if cluster:
        for item in card.view.walk_children():
            if isinstance(item, ui.TextDisplay):
                _name(item, f"{render.escape(cluster)} · ")
                break
    return card


def of_client(client: discord.Client) -> str:
    """The name of the cluster that a client's messages are about; empty where none is set."""
    return str(getattr(client, "cluster_name", ""))


def _name(display: ui.TextDisplay[Any], prefix: str) -> None:
    lines = display.content.split("\n")
    for number, line in enumerate(lines[:BEFORE]):
        if line.startswith(SIGNS):
            hashes = line[: len(line) - len(line.lstrip("# "))]
            text = line.removeprefix(hashes)
            lines[number] = line if text.startswith(prefix) else f"{hashes}{prefix}{text}"
            display.content = "\n".join(lines)
            return
