"""The digests, wired: what the settings say of them, the store, Discord, and their hours."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping

import discord

from bot.chronicle import EVERY, Chronicle
from bot.composing import Composer, nobody, nothing
from bot.core.digest.plan import Plan
from bot.core.election import Leadership
from bot.core.report import Report
from bot.digest import Digests, unprepared
from bot.drawing import Draw
from bot.health import Health
from bot.keeping import Store
from bot.mailing import Mailing, Rows
from bot.postbox import Outcome
from bot.schedule import Schedule as Jobs
from bot.sending import Sending


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
    plan: Plan,
    *,
    health: Health,
    store: Store,
    leadership: Leadership,
    draw: Draw,
    client: Callable[[], discord.Client],
    rows: Rows,
    told: Callable[[Outcome], None],
    muted: Callable[[Report], Awaitable[Mapping[str, str]]] = nobody,
    approvals: Callable[[], Awaitable[tuple[str, ...]]] = nothing,
    prepare: Callable[[], Awaitable[None]] = unprepared,
) -> Digests:
    """The use case, by Discord."""
    composer = Composer(health, store, draw, plan.zone, muted=muted, approvals=approvals)
    sending = Sending(
        composer,
        store,
        Mailing(client, rows),
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
