"""What becomes of each thing that a person asks: how it ended, and how long it took."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum

import discord

from bot.chat.replies import Taken, acknowledged_at
from bot.errors import MeshmedicError


class Outcome(StrEnum):
    """How the answer to a command, a click or a suggestion ended."""

    ANSWERED = "answered"
    EXPLAINED = "explained"
    """It could not be done, and the person was told why in our own words."""
    FAILED = "failed"
    REFUSED = "refused"
    LEFT = "left"
    """To another process of the bot, which answers it."""
    CUT_OFF = "cut off"


@dataclass(frozen=True, slots=True)
class Answered:
    """One that has ended; `acknowledged` is None where Discord was never told that it began.

    Times are in seconds since it came in.
    """

    name: str
    outcome: Outcome
    seconds: float
    acknowledged: float | None


@dataclass(slots=True)
class Asked:
    """One that is being answered."""

    interaction: discord.Interaction
    outcome: Outcome = Outcome.ANSWERED
    began: float = field(default_factory=time.monotonic)

    def failed(self, error: BaseException) -> None:
        """Note why there is no answer."""
        ours = isinstance(error, MeshmedicError)
        self.outcome = Outcome.EXPLAINED if ours else Outcome.FAILED
        if isinstance(error, Taken):
            self.outcome = Outcome.LEFT

    def ended(self) -> Answered:
        """How it ended, now. What Discord heard nothing of has failed, whoever swallowed why."""
        unheard = not self.interaction.response.is_done() and self.outcome is Outcome.ANSWERED
        told = acknowledged_at(self.interaction)
        return Answered(
            name=_name(self.interaction),
            outcome=Outcome.FAILED if unheard else self.outcome,
            seconds=time.monotonic() - self.began,
            acknowledged=None if told is None else told - self.began,
        )


def _name(interaction: discord.Interaction) -> str:
    """`health all` for a command, `drill` for a control; one of a few, for they are counted."""
    if interaction.type is discord.InteractionType.autocomplete:
        return "autocomplete"
    if interaction.type is discord.InteractionType.component:
        custom_id = str(dict(interaction.data or {}).get("custom_id", ""))
        return custom_id.split(":")[1] if custom_id.count(":") else "unknown"
    return interaction.command.qualified_name if interaction.command else "unknown"
