"""`/setup`: where the bot posts and by which clock, where the settings leave it open."""

from __future__ import annotations

from typing import Any

from discord import Interaction, app_commands

from bot.chat.client import APPROVERS, Client
from bot.chat.controls import CogWithControls, Control, chosen_id
from bot.chat.replies import acknowledge, answer
from bot.doctor.discord_facts import text_channel
from bot.doctor.domain.channels import lacking
from bot.doctor.domain.facts import uses_of
from bot.doctor.domain.permissions import titles
from bot.domain.refusal import NotObserved
from bot.errors import InputError
from bot.render import cards as render
from bot.setup.domain.choices import ChannelPurpose
from bot.setup.service import ServerSetup, matching_zones
from bot.setup.views import discord as setup_cards
from commands.autocomplete import Choices, suggestions
from commands.setup.controls import ChannelSelect, row


class SetupCog(CogWithControls):
    """`/setup`, for approvers: who may choose the audit channel could hide what they did."""

    setup = app_commands.Group(name="setup", description="Where the bot posts, and by which clock.")

    def __init__(self, setup: ServerSetup) -> None:
        self._setup = setup
        self.controls = {ChannelSelect: self._choose}

    @setup.command(extras=APPROVERS)
    async def channels(self, interaction: Interaction) -> None:
        """Choose the channels for alerts, the digest, the board and the audit log."""
        await acknowledge(interaction, private=True)
        await answer(interaction, setup_cards.channels(await self._setup.read(), row))

    @setup.command(extras=APPROVERS)
    async def timezone(self, interaction: Interaction, zone: str = "") -> None:
        """Choose the time zone of digests.

        Args:
            zone: Such as Europe/Berlin. Leave it out to go back to UTC.
        """
        await acknowledge(interaction, private=True)
        await self._setup.read()
        choices = await self._setup.choose_zone(zone, by=interaction.user.id)
        await answer(interaction, setup_cards.zone(choices.zone))

    @timezone.autocomplete("zone")
    async def _suggest_zone(self, _interaction: Interaction, typed: str) -> Choices:
        return suggestions(matching_zones(typed, render.CHOICES))

    @setup.command(extras=APPROVERS)
    async def show(self, interaction: Interaction) -> None:
        """What counts, what is chosen here, and what to put into Git."""
        await acknowledge(interaction, private=True)
        await answer(interaction, setup_cards.show(await self._setup.read()))

    async def _choose(self, interaction: Interaction[Any], control: Control) -> None:
        await acknowledge(interaction, private=True)
        purpose, channel = ChannelPurpose(control["purpose"]), chosen_id(interaction)
        missing = await _missing(interaction.client, purpose, channel) if channel else ""
        await self._setup.read()
        await self._setup.choose_channel(purpose, channel, by=interaction.user.id)
        await answer(interaction, setup_cards.chosen(purpose, channel, missing))


async def _missing(client: Client, purpose: ChannelPurpose, channel: int) -> str:
    """The permissions that the bot lacks there and can post without.

    Raises:
        InputError: It can't post there, or that could not be seen.
    """
    found = await text_channel(client, client.guild_id, channel)
    if isinstance(found, NotObserved):
        raise InputError(f"Nothing was changed: the channel can't be checked. {found.why}")
    if found is None:
        raise InputError("Nothing was changed: this isn't a text channel that the bot can see.")
    vital, others = lacking(found, uses_of((purpose,)))
    if vital:
        raise InputError(
            f"Nothing was changed: the bot can't post in #{found.name}, since it lacks "
            f"{titles(vital)}. Edit that channel, Permissions, allow it for the bot's role, and "
            "choose the channel again."
        )
    return titles(others)
