"""The digests, wired: what the settings say of them, the store, Discord, and their hours."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord

from bot.chronicle import EVERY, Chronicle
from bot.core.digest.plan import Plan
from bot.core.election import Leadership
from bot.core.report import Report
from bot.digest import Digests, nobody
from bot.drawing import Draw
from bot.health import Health
from bot.keeping import Store
from bot.mailing import Mailing, Rows
from bot.postbox import Outcome
from bot.schedule import Schedule as Jobs


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
    approvals: Callable[[], tuple[str, ...]] = tuple,
    **more: Any,
) -> Digests:
    """The use case, by Discord."""
    return Digests(
        health=health,
        store=store,
        postbox=Mailing(client, rows),
        leadership=leadership,
        draw=draw,
        me=secrets.token_hex(4),
        zone=plan.zone,
        defaults=plan.schedules(),
        fallback=plan.fallback,
        muted=muted,
        approvals=approvals,
        told=told,
        **more,
    )


def regularly(jobs: Jobs, made: Digests) -> None:
    """Look every minute whether one is due, and every five at the health for the history."""
    health = made.health
    chronicle = Chronicle(health, made.store, made.leadership, health.rounds)
    jobs.each_minute("digests", made.turn)
    jobs.every(EVERY, "history", chronicle.look)
