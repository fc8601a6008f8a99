"""The Discord connection: who may ask, one error handler, an orderly end."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import discord
from discord import app_commands, ui

from bot.chat import ack_attempts as attempts
from bot.chat.interactions import Answered, Asked, Outcome
from bot.chat.replies import ARRIVED, explain, refuse, say
from bot.chat.server_date import Dates
from bot.domain.authorization import Circle, Circles
from bot.domain.election import Alone, Leadership

log = logging.getLogger(__name__)

# The library warns of packages for voice channels, in which this bot has nothing to say.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False

CIRCLE = "circle"
"""The key in a command's `extras` that names the circle it needs; without it, viewers."""

DRAIN = 10.0
"""Seconds that running answers get when the process is asked to stop."""

FAREWELL = 2.0
"""Seconds for telling those whose answers did not finish."""

STOPPED = "The bot is being restarted, and this was not answered. Please ask again in a minute."


class Client(discord.Client):
    """The bot's connection to one server.

    `extend` adds commands to the tree and dynamic items to the client; `began` and `ended` are
    called around the connection's life, in its event loop; `told` of all that was answered.
    `leadership` tells whether this process acts: one of several leaves interactions to the leader
    first. Alone, it registers its commands when it logs in; else whoever leads calls `register`.
    """

    def __init__(
        self,
        circles: Circles,
        guild_id: int,
        extend: Callable[[Client], None],
        *,
        began: Callable[[], Awaitable[None]] | None = None,
        ended: Callable[[], Awaitable[None]] | None = None,
        told: Callable[[Answered], None] | None = None,
        leadership: Leadership | None = None,
        **options: Any,
    ) -> None:
        self.dates = Dates()
        attempts.listen(self.dates.trace)
        # With Intents.none() the library does not know the roles of who clicks.
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            http_trace=self.dates.trace,
            **options,
        )
        self.circles = circles
        self.guild_id = guild_id
        self.leadership = leadership or Alone()
        self.logged_in = asyncio.Event()
        self._extend = extend
        self._began = began
        self._ended = ended
        self._told = told
        self._session = False
        self.stopping = False
        self._leaving = False
        self._welcomes = 0
        self._answering: dict[asyncio.Task[Any], Asked] = {}
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
        self.tree.copy_global_to(guild=discord.Object(self.guild_id))
        if isinstance(self.leadership, Alone):
            await self.register()
        self.logged_in.set()

    async def register(self) -> None:
        """Put the commands of this version in the place of all that Discord shows."""
        await self.tree.sync(guild=discord.Object(self.guild_id))

    async def on_ready(self) -> None:
        """Say in the log that the bot answers now."""
        log.info("connected as %s", self.user)
        self._welcomed()

    async def on_resumed(self) -> None:
        """The session goes on after a broken connection."""
        self._welcomed()

    async def on_disconnect(self) -> None:
        """The connection broke; the library tries again."""
        self._session = False

    @property
    def connected(self) -> bool:
        """Whether there is a session, over a connection that is open."""
        # The library may say that it is ready when the connection has just broken.
        return self._session and getattr(self.ws, "open", True)

    @property
    def reconnects(self) -> int:
        """How often a session was begun or resumed after the first time."""
        return max(0, self._welcomes - 1)

    @property
    def beats(self) -> bool:
        """False where there is a session that nobody keeps alive any more."""
        # The library has no public word for its heartbeat's thread; without one it is believed.
        keeper = getattr(self.ws, "_keep_alive", None) if self.connected else None
        return keeper is None or bool(keeper.is_alive())

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Answer a click on a button that no code of today knows, which would else be silence."""
        if interaction.type is not discord.InteractionType.component:
            return
        custom_id = str(dict(interaction.data or {}).get("custom_id", ""))
        known = any(pattern.fullmatch(custom_id) for pattern in self._known)
        if not known and await self.takes():
            await refuse(interaction, "This button is no longer known. Please ask again.")

    def add_buttons(self, *items: type[ui.DynamicItem[Any]]) -> None:
        """Buttons and selects that work for as long as their message stands, restarts included."""
        self.add_dynamic_items(*items)
        self._known += [item.__discord_ui_compiled_template__ for item in items]

    async def stop(self) -> None:
        """Let running answers finish for a while, tell whose did not, then leave."""
        self.stopping = True
        deadline = self.loop.time() + DRAIN
        while (waiting := self._unanswered()) and (left := deadline - self.loop.time()) > 0:
            await asyncio.wait(waiting, timeout=left)
        self._leaving = True
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await asyncio.gather(*(_cut_off(*unanswered) for unanswered in waiting.items()))
        await self.close()

    async def close(self) -> None:
        """Leave Discord, and end what ran beside."""
        if self._ended:
            ended, self._ended = self._ended, None
            with suppress(asyncio.CancelledError):
                await ended()
        await super().close()

    async def takes(self) -> bool:
        """Whether this process acknowledges what has just come in.

        One that does not lead leaves it to a healthy leader first: whoever acknowledges first
        answers it, and the others are silent. One that leaves could not answer any more.
        """
        if not self._leaving and (seconds := self.leadership.hesitation()):
            await asyncio.sleep(seconds)
        return not self._leaving

    def note(self, interaction: discord.Interaction) -> None:
        """Remember that the present task answers this, so that `stop` waits for it."""
        interaction.extras.setdefault(ARRIVED, time.monotonic())
        if task := asyncio.current_task():
            self._answering[task] = Asked(interaction)
            task.add_done_callback(self._forget)

    def left(self) -> None:
        """Note that another process answers what the present task is about."""
        if asked := self._asked():
            asked.outcome = Outcome.LEFT

    def refused(self) -> None:
        """Note that what the present task answers is not for this person."""
        if asked := self._asked():
            asked.outcome = Outcome.REFUSED

    async def refuse(self, interaction: discord.Interaction, needed: Circle) -> None:
        """Tell a person that this is for others."""
        self.refused()
        if not await refuse(interaction, _refusal(needed)):
            self.left()

    def failed(self, error: BaseException) -> None:
        """Note why the present task has no answer."""
        if asked := self._asked():
            asked.failed(error)

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
        self.note(interaction)
        if not await self.takes():
            _unasked(answer)
            self.left()
            return
        if not self.permits(interaction, needed):
            _unasked(answer)
            await self.refuse(interaction, needed)
            return
        try:
            await answer
        except Exception as error:  # noqa: BLE001  # the last guard before silence
            self.failed(error)
            await explain(interaction, error)

    def _welcomed(self) -> None:
        self._session = True
        self._welcomes += 1

    def _asked(self) -> Asked | None:
        task = asyncio.current_task()
        return self._answering.get(task) if task else None

    def _unanswered(self) -> dict[asyncio.Task[Any], Asked]:
        ours = asyncio.current_task()
        return {task: asked for task, asked in self._answering.items() if task is not ours}

    def _forget(self, task: asyncio.Task[Any]) -> None:
        asked = self._answering.pop(task, None)
        if asked and self._told:
            self._told(asked.ended())


def _unasked(answer: Awaitable[None]) -> None:
    """Close what will not be awaited."""
    if close := getattr(answer, "close", None):
        close()


async def _cut_off(task: asyncio.Task[Any], asked: Asked) -> None:
    """End an answer that takes too long, and say so to who waits for it."""
    asked.outcome = Outcome.CUT_OFF
    task.cancel()
    if asked.interaction.type is not discord.InteractionType.autocomplete:
        await say(asked.interaction, STOPPED)


class Tree(app_commands.CommandTree[Client]):
    """The command tree with our guard in front and our error handler behind."""

    async def interaction_check(self, interaction: discord.Interaction[Client], /) -> bool:
        """Commands and autocomplete: only for the circle that the command names."""
        client = interaction.client
        client.note(interaction)
        suggests = interaction.type is discord.InteractionType.autocomplete
        # Suggestions: nobody notices when they are missing for a moment, and each would be refused.
        if (suggests and client.leadership.led_by_another()) or not await client.takes():
            client.left()
            return False
        command = interaction.command
        needed = Circle((command.extras if command else {}).get(CIRCLE, Circle.VIEWER))
        if client.permits(interaction, needed):
            return True
        if suggests:
            client.refused()
            with suppress(discord.HTTPException):
                await interaction.response.autocomplete([])
        else:
            await client.refuse(interaction, needed)
        return False

    async def on_error(
        self, interaction: discord.Interaction[Client], error: app_commands.AppCommandError, /
    ) -> None:
        """Every command's failure ends here."""
        if interaction.type is discord.InteractionType.autocomplete:
            log.warning("autocomplete failed", exc_info=error)
            return
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        interaction.client.failed(cause)
        await explain(interaction, cause)


def _refusal(needed: Circle) -> str:
    people = {Circle.VIEWER: "viewers", Circle.OPERATOR: "operators", Circle.APPROVER: "approvers"}
    return f"This is for this bot's {people[needed]}. Ask whoever runs it to add you."
