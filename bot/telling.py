"""Alerts in Discord's channels, by REST alone: so also without a session."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

import aiohttp
import discord

from bot.alerts import Unsent
from bot.core.alerts.incident import Alerts, Incident
from bot.core.report import Report
from bot.render import discord as render
from bot.render import discord_alert

T = TypeVar("T")

SECONDS = 30.0
"""For one request, with the library's own patience with rate limits."""

SEARCHED = 300
"""Messages that are looked through for our own."""

Rows = Callable[[Incident], Sequence[render.Row]]


class Telling:
    """The Channel protocol."""

    def __init__(self, client: Callable[[], discord.Client], rows: Rows) -> None:
        self._client = client
        self._rows = rows

    async def open(self, channel: int, incident: Incident, role: int | None) -> int:
        """Send it, and mention the role where one is set; nobody else can be."""
        mention = f"<@&{role}>\n" if role else ""
        card = discord_alert.incident(incident, self._rows(incident), mention)
        allowed = discord.AllowedMentions.none()
        if role:
            allowed.roles = [discord.Object(role)]
        sent = await _asked(
            self._place(channel).send(view=card.view, nonce=incident.id, allowed_mentions=allowed)
        )
        return sent.id

    async def edit(self, channel: int, message: int, incident: Incident) -> None:
        """Bring it up to date; its timeline stands in it."""
        part = self._place(channel).get_partial_message(message)
        card = discord_alert.incident(incident, self._rows(incident))
        # Whoever deleted it does not want to read it.
        with suppress(discord.NotFound):
            await _asked(part.edit(view=card.view, allowed_mentions=discord.AllowedMentions.none()))

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
                mention_author=False,
            )
        )
        return sent.id

    async def sum_up(self, channel: int, incidents: tuple[Incident, ...], mark: str) -> int:
        """One message for all of them."""
        card = discord_alert.summary(incidents, mark)
        sent = await _asked(self._place(channel).send(view=card.view, nonce=mark))
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
                await _asked(place.get_partial_message(message).edit(view=view))
                return message
        sent = await _asked(place.send(view=view, silent=True))
        # Unpinned it serves as well, and the permission is the owner's affair.
        with suppress(Unsent):
            await _asked(sent.pin())
        return sent.id

    def _place(self, channel: int) -> discord.PartialMessageable:
        return self._client().get_partial_messageable(channel)

    async def _found(self, channel: int, mark: str, since: datetime) -> int | None:
        user = self._client().user
        history = self._place(channel).history(limit=SEARCHED, after=since - SKEW)
        async for each in history:
            ours = user is None or each.author.id == user.id
            if ours and any(text.endswith(mark) for text in _texts(each.components)):
                return each.id
        return None


SKEW = timedelta(minutes=10)
"""How far our clock and Discord's may be apart."""


async def _asked(asked: Awaitable[T]) -> T:
    """What Discord answers, within a time.

    Raises:
        Unsent: It does not, or does not let the bot.
        NotFound: The message is gone.
    """
    try:
        async with asyncio.timeout(SECONDS):
            return await asked
    except discord.NotFound as error:
        if error.code == UNKNOWN_MESSAGE:
            raise
        msg = "Discord knows no such channel: it was deleted, or the bot cannot see it."
        raise Unsent(msg) from error
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        msg = f"Discord did not take it: {str(error)[:200] or type(error).__name__}"
        raise Unsent(msg) from error


UNKNOWN_MESSAGE = 10008


def _texts(components: Iterable[Any]) -> list[str]:
    """The texts of all components, nested ones too."""
    found: list[str] = []
    for each in components:
        if content := getattr(each, "content", None):
            found.append(str(content))
        found += _texts(getattr(each, "children", ()) or ())
    return found
