"""A simulated Discord in the browser: one server, one channel, two people.

The real client runs in it unchanged. The people, server and channel have fixed ids, so that
settings can name them before a client exists.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

import discord
from simcord import ChannelHandle, GuildHandle, MemberActor, SetupError, UserHandle
from simcord.backend.models import Channel, User
from simcord.enums import ChannelType

from bot.errors import InputError
from bot.sandbox.live_simcord import LiveEnv, LivePreview, require_known_simcord

GUILD_ID = 100_000_000_000_000_001
CHANNEL_ID = 100_000_000_000_000_002
OWNER_ID = 100_000_000_000_000_003
"""The owner of the server: viewer and approver."""
GUEST_ID = 100_000_000_000_000_004
"""A member of the server without a role."""

BOT_NAME = "meshmedic"
Hear = Callable[[str], str | None]
TITLE = "meshmedic sandbox: everything here is simulated"
NOTICE = "Everything here is simulated: the people, the cluster and what happens to it."


@dataclass(slots=True)
class DiscordPage:
    """A running sandbox Discord. Its `url` lets a browser act as any of its people."""

    env: LiveEnv
    guild: GuildHandle
    channel: ChannelHandle
    preview: LivePreview
    client: discord.Client
    _ending: asyncio.Task[None] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """The address to open, with this session's key in it."""
        return self.preview.url

    async def wait_closed(self) -> None:
        """Wait until the page, Ctrl-C or SIGTERM ends the session."""
        with _on_signals(self._end):
            await self.preview.wait_closed()

    async def restart(self, client: discord.Client) -> None:
        """Close the client and continue with another, as after a restart of the process."""
        async with self.preview.action_lock:
            await self.client.close()
            self.client = client
            await self.env.restart_bot(client)
            self.preview.publish()

    def _end(self) -> None:
        self._ending = asyncio.ensure_future(self.preview.close())


@asynccontextmanager
async def live_discord(
    client: discord.Client,
    *,
    port: int = 0,
    title: str = TITLE,
    notice: str = NOTICE,
    hint: str = "",
    hear: Hear | None = None,
) -> AsyncIterator[DiscordPage]:
    """Run `client`, which must not be started yet, in a sandbox Discord; close both at the end.

    The page listens on 127.0.0.1 only, on `port` or on any free one (0). `notice` is the channel's
    topic and, with `hint`, its first message. `hear` receives the messages of people, which the bot
    never reads; the sandbox itself posts the answer. Raises InputError when the port is not free.
    """
    require_known_simcord()
    env = LiveEnv(client)
    guild, channel, viewers = _build_world(env, topic=notice)
    preview = LivePreview(env, channel, viewers, title=title, port=port)
    page = DiscordPage(env, guild, channel, preview, client)
    try:
        await _listen(preview, port)
        await env.start()
        webhook = guild.create_webhook(channel, "Sandbox")
        await webhook.send(f"{notice}\n{hint}".strip())
        preview.hear = hear
        preview.say = webhook.send
        yield page
    finally:
        await preview.close()
        await page.client.close()
        await env.shutdown()


async def _listen(preview: LivePreview, port: int) -> None:
    try:
        await preview.__aenter__()  # closed by the caller, who must close the client in between
    except SetupError as error:
        reason = error.__cause__ or error
        why = reason.strerror if isinstance(reason, OSError) and reason.strerror else str(reason)
        raise InputError(
            f"Cannot listen on 127.0.0.1:{port} ({why}). Choose another, or 0 for any that is free."
        ) from error


def _build_world(
    env: LiveEnv, *, topic: str
) -> tuple[GuildHandle, ChannelHandle, tuple[MemberActor, ...]]:
    """Lay out the server before the client starts, so that it finds it when it logs in."""
    env.backend.bot_user.name = BOT_NAME
    owner = _add_user(env, OWNER_ID, "owner")
    guild = env.create_guild("Homelab", id=GUILD_ID, owner=owner)
    channel = _add_channel(env, guild, topic)
    guest = guild.add_member(_add_user(env, GUEST_ID, "guest"))
    return guild, channel, (MemberActor(env, guild, owner), guest)


def _add_user(env: LiveEnv, user_id: int, name: str) -> UserHandle:
    # simcord's own create_user chooses the id.
    user = User(id=env.backend.reserve_id(user_id), name=name)
    env.backend.users[user.id] = user
    return UserHandle(env, user)


def _add_channel(env: LiveEnv, guild: GuildHandle, topic: str) -> ChannelHandle:
    # simcord's own create_text_channel chooses the id.
    channel = Channel(
        id=env.backend.reserve_id(CHANNEL_ID),
        type=ChannelType.TEXT,
        name="ops",
        guild_id=guild.id,
        topic=topic,
    )
    env.backend.channels[channel.id] = channel
    env.backend.messages[channel.id] = {}
    env.backend.guilds[guild.id].channel_ids.append(channel.id)
    return ChannelHandle(env, guild, channel)


@contextmanager
def _on_signals(end: Callable[[], None]) -> Iterator[None]:
    """Call `end` once at Ctrl-C or SIGTERM; a second Ctrl-C then interrupts as usual."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def stop() -> None:
        forget()
        end()

    def forget() -> None:
        with suppress(NotImplementedError):  # no signal handlers in Windows' loops
            for number in numbers:
                loop.remove_signal_handler(number)

    with suppress(NotImplementedError):
        for number in numbers:
            loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        forget()
