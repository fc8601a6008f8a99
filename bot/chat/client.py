"""The Discord connection: permission checks, one error handler, orderly shutdown."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.chat.controls import Control, ControlHandler
from bot.chat.http_trace import HttpTrace
from bot.chat.interactions import Answered, InteractionOutcome, RunningAnswer, outcome_of
from bot.chat.person import Person
from bot.chat.replies import ARRIVED, Taken, explain, say
from bot.domain.authorization import Role, Roles, required
from bot.domain.election import Alone, Leadership
from bot.domain.principal import NOBODY, act_as, acting_as, refusal
from bot.errors import DiscordRefusal, Unreachable

log = logging.getLogger(__name__)

# The library warns about missing packages for voice channels, which this bot does not use.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False

ROLE = "role"
"""The key in a command's `extras` for the role that it needs; without it, viewers may use it."""

OPERATORS = {ROLE: Role.OPERATOR}
APPROVERS = {ROLE: Role.APPROVER}
"""The `extras` of commands for operators and for approvers."""

DRAIN = 10.0
"""Seconds that running answers get to finish when the process is stopped."""

ASKING = 5.0
"""Seconds for asking Discord which roles a person has."""

FAREWELL = 2.0
"""Seconds to tell people whose answers did not finish."""

NO_COMMANDS = (
    "MESHMEDIC_GUILD_ID: Discord does not let the bot add commands there. Is the id "
    "right, and was the bot invited with the scopes bot and applications.commands?"
)

STOPPED = "The bot is being restarted, and this was not answered. Please try again in a minute."


class Client(discord.Client):
    """The bot's connection to one server. Commands and controls are added before it starts.

    on_start: Awaited once, after the login.
    on_stop: Awaited when the client closes.
    on_answered: Receives each interaction that has ended.
    leadership: Says whether this process acts; a standby lets the leader answer first. A process
    that is alone registers its commands at the login; else the leader calls `register`.
    cluster_name: Stands in the headline of each message; empty where one cluster alone reports.
    """

    def __init__(
        self,
        roles: Roles,
        guild_id: int,
        *,
        on_start: Callable[[], Awaitable[None]] | None = None,
        on_stop: Callable[[], Awaitable[None]] | None = None,
        on_answered: Callable[[Answered], None] | None = None,
        leadership: Leadership | None = None,
        cluster_name: str = "",
        **options: Any,
    ) -> None:
        self.trace = HttpTrace()
        # With Intents.none() the library would not know the roles of the person.
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            http_trace=self.trace.config,
            **options,
        )
        self.roles = roles
        self.guild_id = guild_id
        self.leadership = leadership or Alone()
        self.cluster_name = cluster_name
        self.logged_in = asyncio.Event()
        self._on_start = on_start
        self._on_stop = on_stop
        self._on_answered = on_answered
        self._session = False
        self._no_session = "There is no Discord session yet."
        self._connecting: asyncio.Task[Any] | None = None
        self.stopping = False
        self._leaving = False
        self.welcomes = 0
        """How often a session was begun or resumed."""
        self._answering: dict[asyncio.Task[Any], RunningAnswer] = {}
        self._control_handlers: dict[type[Control], ControlHandler] = {}
        self.tree = GuardedTree(self)

    async def setup_hook(self) -> None:
        """Register the commands, and start what runs beside them."""
        # A login that failed half way is repeated, and the parts must not start twice.
        on_start, self._on_start = self._on_start, None
        if on_start:
            await on_start()
        self.tree.copy_global_to(guild=discord.Object(self.guild_id))
        if isinstance(self.leadership, Alone):
            await self.register()
        self.logged_in.set()

    async def register(self) -> None:
        """Replace the commands that Discord shows with those of this version.

        Raises:
            DiscordRefusal: Discord lets the bot have no commands in its server.
        """
        try:
            await self.tree.sync(guild=discord.Object(self.guild_id))
        except (discord.Forbidden, discord.NotFound) as error:
            raise DiscordRefusal(NO_COMMANDS) from error

    async def on_ready(self) -> None:
        """Log that the bot answers from now on."""
        log.info("connected as %s", self.user)
        self._welcomed()

    async def on_resumed(self) -> None:
        """The session goes on after a broken connection."""
        self._welcomed()

    async def on_disconnect(self) -> None:
        """The connection broke; the library tries again."""
        if self._session:
            at = datetime.now(UTC)
            self.note_no_session(f"Discord's session broke at {at:%H:%M:%S} UTC. It is resumed.")

    def note_no_session(self, why: str) -> None:
        """Remember why there is no session, in sentences, until there is one."""
        # The library tells a break late: by then a refusal may be noted, which says more.
        self._session, self._no_session = False, why

    @property
    def no_session(self) -> str:
        """Why there is no session, in sentences; empty where there is one."""
        return "" if self.connected else self._no_session

    @property
    def connected(self) -> bool:
        """Whether there is a session, over a connection that is open."""
        # The library may still say that it is ready just after the connection broke.
        return self._session and getattr(self.ws, "open", True)

    @property
    def reconnects(self) -> int:
        """How often a session was begun or resumed after the first time."""
        return max(0, self.welcomes - 1)

    @property
    def beats(self) -> bool:
        """False where the heartbeat of an open session has ended."""
        # The library has no public name for its heartbeat thread; if it is missing, assume it runs.
        keeper = getattr(self.ws, "_keep_alive", None) if self.connected else None
        return keeper is None or bool(keeper.is_alive())

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Answer a click on a button of an older version, which nothing else would answer."""
        if interaction.type is not discord.InteractionType.component:
            return
        custom_id = str(dict(interaction.data or {}).get("custom_id", ""))
        known = any(pattern.fullmatch(custom_id) for pattern in self.custom_ids)
        if not known and await self.takes():
            await say(interaction, "This button no longer works. Please run the command again.")

    @property
    def custom_ids(self) -> tuple[re.Pattern[str], ...]:
        """The patterns of the custom ids that this version answers."""
        return tuple(control.__discord_ui_compiled_template__ for control in self._control_handlers)

    def add_controls(self, handlers: Mapping[type[Control], ControlHandler]) -> None:
        """Set the handler of each kind of control, also for messages from before a restart."""
        self.add_dynamic_items(*handlers)
        self._control_handlers.update(handlers)

    async def stop(self) -> None:
        """Let running answers finish for a while, tell those that are cut off, then close."""
        self.stopping = True
        deadline = self.loop.time() + DRAIN
        while (waiting := self._unanswered()) and (left := deadline - self.loop.time()) > 0:
            await asyncio.wait(waiting, timeout=left)
        self._leaving = True
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await asyncio.gather(*(_cut_off(task, answer) for task, answer in waiting.items()))
        await self.close()

    async def connect(self, *, reconnect: bool = True) -> None:
        """Stay connected. After a refusal of the gateway, the client can log in again.

        Tasks that start here handle what Discord sends. They may write nothing until the person is
        known.
        """
        self._connecting = asyncio.current_task()
        try:
            with acting_as(NOBODY):
                await super().connect(reconnect=reconnect)
        finally:
            self._connecting = None

    async def leave_session(self) -> None:
        """Close what a login before opened, so that another login can follow."""
        await self.http.close()
        # The session closed its connector with it. The library makes another where there is none.
        self.http.connector = discord.utils.MISSING
        self.http.clear()

    async def close(self) -> None:
        """Disconnect, and stop what runs beside the connection."""
        # The library closes the client before it raises that the gateway refuses it. That is not
        # the end of the process: the cluster is watched on, and the next login may be taken.
        if self._connecting and asyncio.current_task() is self._connecting:
            return
        if self._on_stop:
            on_stop, self._on_stop = self._on_stop, None
            with suppress(asyncio.CancelledError):
                await on_stop()
        await super().close()

    async def takes(self) -> bool:
        """Whether this process should acknowledge a new interaction.

        A standby waits first, so that a healthy leader is faster: who acknowledges first answers,
        and the others stay silent. A process that is stopping could not answer any more.
        """
        if not self._leaving and (seconds := self.leadership.hesitation()):
            await asyncio.sleep(seconds)
        return not self._leaving

    def note(self, interaction: discord.Interaction) -> None:
        """Remember that the current task answers this, so that `stop` waits for it."""
        interaction.extras.setdefault(ARRIVED, time.monotonic())
        if task := asyncio.current_task():
            self._answering[task] = RunningAnswer(interaction)
            task.add_done_callback(self._forget)

    def note_outcome(self, outcome: InteractionOutcome) -> None:
        """Set how the interaction of the current task ended."""
        task = asyncio.current_task()
        if task and (answer := self._answering.get(task)):
            answer.outcome = outcome

    async def refuse(self, interaction: discord.Interaction, needed: Role) -> None:
        """Say in private which role this is for."""
        self.note_outcome(InteractionOutcome.REFUSED)
        if not await say(interaction, required(needed)):
            self.note_outcome(InteractionOutcome.LEFT)

    async def explain(self, interaction: discord.Interaction, error: BaseException) -> None:
        """Tell a person why there is no answer. A refused write comes before any other error."""
        if not isinstance(error, Taken):
            error = refusal() or error
        self.note_outcome(outcome_of(error))
        await explain(interaction, error)

    def permits(self, interaction: discord.Interaction, needed: Role) -> bool:
        """Whether this person may do this here, by the roles that Discord sends along."""
        if interaction.guild_id != self.guild_id:
            return False
        roles = [role.id for role in getattr(interaction.user, "roles", ())]
        return self.roles.allow(needed, interaction.user.id, roles)

    def admit(self, interaction: discord.Interaction, needed: Role) -> bool:
        """Whether the person has the role; if so, the present task acts for them from now on."""
        if not self.permits(interaction, needed):
            return False
        act_as(Person(interaction.user.id, needed, self.roles, self.present_roles))
        return True

    async def present_roles(self, user: int) -> frozenset[int] | None:
        """The roles that Discord says a person has now; None if they are no longer a member.

        Raises:
            Unreachable: Discord does not say.
        """
        try:
            async with asyncio.timeout(ASKING):
                member = await self.http.get_member(self.guild_id, user)
        except discord.NotFound:
            return None
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise Unreachable("Discord could not be asked for the member.") from error
        # Every member has the role @everyone, which Discord does not list. It has the server's id.
        return frozenset({self.guild_id, *map(int, member["roles"])})

    async def answer_control(self, interaction: discord.Interaction[Any], control: Control) -> None:
        """Check who clicked, call the control's handler, and explain what fails."""
        self.note(interaction)
        if not await self.takes():
            self.note_outcome(InteractionOutcome.LEFT)
            return
        if not self.admit(interaction, control.needed):
            await self.refuse(interaction, control.needed)
            return
        try:
            await self._control_handlers[type(control)](interaction, control)
        except Exception as error:  # noqa: BLE001  # the last guard before silence
            await self.explain(interaction, error)

    def _welcomed(self) -> None:
        self._session = True
        self.welcomes += 1

    def _unanswered(self) -> dict[asyncio.Task[Any], RunningAnswer]:
        ours = asyncio.current_task()
        return {task: answer for task, answer in self._answering.items() if task is not ours}

    def _forget(self, task: asyncio.Task[Any]) -> None:
        answer = self._answering.pop(task, None)
        if answer and self._on_answered:
            self._on_answered(answer.ended())


async def _cut_off(task: asyncio.Task[Any], answer: RunningAnswer) -> None:
    """End an answer that takes too long, and tell the person who waits for it."""
    answer.outcome = InteractionOutcome.CUT_OFF
    task.cancel()
    if answer.interaction.type is not discord.InteractionType.autocomplete:
        await say(answer.interaction, STOPPED)


class GuardedTree(app_commands.CommandTree[Client]):
    """The command tree, with a permission check before each command and one error handler."""

    async def interaction_check(self, interaction: discord.Interaction[Client], /) -> bool:
        """Allow commands and suggestions only to the role that the command names."""
        client = interaction.client
        client.note(interaction)
        suggests = interaction.type is discord.InteractionType.autocomplete
        # A standby skips suggestions: nobody misses them for a moment, and the leader answers.
        if (suggests and client.leadership.led_by_another()) or not await client.takes():
            client.note_outcome(InteractionOutcome.LEFT)
            return False
        command = interaction.command
        needed = Role((command.extras if command else {}).get(ROLE, Role.VIEWER))
        if client.admit(interaction, needed):
            return True
        if suggests:
            client.note_outcome(InteractionOutcome.REFUSED)
            with suppress(discord.HTTPException):
                await interaction.response.autocomplete([])
        else:
            await client.refuse(interaction, needed)
        return False

    async def on_error(
        self, interaction: discord.Interaction[Client], error: app_commands.AppCommandError, /
    ) -> None:
        """Explain a command's failure to the person."""
        if interaction.type is discord.InteractionType.autocomplete:
            log.warning("autocomplete failed", exc_info=error)
            return
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        await interaction.client.explain(interaction, cause)
