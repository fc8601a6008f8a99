"""The Discord connection: who may ask, one error handler, one safe reply, an orderly end."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import aiohttp
import discord
from discord import app_commands, ui

from bot.core.access import Circle, Circles
from bot.errors import MeshmedicError, Refused
from bot.render import discord as render

log = logging.getLogger(__name__)

CIRCLE = "circle"
"""The key in a command's `extras` that names the circle it needs; without it, viewers."""

DRAIN = 10.0
"""Seconds that running answers get when the process is asked to stop."""

RETRIES = (0.5, 2.0)
"""Seconds before an answer is sent again."""

SERVER_ERROR = 500
EXPIRED = 10062
ALREADY_ACKNOWLEDGED = 40060


class Client(discord.Client):
    """The bot's connection to one server.

    `extend` adds commands to the tree and dynamic items to the client; `began` and `ended` are
    called around the connection's life, in its event loop.
    """

    def __init__(
        self,
        circles: Circles,
        guild_id: int,
        extend: Callable[[Client], None],
        *,
        began: Callable[[], Awaitable[None]] | None = None,
        ended: Callable[[], Awaitable[None]] | None = None,
        **options: Any,
    ) -> None:
        # With Intents.none() the library does not know the roles of who clicks.
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            **options,
        )
        self.circles = circles
        self.guild_id = guild_id
        self._extend = extend
        self._began = began
        self._ended = ended
        self._answering: set[asyncio.Task[Any]] = set()
        self._known: list[re.Pattern[str]] = []
        self._extended = False
        self.tree = Tree(self)

    async def setup_hook(self) -> None:
        """Register commands and buttons, and begin what runs beside them."""
        if not self._extended:
            self._extended = True
            self._extend(self)
            if self._began:
                await self._began()
        guild = discord.Object(self.guild_id)
        self.tree.copy_global_to(guild=guild)
        await self.tree.sync(guild=guild)

    async def on_ready(self) -> None:
        """Say in the log that the bot answers now."""
        log.info("connected as %s", self.user)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Answer a click on a button that no code of today knows, which would else be silence."""
        if interaction.type is not discord.InteractionType.component:
            return
        custom_id = str(dict(interaction.data or {}).get("custom_id", ""))
        if not any(pattern.fullmatch(custom_id) for pattern in self._known):
            await refuse(interaction, "This button is no longer known. Please ask again.")

    def add_buttons(self, *items: type[ui.DynamicItem[Any]]) -> None:
        """Buttons and selects that work for as long as their message stands, restarts included."""
        self.add_dynamic_items(*items)
        self._known += [item.__discord_ui_compiled_template__ for item in items]

    async def stop(self) -> None:
        """Let running answers finish for a while, then leave."""
        waiting = {task for task in self._answering if task is not asyncio.current_task()}
        if waiting:
            await asyncio.wait(waiting, timeout=DRAIN)
        await self.close()

    async def close(self) -> None:
        """Leave Discord, and end what ran beside."""
        if self._ended:
            ended, self._ended = self._ended, None
            with suppress(asyncio.CancelledError):
                await ended()
        await super().close()

    def permits(self, interaction: discord.Interaction, needed: Circle) -> bool:
        """Whether this person may do this here and now, by the roles that Discord sends along."""
        if interaction.guild_id != self.guild_id:
            return False
        roles = [role.id for role in getattr(interaction.user, "roles", ())]
        return self.circles.allow(needed, interaction.user.id, roles)

    async def guarded(
        self, interaction: discord.Interaction, needed: Circle, answer: Awaitable[None]
    ) -> None:
        """Run the answer to a click: refused politely, and no failure without a word."""
        if task := asyncio.current_task():
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        if not self.permits(interaction, needed):
            close = getattr(answer, "close", None)
            if close:
                close()
            await refuse(interaction, _refusal(needed))
            return
        try:
            await answer
        except Exception as error:  # noqa: BLE001  # the last guard before silence
            await explain(interaction, error)


class Tree(app_commands.CommandTree[Client]):
    """The command tree with our guard in front and our error handler behind."""

    async def interaction_check(self, interaction: discord.Interaction[Client], /) -> bool:
        """Commands and autocomplete: only for the circle that the command names."""
        if task := asyncio.current_task():
            interaction.client._answering.add(task)  # noqa: SLF001  # ours
            task.add_done_callback(interaction.client._answering.discard)  # noqa: SLF001  # ours
        command = interaction.command
        needed = Circle((command.extras if command else {}).get(CIRCLE, Circle.VIEWER))
        if interaction.client.permits(interaction, needed):
            return True
        if interaction.type is discord.InteractionType.autocomplete:
            with suppress(discord.HTTPException):
                await interaction.response.autocomplete([])
        else:
            await refuse(interaction, _refusal(needed))
        return False

    async def on_error(
        self, interaction: discord.Interaction[Client], error: app_commands.AppCommandError, /
    ) -> None:
        """Every command's failure ends here."""
        if interaction.type is discord.InteractionType.autocomplete:
            log.warning("autocomplete failed", exc_info=error)
            return
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        await explain(interaction, cause)


async def acknowledge(interaction: discord.Interaction, *, private: bool) -> None:
    """Tell Discord within its three seconds that an answer will come."""
    await interaction.response.defer(ephemeral=private, thinking=True)


async def answer(interaction: discord.Interaction, card: render.Card) -> None:
    """Put the answer where `acknowledge` promised it.

    An edit can be tried again without saying anything twice; the library itself gives up at once
    on a 503 and on a connection that breaks.
    """
    for delay in (*RETRIES, None):
        try:
            await interaction.edit_original_response(
                view=card.view, attachments=card.discord_files()
            )
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            if delay is None or getattr(error, "status", SERVER_ERROR) < SERVER_ERROR:
                raise
            log.warning("an answer is tried again in %.1f s: %s", delay, error)
            await asyncio.sleep(delay)
        else:
            return


async def refuse(interaction: discord.Interaction, why: str) -> None:
    """Say no, to this person alone."""
    await _say(interaction, why)


async def explain(interaction: discord.Interaction, error: BaseException) -> None:
    """Tell a person what went wrong: our own words, else a number to look for in the log."""
    if isinstance(error, discord.HTTPException) and error.code in (EXPIRED, ALREADY_ACKNOWLEDGED):
        log.warning("an interaction was answered too late, or by somebody else: %s", error)
        return
    if isinstance(error, MeshmedicError):
        await _say(interaction, str(error))
        return
    number = secrets.token_hex(4)
    log.error("failure %s", number, exc_info=error)
    await _say(interaction, f"That failed. The log has it under the number `{number}`.", raw=True)


async def _say(interaction: discord.Interaction, text: str, *, raw: bool = False) -> None:
    view = render.note(text, raw=raw).view
    try:
        if interaction.response.is_done():
            await interaction.followup.send(view=view, ephemeral=True)
        else:
            await interaction.response.send_message(view=view, ephemeral=True)
    except discord.HTTPException as error:
        log.warning("could not tell a person %r: %s", text, error)


def _refusal(needed: Circle) -> str:
    people = {Circle.VIEWER: "viewers", Circle.OPERATOR: "operators", Circle.APPROVER: "approvers"}
    return f"This is for this bot's {people[needed]}. Ask whoever runs it to add you."


__all__ = ["CIRCLE", "Client", "Refused", "acknowledge", "answer", "explain", "refuse"]
