"""Requests to Discord's channels by REST alone, so also without a session: their common errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, TypeVar

import aiohttp
import discord

from bot.errors import MeshmedicError

T = TypeVar("T")

BAD_REQUEST = 400
UNKNOWN_MESSAGE = 10008
"""Source: Discord, "JSON error codes"."""


class Unsent(MeshmedicError):
    """Discord gave no clear answer: the message may be there or not."""


class InvalidMessage(Unsent):
    """Discord rejects the content of the message."""


async def answer(request: Awaitable[T], seconds: float) -> T:
    """Discord's answer, within a time.

    Raises:
        Unsent: There was none.
        HTTPException: Discord answered with an error.
    """
    try:
        async with asyncio.timeout(seconds):
            return await request
    except discord.HTTPException:
        raise
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        raise Unsent(not_taken(error)) from error


async def answer_or_refusal(request: Awaitable[T], seconds: float) -> T:
    """Discord's answer, within a time; only a clear refusal is left as Discord's error.

    Raises:
        Unsent: There was no answer, or a temporary error.
        InvalidMessage: Discord rejects the content.
        Forbidden: The bot may not do this.
        NotFound: The channel or the message does not exist.
    """
    try:
        return await answer(request, seconds)
    except (discord.Forbidden, discord.NotFound):
        raise
    except discord.HTTPException as error:
        kind = InvalidMessage if error.status == BAD_REQUEST else Unsent
        raise kind(not_taken(error)) from error


def not_taken(error: Exception) -> str:
    """The text for a request without a clear answer."""
    return f"Discord did not take it: {str(error)[:200] or type(error).__name__}"


def not_allowed(error: discord.HTTPException) -> str:
    """The text for a request that Discord refuses."""
    return f"Discord does not let the bot do this there ({error.text[:100]})."


async def find_own(
    client: discord.Client,
    history: AsyncIterator[discord.Message],
    carries: Callable[[discord.Message], bool],
) -> int | None:
    """The id of the bot's first message in a channel's history that meets a condition."""
    user = client.user
    async for message in history:
        if (user is None or message.author.id == user.id) and carries(message):
            return message.id
    return None


def component_values(components: Iterable[Any], attribute: str) -> list[str]:
    """An attribute of all components, nested ones included, where it is set."""
    values: list[str] = []
    for component in components:
        if value := getattr(component, attribute, None):
            values.append(str(value))
        values += component_values(getattr(component, "children", ()) or (), attribute)
    return values
