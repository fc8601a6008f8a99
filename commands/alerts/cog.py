"""`/mute`, `/ack` and `/unmute`: silences that people set, by name and until a time."""

from __future__ import annotations

from discord import Interaction, app_commands

from bot.alerting.silences import ACKNOWLEDGED, Silences
from bot.chat.client import OPERATORS
from bot.chat.controls import CogWithControls, Control
from bot.chat.replies import acknowledge, answer
from bot.health.service import Health
from bot.render import cards as render
from commands.alerts.controls import SilenceButton
from commands.autocomplete import Choices, findings, mutes, suggestions

MUTED = "4h"
"""For how long a button mutes."""

SHOWN = 8
"""Lines of the list of silences."""


class AlertsCog(CogWithControls):
    """`/mute`, `/ack`, `/unmute`, and the buttons under an alert."""

    # Discord allows no command with the name of a group, hence `/mute add`.
    mute = app_commands.Group(name="mute", description="Silence alerts for a while.")

    def __init__(self, silences: Silences, health: Health) -> None:
        self._silences = silences
        self._health = health
        self.controls = {SilenceButton: self._press}

    @mute.command(extras=OPERATORS)
    async def add(self, interaction: Interaction, what: str, time: str, reason: str = "") -> None:
        """No alerts of a finding, a namespace or a check for a while.

        Args:
            what: A finding's code, a namespace or a check.
            time: As in 30m, 4h, 2d.
            reason: Why.
        """
        await acknowledge(interaction, private=False)
        mute = await self._silences.mute(what, time, interaction.user.display_name, reason)
        await answer(interaction, render.note(f"{mute.shown}: {mute.line()}"))

    @add.autocomplete("what")
    async def _suggest_target(self, _interaction: Interaction, typed: str) -> Choices:
        present = await self._health.present(typed, render.CHOICES)
        places = suggestions(self._silences.places(typed, present))
        return [*findings(present), *places][: render.CHOICES]

    @mute.command(name="list")
    async def list_mutes(self, interaction: Interaction) -> None:
        """What is muted, by whom and until when."""
        await acknowledge(interaction, private=True)
        held = await self._silences.list()
        lines = [f"{mute.name} · {mute.shown}: {mute.line()}" for mute in held]
        annotated = await self._silences.annotated()
        lines += [f"{finding.subject}: {line}" for finding, line in annotated.items()]
        shown = "\n".join(lines[:SHOWN]) or "Nothing is muted."
        more = f"\nand {len(lines) - SHOWN:,} more" if len(lines) > SHOWN else ""
        await answer(interaction, render.note(shown + more))

    @app_commands.command(extras=OPERATORS)
    async def ack(self, interaction: Interaction, finding: str) -> None:
        """You have seen a finding and work on it: eight hours of silence.

        Args:
            finding: The finding's code.
        """
        await acknowledge(interaction, private=False)
        by = interaction.user.display_name
        mute = await self._silences.mute(finding, ACKNOWLEDGED, by, acknowledged=True)
        await answer(interaction, render.note(f"{mute.shown}: {mute.line()}"))

    @ack.autocomplete("finding")
    async def _suggest_finding(self, _interaction: Interaction, typed: str) -> Choices:
        return findings(await self._health.present(typed, render.CHOICES))

    @app_commands.command(extras=OPERATORS)
    async def unmute(self, interaction: Interaction, what: str) -> None:
        """End the silence of a finding, a namespace or a check.

        Args:
            what: A finding's code, a namespace or a check.
        """
        await acknowledge(interaction, private=False)
        ended = await self._silences.unmute(what)
        await answer(interaction, render.note(f"{ended.shown} is muted no more."))

    @unmute.autocomplete("what")
    async def _suggest_mute(self, _interaction: Interaction, typed: str) -> Choices:
        return mutes(await self._silences.list(), typed)

    async def _press(self, interaction: Interaction, control: Control) -> None:
        await acknowledge(interaction, private=True)
        code, by = control["code"], interaction.user.display_name
        if control["act"] == "unmute":
            await self._silences.unmute(code)
            await answer(interaction, render.note("It is muted no more."))
            return
        acknowledged = control["act"] == "ack"
        mute = await self._silences.mute(
            code, ACKNOWLEDGED if acknowledged else MUTED, by, acknowledged=acknowledged
        )
        await answer(interaction, render.note(mute.line()))
