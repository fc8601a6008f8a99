"""Alerts in Discord's channels."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal, TypeVar, assert_never

import discord

from bot.alerting.delivery import NoThread
from bot.alerting.domain import outage
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
from bot.chat.channel import Channels, ChannelUnavailable, Unsent, not_taken, walk
from bot.domain.finding import Finding
from bot.domain.story import LogTail
from bot.errors import ClusterError
from bot.render import cards as render

T = TypeVar("T")

logger = logging.getLogger(__name__)

DAY: Literal[1440] = 1440
"""Minutes without a message after which Discord archives a thread."""

THREAD_EXISTS = 160004
"""Source: Discord, "JSON error codes"."""

SERVER_ERROR = 500

LOG_SECONDS = 8.0
"""How long an alert waits for its log lines; then it is posted without them.

Its message is claimed before that, so `bot.domain.posting.PATIENCE` includes this time.
"""

Rows = Callable[[Incident], Sequence[render.Row]]
"""The rows of buttons under an incident."""

Logs = Callable[[Finding], Awaitable[LogTail | None]]
"""Fetches the last log lines of the container that explains a finding."""


class _ThreadExists(NoThread):
    """The message has its thread already."""


class DiscordAlertChannel:
    """The AlertChannel protocol.

    logs: None where alerts show no log lines. They are fetched once, when an incident's message is
    posted, and are kept in that message alone: an edit takes them from there.
    """

    def __init__(
        self,
        channels: Channels,
        rows: Rows,
        logs: Logs | None = None,
        log_seconds: float = LOG_SECONDS,
    ) -> None:
        self._channels = channels
        self._rows = rows
        self._logs = logs
        self._log_seconds = log_seconds

    async def post(self, act: Post) -> int:
        """Post it; it mentions a role where one is set, and a board is pinned where it can be."""
        role = _role(act)
        if isinstance(act, Tell):
            await self._thread(act)
            # A thread has the id of its message. It is silent unless it mentions a role.
            line = self._channels.send(
                act.message, self._marked(act), silent=role is None, role=role
            )
            return (await self._threaded(line)).id
        sent = await self._channels.post(
            act.channel,
            self._marked(act, await self._fetched(act)),
            silent=isinstance(act, Board),
            role=role,
            reply_to=act.message if isinstance(act, End) else None,
        )
        if isinstance(act, Board):
            # It serves unpinned too, and the permission is up to the owner.
            with suppress(Unsent, ChannelUnavailable):
                await self._channels.request(sent.pin())
        return sent.id

    async def edit(self, act: Edit | Board | BlindBoard) -> bool:
        """Replace its card; False where it was deleted."""
        card = self._marked(act, await self._shown(act))
        return await self._channels.edit(act.channel, act.message, card)

    async def _fetched(self, act: Post) -> str:
        """The log lines of a new incident; empty where none are wanted, or can be read."""
        if self._logs is None or not isinstance(act, OpenIncident) or act.incident.ended:
            return ""
        try:
            async with asyncio.timeout(self._log_seconds):
                tail = await self._logs(act.incident.head)
        except (ClusterError, TimeoutError) as error:
            logger.info("an alert has no log lines: %s", error or "they took too long")
            return ""
        return discord_alert.last_lines(tail) if tail else ""

    async def _shown(self, act: Edit | Board | BlindBoard) -> str:
        """The log lines that an incident's message has."""
        if self._logs is None or not isinstance(act, Edit) or act.incident.ended:
            return ""
        return await self._channels.text(act.channel, act.message, discord_alert.LOG)

    async def find(self, act: Post, since: datetime) -> int | None:
        """The bot's own message with the mark of an act."""
        if isinstance(act, Tell):
            await self._thread(act)
            return await self._threaded(self._channels.search(act.message, act.mark, since))
        return await self._channels.find(act.channel, act.mark, since)

    async def find_outages(
        self, channel: int, stems: tuple[str, ...], since: datetime
    ) -> tuple[FoundOutage, ...]:
        """The bot's own messages about outages with such ids, oldest first; of many, the latest."""
        return await self._channels.request(self._outages(channel, stems, since))

    async def _outages(
        self, channel: int, stems: tuple[str, ...], since: datetime
    ) -> tuple[FoundOutage, ...]:
        known = outage.ids_by_component(stems)
        newest_first = [message async for message in self._channels.own(channel, since)]
        outages = (_outage(message, known, stems) for message in reversed(newest_first))
        return tuple(filter(None, outages))

    def _marked(self, act: Post | Edit | BlindBoard, log: str = "") -> render.Card:
        detail = outage.detail(act.incident) if isinstance(act, OpenIncident | Edit) else 0
        return render.marked(self._card(act, log), act.mark, detail, withheld=_withheld(act))

    def _card(self, act: Post | Edit | BlindBoard, log: str = "") -> render.Card:
        match act:
            case OpenIncident(incident, role=role):
                return self._incident(incident, role, log)
            case Edit(incident):
                return self._incident(incident, log=log)
            case Tell():
                return discord_alert.timeline(act.lines, act.role)
            case End(incident) if is_outage(incident):
                return outage_view.end(incident)
            case End(incident):
                return discord_alert.end(incident)
            case Summary(incidents):
                return discord_alert.summary(incidents, act.role)
            case BlindBoard(incident):
                return outage_view.board(incident)
            case Board():
                return discord_alert.board(act.report, act.state)
            case _:
                assert_never(act)

    def _incident(self, incident: Incident, role: int | None = None, log: str = "") -> render.Card:
        if shows_outage(incident):
            return outage_view.incident(incident, role)
        return discord_alert.incident(incident, self._rows(incident), role, log)

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
            msg = "Discord has not listed its servers yet."
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


def _role(act: Post | Edit | BlindBoard) -> int | None:
    return act.role if isinstance(act, OpenIncident | Tell | Summary) else None


def _withheld(act: Post | Edit | BlindBoard) -> render.Card:
    """The card without a word of the cluster, for a text that Discord rejects.

    Its filters of links and words judge names and messages that anybody may have chosen.
    """
    match act:
        case Board(state=state):
            incidents = state.unfinished
        case Summary(incidents):
            pass
        case _:
            incidents = (act.incident,)
    return discord_alert.withheld(incidents, _role(act))


def _outage(message: Any, known: dict[int, str], stems: tuple[str, ...]) -> FoundOutage | None:
    """The outage that a message is about, if it is about one."""
    parts = [*walk(message.components)]
    ids = [part.id for part in parts]
    if found := outage.by_components(ids, message.id, known):
        return found
    texts = (getattr(part, "content", "") for part in parts)
    of_text = (outage.by_text(text, message.id, stems) for text in texts if text)
    return next(filter(None, of_text), None)
