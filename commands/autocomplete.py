"""Names as they are suggested while somebody types."""

from __future__ import annotations

from collections.abc import Iterable

from discord import app_commands

from bot.alerting.domain.silences import Mute
from bot.domain.finding import Finding
from bot.render import cards as render
from bot.render import text as words


def suggestions(names: Iterable[str]) -> list[app_commands.Choice[str]]:
    """One a name. A name that is too long for Discord can still be typed."""
    fitting = (name for name in names if len(name) <= render.LABEL)
    return [app_commands.Choice(name=name, value=name) for name in fitting]


def findings(found: Iterable[Finding]) -> list[app_commands.Choice[str]]:
    """One a finding, which stands for its code."""
    shown = map(render.suggestion, found)
    return [app_commands.Choice(name=name, value=code) for name, code in shown]


def mutes(held: Iterable[Mute], typed: str) -> list[app_commands.Choice[str]]:
    """One a mute whose target or name holds what was typed, with who muted it until when."""
    wanted = typed.strip().lower()
    fitting = [mute for mute in held if wanted in mute.shown.lower() or wanted in mute.name.lower()]
    return [
        app_commands.Choice(
            name=words.line(
                f"{suggestion.name} · {suggestion.shown}: {suggestion.line()}", render.LABEL
            ),
            value=suggestion.name,
        )
        for suggestion in fitting[: render.CHOICES]
    ]
