"""How each interaction of a person ended, and how long its answer took."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum

import discord

from bot.chat.replies import Taken, acknowledged_at
from bot.errors import MeshmedicError


class InteractionOutcome(StrEnum):
    """How the answer to a command, a click or a suggestion ended."""

    ANSWERED = "answered"
    EXPLAINED = "explained"
    """It could not be done, and the person got an explanation."""
    FAILED = "failed"
    REFUSED = "refused"
    LEFT = "left"
    """Left to another process of the bot, which answers it."""
    CUT_OFF = "cut off"


@dataclass(frozen=True, slots=True)
class Answered:
    """An interaction that has ended; `acknowledged` is None where it was never acknowledged.

    Times are in seconds since it came in.
    """

    name: str
    outcome: InteractionOutcome
    seconds: float
    acknowledged: float | None


@dataclass(slots=True)
class RunningAnswer:
    """An interaction that is being answered."""

    interaction: discord.Interaction
    outcome: InteractionOutcome = InteractionOutcome.ANSWERED
    began: float = field(default_factory=time.monotonic)

    def ended(self) -> Answered:
        """How it ended. Without any reply to Discord it has failed, even if no error was raised."""
        unheard = (
            not self.interaction.response.is_done() and self.outcome is InteractionOutcome.ANSWERED
        )
        acknowledged = acknowledged_at(self.interaction)
        return Answered(
            name=_name(self.interaction),
            outcome=InteractionOutcome.FAILED if unheard else self.outcome,
            seconds=time.monotonic() - self.began,
            acknowledged=None if acknowledged is None else acknowledged - self.began,
        )


def outcome_of(error: BaseException) -> InteractionOutcome:
    """How an interaction ended whose answer raised an error."""
    if isinstance(error, Taken):
        return InteractionOutcome.LEFT
    ours = isinstance(error, MeshmedicError)
    return InteractionOutcome.EXPLAINED if ours else InteractionOutcome.FAILED


def _name(interaction: discord.Interaction) -> str:
    """`health all` for a command, `drill` for a control; one of a few, for they are counted."""
    if interaction.type is discord.InteractionType.autocomplete:
        return "autocomplete"
    if interaction.type is discord.InteractionType.component:
        custom_id = str(dict(interaction.data or {}).get("custom_id", ""))
        return custom_id.split(":")[1] if custom_id.count(":") else "unknown"
    return interaction.command.qualified_name if interaction.command else "unknown"
