"""How each interaction ended, and how long its answer took."""

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
    """The person got an explanation instead of an answer."""
    FAILED = "failed"
    REFUSED = "refused"
    LEFT = "left"
    """Left to another process of the bot, which answers it."""
    CUT_OFF = "cut off"


@dataclass(frozen=True, slots=True)
class Answered:
    """An interaction that has ended.

    Times are in seconds since it came in; `acknowledged` is None where it never was.
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
        """How it ended. Without a reply to Discord it has failed, even if no error was raised."""
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
    """How an interaction ends whose answer raises an error."""
    if isinstance(error, Taken):
        return InteractionOutcome.LEFT
    ours = isinstance(error, MeshmedicError)
    return InteractionOutcome.EXPLAINED if ours else InteractionOutcome.FAILED


def _name(interaction: discord.Interaction) -> str:
    """A name for the metrics, one of a few: `health all` for a command, `drill` for a control."""
    if interaction.type is discord.InteractionType.autocomplete:
        return "autocomplete"
    if interaction.type is discord.InteractionType.component:
        custom_id = str(dict(interaction.data or {}).get("custom_id", ""))
        return custom_id.split(":")[1] if custom_id.count(":") else "unknown"
    return interaction.command.qualified_name if interaction.command else "unknown"
