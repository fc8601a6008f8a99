"""Suggestions while somebody types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from discord import app_commands

from bot.alerting.domain.silences import Mute
from bot.domain.finding import Finding
from bot.health.views.discord import suggestion
from bot.render import cards as render
from bot.render import text as words

Choices: TypeAlias = list[app_commands.Choice[str]]


def suggestions(names: Iterable[str]) -> Choices:
    """A suggestion for each name. Names that are too long for Discord can still be typed."""
    fitting = (name for name in names if len(name) <= render.LABEL)
    return [app_commands.Choice(name=name, value=name) for name in fitting]


def matching(names: Iterable[str], typed: str) -> Choices:
    """Suggestions for the first names that contain what was typed."""
    return suggestions([name for name in names if typed.casefold() in name][: render.CHOICES])


def findings(suggested: Iterable[Finding]) -> Choices:
    """A suggestion for each finding, with its code as the value."""
    shown = map(suggestion, suggested)
    return [app_commands.Choice(name=name, value=code) for name, code in shown]


def mutes(held: Iterable[Mute], typed: str) -> Choices:
    """A suggestion for each silence that matches, with who set it and until when."""
    wanted = typed.strip().lower()
    fitting = [mute for mute in held if wanted in mute.shown.lower() or wanted in mute.name.lower()]
    return [
        app_commands.Choice(
            name=words.line(f"{mute.name} · {mute.shown}: {mute.line()}", render.LABEL),
            value=mute.name,
        )
        for mute in fitting[: render.CHOICES]
    ]


def short(label: str) -> str:
    """A subject's name short enough to be a value: whole, else without its host."""
    return label if len(label) <= render.LABEL else label.split(maxsplit=1)[0][: render.LABEL]
