"""What the buttons of a change do: approve, reject, look into, take back."""

from __future__ import annotations

import discord

from bot.chat.replies import acknowledge, answer
from bot.remediation.change.approval import Click
from bot.remediation.change.change import Change
from bot.remediation.service import ChangeRefusal
from bot.remediation.views import discord as discord_change
from bot.render import cards as render
from commands.dependencies import Context
from commands.fix.controls import FixControls
from commands.fix.route import card, remember
from commands.net.progress import Progress


def bind(context: Context, controls: FixControls) -> None:
    """Give the buttons their meaning."""

    async def approve(interaction: discord.Interaction, name: str) -> None:
        await acknowledge(interaction, private=True)
        async with Progress(interaction, name) as progress:
            made = await context.remediation.decide(
                name, click(context, interaction), approve=True, progress=progress.note
            )
        await told(interaction, made, "Approved. The card above shows how it goes.")

    async def reject(interaction: discord.Interaction, name: str) -> None:
        await acknowledge(interaction, private=True)
        made = await context.remediation.decide(name, click(context, interaction), approve=False)
        await told(interaction, made, "Rejected. Nothing was changed.")

    async def roll_back(interaction: discord.Interaction, name: str) -> None:
        await acknowledge(interaction, private=True)
        made = await context.remediation.roll_back(name, click(context, interaction))
        await told(interaction, made, "It is being taken back. The card shows how it goes.")

    async def details(interaction: discord.Interaction, name: str) -> None:
        await acknowledge(interaction, private=True)
        await answer(interaction, discord_change.whole(await context.remediation.show(name)))

    async def told(
        interaction: discord.Interaction, made: Change | ChangeRefusal, done: str
    ) -> None:
        if isinstance(made, Change):
            await answer(interaction, render.note(done))
            return
        await answer(interaction, render.note(made.why))
        if made.instead:
            # For everybody: an answer to one person alone could not be kept true.
            shown = card(context.remediation, controls, made.instead)
            message = await interaction.followup.send(view=shown.view, wait=True)
            await remember(context.remediation, made.instead, message)

    controls.presses.update(approve=approve, reject=reject, rollback=roll_back, details=details)


def click(context: Context, interaction: discord.Interaction) -> Click:
    """Who pressed, with the roles of this moment."""
    roles = frozenset(role.id for role in getattr(interaction.user, "roles", ()))
    return Click(interaction.user.id, roles, context.remediation.clock())
