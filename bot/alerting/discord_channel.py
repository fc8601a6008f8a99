"""Alerts in Discord's channels, by REST alone: so also without a session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal, TypeVar

import discord

from bot.alerting.delivery import ChannelUnavailable, NoThread
from bot.alerting.domain.actions import Tell
from bot.alerting.domain.incident import Alerts, Incident
from bot.alerting.views import discord as discord_alert
from bot.chat.channel import (
    UNKNOWN_MESSAGE,
    Unsent,
    answer,
    answer_or_refusal,
    component_values,
    find_own,
    not_allowed,
    not_taken,
)
from bot.domain.report import Report
from bot.errors import MeshmedicError
from bot.render import cards as render

T = TypeVar("T")

SECONDS = 30.0
"""For one request, with the library's own patience with rate limits."""

SEARCHED = 300
"""Messages that are looked through for our own."""

Rows = Callable[[Incident], Sequence[render.Row]]


class DiscordAlertChannel:
    """The Channel protocol."""

    def __init__(self, client: discord.Client, rows: Rows, guild: int) -> None:
        self._client = client
        self._rows = rows
        self._guild = guild

    async def open(self, channel: int, incident: Incident, role: int | None) -> int:
        """Send it, and mention the role where one is set; nobody else can be."""
        card = discord_alert.incident(incident, self._rows(incident), role)
        sent = await _asked(
            self._place(channel).send(
                view=card.view, nonce=incident.id, allowed_mentions=_allowed(role)
            )
        )
        return sent.id

    async def edit(self, channel: int, message: int, incident: Incident) -> None:
        """Bring it up to date; its timeline stands in it."""
        part = self._place(channel).get_partial_message(message)
        card = discord_alert.incident(incident, self._rows(incident))
        # Whoever deleted it does not want to read it.
        with suppress(discord.NotFound):
            await _asked(part.edit(view=card.view, allowed_mentions=_allowed(None)))

    async def tell(self, message: int, act: Tell, since: datetime | None) -> int:
        """Silently, unless a role is to be called. A thread has the id of its message."""
        await self._thread(act.channel, message, act.incident)
        if since and (found := await _threaded(self._found(message, act.mark, since))):
            return found
        card = discord_alert.timeline(act.lines, act.mark, act.role)
        send = self._place(message).send(
            view=card.view,
            nonce=act.mark,
            silent=act.role is None,
            allowed_mentions=_allowed(act.role),
        )
        return (await _threaded(send)).id

    async def end(self, channel: int, message: int, incident: Incident, mark: str) -> int:
        """Answer to it; where it was deleted, a message of its own."""
        place = self._place(channel)
        reference = discord.MessageReference(
            message_id=message, channel_id=channel, fail_if_not_exists=False
        )
        sent = await _asked(
            place.send(
                view=discord_alert.end(incident, mark).view,
                reference=reference,
                nonce=mark,
                allowed_mentions=_allowed(None),
            )
        )
        return sent.id

    async def sum_up(self, channel: int, incidents: tuple[Incident, ...], mark: str) -> int:
        """One message for all of them."""
        card = discord_alert.summary(incidents, mark)
        sent = await _asked(
            self._place(channel).send(view=card.view, nonce=mark, allowed_mentions=_allowed(None))
        )
        return sent.id

    async def find(self, channel: int, mark: str, since: datetime) -> int | None:
        """Our own message whose text or buttons carry the mark."""
        return await _asked(self._found(channel, mark, since))

    async def board(
        self, channel: int, message: int | None, report: Report, state: Alerts, mark: str
    ) -> int:
        """Edit it in place; the first one is pinned, where the bot may pin."""
        view = discord_alert.board(report, state, mark).view
        place = self._place(channel)
        if message is not None:
            with suppress(discord.NotFound):
                await _asked(
                    place.get_partial_message(message).edit(
                        view=view, allowed_mentions=_allowed(None)
                    )
                )
                return message
        sent = await _asked(
            place.send(view=view, nonce=mark, silent=True, allowed_mentions=_allowed(None))
        )
        # Unpinned it serves as well, and the permission is the owner's affair.
        with suppress(Unsent, ChannelUnavailable):
            await _asked(sent.pin())
        return sent.id

    async def complain(self, channel: int, lost: int, why: str) -> None:
        """Tell the owner which channel is lost, and why."""
        await _asked(
            self._place(channel).send(
                view=discord_alert.lost(lost, why).view, allowed_mentions=_allowed(None)
            )
        )

    def _place(self, channel: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel, guild_id=self._guild)

    async def _thread(self, channel: int, message: int, incident: Incident) -> None:
        """Make it, unless something stands in it already."""
        post = incident.thread.post
        if post and post.message:
            return
        part = self._place(channel).get_partial_message(message)
        name = discord_alert.thread_name(incident)
        try:
            await _threaded(part.create_thread(name=name, auto_archive_duration=DAY))
        except _IsThere:
            return
        except ValueError as error:
            # The library wants the server, which it hears of when it connects.
            msg = "Discord has not told yet which servers there are."
            raise Unsent(msg) from error

    async def _found(self, channel: int, mark: str, since: datetime) -> int | None:
        return await find_own(
            self._client,
            self._place(channel).history(limit=SEARCHED, after=since - SKEW),
            lambda message: any(
                text.endswith(mark) for text in component_values(message.components, "content")
            ),
        )


DAY: Literal[1440] = 1440
"""Minutes without a line after which Discord folds a thread up."""

SKEW = timedelta(minutes=10)
"""How far our clock and Discord's may be apart."""


async def _asked(request: Awaitable[T]) -> T:
    """Discord's answer, within a time.

    Raises:
        Unsent: There was none.
        Lost: The channel does not exist, or the bot may not do this in it.
        NotFound: The message was deleted.
    """
    try:
        return await answer_or_refusal(request, SECONDS)
    except discord.NotFound as error:
        if error.code == UNKNOWN_MESSAGE:
            raise
        msg = "Discord knows no such channel: it was deleted, or the bot cannot see it."
        raise ChannelUnavailable(msg) from error
    except discord.Forbidden as error:
        raise ChannelUnavailable(not_allowed(error)) from error


class _IsThere(MeshmedicError):
    """The message has its thread."""


async def _threaded(request: Awaitable[T]) -> T:
    """Discord's answer to a request that concerns a thread.

    Raises:
        Unsent: There was none.
        _IsThere: The message has a thread already.
        NoThread: The bot may have no thread there, or the message was deleted.
    """
    try:
        return await answer(request, SECONDS)
    except discord.HTTPException as error:
        if error.code == THREAD_IS_THERE:
            raise _IsThere from error
        if error.status in (408, 429) or error.status >= SERVER_ERROR:
            raise Unsent(not_taken(error)) from error
        raise NoThread(error.text[:100] or "it was refused") from error


def _allowed(role: int | None) -> discord.AllowedMentions:
    """That role alone, if there is one."""
    roles = [discord.Object(role)] if role else False
    return discord.AllowedMentions(everyone=False, users=False, roles=roles, replied_user=False)


THREAD_IS_THERE = 160004
"""Source: Discord, "JSON error codes"."""

SERVER_ERROR = 500
