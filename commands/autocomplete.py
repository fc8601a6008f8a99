"""Names as they are suggested while somebody types."""

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
    """One a name. A name that is too long for Discord can still be typed."""
    fitting = (name for name in names if len(name) <= render.LABEL)
    return [app_commands.Choice(name=name, value=name) for name in fitting]


def matching(names: Iterable[str], typed: str) -> Choices:
    """The first names that hold what was typed."""
    return suggestions([name for name in names if typed.casefold() in name][: render.CHOICES])


def findings(suggested: Iterable[Finding]) -> Choices:
    """One a finding, which stands for its code."""
    shown = map(suggestion, suggested)
    return [app_commands.Choice(name=name, value=code) for name, code in shown]


def mutes(held: Iterable[Mute], typed: str) -> Choices:
    """One a mute whose target or name holds what was typed, with who muted it until when."""
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
    """A subject's name such that it can be asked for: whole, else without its host."""
    return label if len(label) <= render.LABEL else label.split(maxsplit=1)[0][: render.LABEL]
