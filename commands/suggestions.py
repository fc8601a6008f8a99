"""Names as they are suggested while somebody types."""

from __future__ import annotations

from collections.abc import Iterable

from discord import app_commands

from bot.render import discord as render


def suggestions(names: Iterable[str]) -> list[app_commands.Choice[str]]:
    """One a name. A name that is too long for Discord can still be typed."""
    fitting = (name for name in names if len(name) <= render.LABEL)
    return [app_commands.Choice(name=name, value=name) for name in fitting]
