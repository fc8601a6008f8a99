"""Alerts in Discord's channels."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal, TypeVar, assert_never

import discord

from bot.alerting.delivery import NoThread
from bot.alerting.domain.actions import (
    BlindBoard,
    Board,
    Edit,
    End,
    OpenIncident,
    Post,
    Summary,
    Tell,
)
from bot.alerting.domain.incident import Incident
from bot.alerting.domain.outage import FoundOutage, is_outage, shows_outage
from bot.alerting.views import discord as discord_alert
from bot.alerting.views import outage as outage_view
from bot.chat.channel import (
    Channels,
    ChannelUnavailable,
    InvalidMessage,
    Unsent,
    component_values,
    not_taken,
)
from bot.render import cards as render

T = TypeVar("T")

SECONDS = 30.0
SEARCHED = 300
UNKNOWN = "Discord knows no such channel: it was deleted, or the bot cannot see it."

DAY: Literal[1440] = 1440
"""Minutes without a message after which Discord archives a thread."""

SKEW = timedelta(minutes=10)
"""How far our clock and Discord's may be apart."""

THREAD_EXISTS = 160004
"""Source: Discord, "JSON error codes"."""

SERVER_ERROR = 500

Rows = Callable[[Incident], Sequence[render.Row]]
"""The rows of buttons under an incident."""


class _ThreadExists(NoThread):
    """The message has its thread already."""


class DiscordAlertChannel:
    """The AlertChannel protocol."""

    def __init__(self, client: discord.Client, rows: Rows, guild: int) -> None:
        self._channels = Channels(client, SECONDS, SEARCHED, UNKNOWN, guild)
        self._rows = rows

    async def post(self, act: Post) -> int:
        """Post it; it mentions a role where one is set, and a board is pinned where it can be."""
        if isinstance(act, Tell):
            await self._thread(act)
            # A thread has the id of its message.
            return (await self._threaded(self._send(act, act.message))).id
        try:
            sent = await self._channels.request(self._send(act, act.channel))
        except InvalidMessage:
            withheld = self._send(act, act.channel, withheld=True)
            sent = await self._channels.request(withheld)
        if isinstance(act, Board):
            # It serves unpinned too, and the permission is the owner's affair.
            with suppress(Unsent, ChannelUnavailable):
                await self._channels.request(sent.pin())
        return sent.id

    async def edit(self, act: Edit | Board | BlindBoard) -> bool:
        """Replace its card; False where it was deleted."""
        try:
            return await self._channels.edit(act.channel, act.message, self._card(act))
        except InvalidMessage:
            return await self._channels.edit(act.channel, act.message, self._withheld(act))

    async def find(self, act: Post, since: datetime) -> int | None:
        """Our own message whose text carries the mark."""
        if isinstance(act, Tell):
            await self._thread(act)
            return await self._threaded(self._search(act, act.message, since))
        return await self._channels.request(self._search(act, act.channel, since))

    async def find_outages(
        self, channel: int, stems: tuple[str, ...], since: datetime
    ) -> tuple[FoundOutage, ...]:
        """Our own messages whose text carries such an id, oldest first; of many, the latest."""
        return await self._channels.request(self._outages(channel, stems, since - SKEW))

    async def _outages(
        self, channel: int, stems: tuple[str, ...], since: datetime
    ) -> tuple[FoundOutage, ...]:
        found = [
            outage_view.read(text, message.id, stems)
            async for message in self._channels.own(channel, since, oldest_first=False)
            for text in component_values(message.components, "content")
        ]
        return tuple(outage for outage in reversed(found) if outage)

    async def complain(self, channel: int, lost: int, why: str) -> None:
        """Tell the owner which channel is lost, and why."""
        await self._channels.request(self._channels.send(channel, discord_alert.lost(lost, why)))

    def _send(
        self, act: Post, channel: int, *, withheld: bool = False
    ) -> Awaitable[discord.Message]:
        role = act.role if isinstance(act, OpenIncident | Tell | Summary) else None
        return self._channels.send(
            channel,
            self._withheld(act, role) if withheld else self._card(act),
            nonce=act.mark,
            # A timeline is silent unless it mentions a role.
            silent=isinstance(act, Board) or (isinstance(act, Tell) and role is None),
            role=role,
            reply_to=act.message if isinstance(act, End) else None,
        )

    def _search(self, act: Post, channel: int, since: datetime) -> Awaitable[int | None]:
        return self._channels.find(channel, act.mark, "content", since - SKEW)

    def _card(self, act: Post | Edit | BlindBoard) -> render.Card:
        match act:
            case OpenIncident(incident, role=role):
                return self._incident(incident, role)
            case Edit(incident):
                return self._incident(incident)
            case Tell():
                return discord_alert.timeline(act.lines, act.mark, act.role)
            case End(incident) if is_outage(incident):
                return outage_view.end(incident, act.mark)
            case End(incident):
                return discord_alert.end(incident, act.mark)
            case Summary(incidents):
                return discord_alert.summary(incidents, act.mark, act.role)
            case BlindBoard(incident):
                return outage_view.board(incident, act.mark)
            case Board():
                return discord_alert.board(act.report, act.state, act.mark)
            case _:
                assert_never(act)

    def _withheld(self, act: Post | Edit | BlindBoard, role: int | None = None) -> render.Card:
        """The card without a word of the cluster, for a text that Discord rejects.

        Its filters of links and words judge names and messages that anybody may have chosen.
        """
        match act:
            case Board(state=state):
                incidents = tuple(one for one in state.incidents if not one.ended)
            case Summary(incidents):
                pass
            case _:
                incidents = (act.incident,)
        mark = act.incident.id if isinstance(act, Edit) else act.mark
        return discord_alert.withheld(incidents, mark, role)

    def _incident(self, incident: Incident, role: int | None = None) -> render.Card:
        if shows_outage(incident):
            return outage_view.incident(incident, role)
        return discord_alert.incident(incident, self._rows(incident), role)

    async def _thread(self, act: Tell) -> None:
        """Create the thread, unless something is posted in it already."""
        post = act.incident.thread.post
        if post and post.message:
            return
        part = self._channels.at(act.channel).get_partial_message(act.message)
        name = discord_alert.thread_name(act.incident)
        try:
            await self._threaded(part.create_thread(name=name, auto_archive_duration=DAY))
        except ValueError as error:
            # The library wants the server, which it hears of when it connects.
            msg = "Discord has not told yet which servers there are."
            raise Unsent(msg) from error
        except _ThreadExists:
            return

    async def _threaded(self, request: Awaitable[T]) -> T:
        """Discord's answer to a request that concerns a thread.

        Raises:
            Unsent: There was none.
            NoThread: The bot may have no thread there, or the message was deleted.
        """
        try:
            return await self._channels.answer(request)
        except discord.HTTPException as error:
            if error.status in (408, 429) or error.status >= SERVER_ERROR:
                raise Unsent(not_taken(error)) from error
            kind = _ThreadExists if error.code == THREAD_EXISTS else NoThread
            raise kind(error.text[:100] or "it was refused") from error
