"""Replies to people that also work where Discord loses a request or its response."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable

import aiohttp
import discord

from bot.chat import cluster_name
from bot.chat.http_trace import Attempts, counting
from bot.domain.election import Alone, Leadership
from bot.domain.principal import refusal
from bot.errors import MeshmedicError
from bot.render import cards as render

log = logging.getLogger(__name__)

ACKNOWLEDGE_AGAIN = (0.2,)
"""Seconds before an acknowledgement is sent again; Discord waits three in total."""

ANSWER_AGAIN = (0.5, 2.0)
"""Seconds before an answer is sent again."""

SERVER_ERROR = 500
EXPIRED = 10062
ALREADY_ACKNOWLEDGED = 40060

ALONE = Alone()

LOST = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What the library raises for a failed request."""


class Taken(Exception):
    """Another process of the bot acknowledged first and answers, so this one stays silent.

    Not a MeshmedicError, because nothing is to be shown to the person.
    """


ACKNOWLEDGED = "acknowledged"
"""The key in an interaction's `extras` for the time of its acknowledgement (monotonic)."""


PROMISED = "promised"
"""The key that is there while an acknowledged interaction has no answer yet."""

ARRIVED = "arrived"
"""The key for the time of its arrival, on the same clock."""

ATTEMPTS = "attempts"
"""The key for the attempts to acknowledge it."""


def acknowledged_at(interaction: discord.Interaction) -> float | None:
    """When an interaction was acknowledged; None if it was not."""
    at: float | None = interaction.extras.get(ACKNOWLEDGED)
    return at


async def acknowledge(interaction: discord.Interaction, *, private: bool) -> None:
    """Tell Discord within its three seconds that an answer will come.

    Raises:
        Taken: Another process of the bot did.
    """
    with counting(_attempts(interaction)):
        try:
            await _retry(
                lambda: interaction.response.defer(ephemeral=private, thinking=True),
                ACKNOWLEDGE_AGAIN,
            )
        except discord.HTTPException as error:
            _claim(interaction, error)
    interaction.extras.setdefault(ACKNOWLEDGED, time.monotonic())
    interaction.extras[PROMISED] = True


def _claim(interaction: discord.Interaction, error: discord.HTTPException) -> None:
    """Ignore that an interaction is acknowledged already, if we did it and the reply was lost.

    Raises:
        Taken: Another process acknowledged it, or may have.
        HTTPException: The error is another one.
    """
    if error.code != ALREADY_ACKNOWLEDGED:
        raise error
    now = time.monotonic()
    waited = now - interaction.extras.get(ARRIVED, now)
    if not _attempts(interaction).lost or waited >= _leadership(interaction).head_start():
        raise Taken from error
    log.warning("the reply to an acknowledgement was lost: %s", error)


def _attempts(interaction: discord.Interaction) -> Attempts:
    """The attempts so far to acknowledge an interaction."""
    attempts: Attempts = interaction.extras.setdefault(ATTEMPTS, Attempts())
    return attempts


def _leadership(interaction: discord.Interaction) -> Leadership:
    leadership: Leadership = getattr(interaction.client, "leadership", ALONE)
    return leadership


async def answer(interaction: discord.Interaction, card: render.Card) -> None:
    """Show the answer that `acknowledge` promised.

    It is an edit, so it can be sent again without saying anything twice.

    Raises:
        Refused: A write was refused, so the answer would be incomplete.
    """
    if refused := refusal():
        raise refused
    await _settle(interaction, card)


async def _settle(interaction: discord.Interaction, card: render.Card) -> None:
    await show(interaction, card)
    interaction.extras.pop(PROMISED, None)


async def show(interaction: discord.Interaction, card: render.Card) -> None:
    """Show how far it is, in the place of the answer, which is still promised."""
    view = _view(interaction, card)
    await _retry(
        lambda: interaction.edit_original_response(view=view, attachments=card.discord_files()),
        ANSWER_AGAIN,
    )


async def follow(
    interaction: discord.Interaction, card: render.Card, *, private: bool
) -> discord.WebhookMessage:
    """Post one more message after the answer."""
    view = _view(interaction, card)
    return await interaction.followup.send(view=view, ephemeral=private, wait=True)


def _view(interaction: discord.Interaction, card: render.Card) -> discord.ui.LayoutView:
    """What every reply sends of a card: with the cluster's name."""
    return cluster_name.named(card, cluster_name.of_client(interaction.client)).view


async def _retry(send: Callable[[], Awaitable[object]], delays: tuple[float, ...]) -> None:
    """Send, and retry on Discord's errors: the library gives up at once on 503 and resets."""
    for delay in (*delays, None):
        try:
            await send()
        except LOST as error:
            if delay is None or getattr(error, "status", SERVER_ERROR) < SERVER_ERROR:
                raise
            log.warning("sending again in %.1f s: %s", delay, error)
            await asyncio.sleep(delay)
        else:
            return


async def explain(interaction: discord.Interaction, error: BaseException) -> None:
    """Tell a person what went wrong: the error's message, else a number to look for in the log."""
    if isinstance(error, Taken):
        log.info("left an interaction to another process, which was faster")
        return
    if isinstance(error, discord.HTTPException) and error.code in (EXPIRED, ALREADY_ACKNOWLEDGED):
        log.warning("an interaction was answered too late, or by somebody else: %s", error)
        return
    if isinstance(error, MeshmedicError):
        await say(interaction, str(error))
        return
    number = secrets.token_hex(4)
    log.error("failure %s", number, exc_info=error)
    await say(
        interaction,
        f"Something went wrong. Search the bot's logs for error ID `{number}`.",
        raw=True,
    )


async def say(interaction: discord.Interaction, text: str, *, raw: bool = False) -> bool:
    """Tell a person something; False where another process of the bot answers.

    It takes the place of the answer that was promised, or else is for that person alone. Never
    raises, since there is nobody else to tell.
    """
    card = render.note(text, raw=raw)
    try:
        if interaction.extras.get(PROMISED) and await _kept(interaction, card):
            return True
        if _acknowledged(interaction) or not await _replied(interaction, card):
            await follow(interaction, card, private=True)
    except Taken:
        log.info("left an interaction to another process, which was faster")
        return False
    except LOST as error:
        log.warning("could not show a person %r: %s", text, error)
    return True


async def _kept(interaction: discord.Interaction, card: render.Card) -> bool:
    """Put an error where the answer was promised: everybody who saw the promise shall see it.

    False where that message cannot be edited, such as one that somebody deleted.
    """
    try:
        await _settle(interaction, card)
    except LOST as error:
        log.warning("could not show an error in place of the answer: %s", error)
        return False
    return True


def _acknowledged(interaction: discord.Interaction) -> bool:
    """Whether Discord has our acknowledgement, even if the library does not know."""
    return interaction.response.is_done() or acknowledged_at(interaction) is not None


async def _replied(interaction: discord.Interaction, card: render.Card) -> bool:
    """Send the first reply; False if the acknowledgement, whose answer was lost, had arrived.

    Raises:
        Taken: Another process's had arrived before it.
    """
    promised, view = _attempts(interaction).lost, _view(interaction, card)
    with counting(_attempts(interaction)):
        try:
            await interaction.response.send_message(view=view, ephemeral=True)
        except discord.HTTPException as error:
            _claim(interaction, error)
            if promised:
                return False
    interaction.extras.setdefault(ACKNOWLEDGED, time.monotonic())
    return True
