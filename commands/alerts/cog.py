"""`/mute`, `/ack` and `/unmute`: silences that people set, by name and until a time."""

from __future__ import annotations

from discord import Interaction, app_commands

from bot.alerting.silences import ACKNOWLEDGED, Silences
from bot.alerting.views import silences as silences_view
from bot.chat.client import OPERATORS
from bot.chat.controls import CogWithControls, Control
from bot.chat.replies import acknowledge, answer
from bot.health.service import Health
from bot.health.views import discord as health_cards
from bot.render import cards as render
from commands.alerts.controls import MuteSelect, SilenceButton, WhyButton
from commands.autocomplete import Choices, findings, mutes, suggestions

MUTED = "4h"
"""For how long the button of older messages mutes."""


class AlertsCog(CogWithControls):
    """`/mute`, `/ack`, `/unmute`, and the buttons under an alert."""

    # Discord allows no command with the name of a group, hence `/mute add`.
    mute = app_commands.Group(name="mute", description="Mute alerts for a time.")

    def __init__(self, silences: Silences, health: Health) -> None:
        self._silences = silences
        self._health = health
        self.controls = {
            SilenceButton: self._press,
            MuteSelect: self._choose,
            WhyButton: self._tell_story,
        }

    @mute.command(extras=OPERATORS)
    async def add(self, interaction: Interaction, what: str, time: str, reason: str = "") -> None:
        """Mute the alerts of a problem, a namespace or a check for a time.

        Args:
            what: A problem's code, a namespace or a check.
            time: Such as 30m, 4h or 2d.
            reason: Why, for everybody who reads it.
        """
        await acknowledge(interaction, private=False)
        await self._mute(interaction, what, time, reason)

    @add.autocomplete("what")
    async def _suggest_target(self, _interaction: Interaction, typed: str) -> Choices:
        present = await self._health.present(typed, render.CHOICES)
        places = suggestions(self._silences.places(typed, present))
        return [*findings(present), *places][: render.CHOICES]

    @mute.command(name="list")
    async def list_mutes(self, interaction: Interaction) -> None:
        """List what is muted, by whom and until when."""
        await acknowledge(interaction, private=True)
        held, annotated = await self._silences.list(), await self._silences.annotated()
        await answer(interaction, render.note(silences_view.listed(held, annotated), raw=True))

    @app_commands.command(extras=OPERATORS)
    async def ack(self, interaction: Interaction, finding: str) -> None:
        """Acknowledge a problem: you work on it, and it is muted for 8 hours.

        Args:
            finding: The problem's code; suggestions name what is wrong now.
        """
        await acknowledge(interaction, private=False)
        await self._mute(interaction, finding, ACKNOWLEDGED, acknowledged=True)

    @ack.autocomplete("finding")
    async def _suggest_finding(self, _interaction: Interaction, typed: str) -> Choices:
        return findings(await self._health.present(typed, render.CHOICES))

    @app_commands.command(extras=OPERATORS)
    async def unmute(self, interaction: Interaction, what: str) -> None:
        """Unmute a problem, a namespace or a check.

        Args:
            what: A problem's code, a namespace or a check.
        """
        await acknowledge(interaction, private=False)
        await self._unmute(interaction, what)

    @unmute.autocomplete("what")
    async def _suggest_mute(self, _interaction: Interaction, typed: str) -> Choices:
        return mutes(await self._silences.list(), typed)

    async def _press(self, interaction: Interaction, control: Control) -> None:
        await acknowledge(interaction, private=True)
        if control["act"] == "unmute":
            await self._unmute(interaction, control["code"])
            return
        acknowledged = control["act"] == "ack"
        time = ACKNOWLEDGED if acknowledged else MUTED
        await self._mute(interaction, control["code"], time, acknowledged=acknowledged)

    async def _choose(self, interaction: Interaction, control: Control) -> None:
        await acknowledge(interaction, private=True)
        await self._mute(interaction, control["code"], control.chosen)

    async def _mute(
        self,
        interaction: Interaction,
        what: str,
        time: str,
        reason: str = "",
        *,
        acknowledged: bool = False,
    ) -> None:
        by = interaction.user.display_name
        mute = await self._silences.mute(what, time, by, reason, acknowledged=acknowledged)
        await answer(interaction, render.note(silences_view.muted(mute), raw=True))

    async def _unmute(self, interaction: Interaction, what: str) -> None:
        ended = await self._silences.unmute(what)
        await answer(interaction, render.note(silences_view.unmuted(ended), raw=True))

    async def _tell_story(self, interaction: Interaction, control: Control) -> None:
        await acknowledge(interaction, private=True)
        report = await self._health.check()
        story = await self._health.story_of(report, control["code"], "This problem is gone")
        await answer(interaction, health_cards.story(story))
