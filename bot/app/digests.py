"""The digests, wired: what the settings say of them, the store, Discord, and their hours."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping

import discord

from bot.charts.process import Draw
from bot.digest.composer import Composer, nobody, nothing
from bot.digest.delivery import DigestDelivery
from bot.digest.discord_channel import DiscordDigestChannel, Rows
from bot.digest.domain.config import DigestPlan
from bot.digest.ports import DigestOutcome
from bot.digest.service import Digests, unprepared
from bot.domain.election import Leadership
from bot.domain.report import Report
from bot.domain.state import Store
from bot.health.service import Health
from bot.history.recorder import EVERY, Chronicle
from bot.runtime.scheduler import Schedule as Jobs


class LateClient:
    """The client is made of what needs it: it is put in here when it is there."""

    client: discord.Client | None = None

    def get(self) -> discord.Client:
        """The client, once it is there."""
        if self.client is None:
            msg = "the client was asked for before it was made"
            raise RuntimeError(msg)
        return self.client


def digests(
    plan: DigestPlan,
    *,
    health: Health,
    store: Store,
    leadership: Leadership,
    draw: Draw,
    client: Callable[[], discord.Client],
    rows: Rows,
    told: Callable[[DigestOutcome], None],
    muted: Callable[[Report], Awaitable[Mapping[str, str]]] = nobody,
    approvals: Callable[[], Awaitable[tuple[str, ...]]] = nothing,
    prepare: Callable[[], Awaitable[None]] = unprepared,
) -> Digests:
    """The use case, by Discord."""
    composer = Composer(health, store, draw, plan.zone, muted=muted, approvals=approvals)
    sending = DigestDelivery(
        composer,
        store,
        DiscordDigestChannel(client, rows),
        leadership,
        me=secrets.token_hex(4),
        fallback=plan.fallback,
        told=told,
    )
    return Digests(store, composer, sending, plan.schedules(), prepare)


def regularly(jobs: Jobs, made: Digests) -> None:
    """Look every minute whether one is due, and every five at the health for the history."""
    health = made.composer.health
    chronicle = Chronicle(health, made.store, made.sending.leadership, health.rounds)
    jobs.each_minute("digests", made.turn)
    jobs.every(EVERY, "history", chronicle.look)
