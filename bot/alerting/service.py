"""Alerts: look at the cluster, remember what changed, and have it said once.

Each turn reads the state, advances it by a fresh report, and writes it where it differs. What is
due is derived from the state, and said by `bot.alerting.delivery`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from bot.alerting.delivery import AlertChannel, AlertDelivery, AlertOutcome
from bot.alerting.domain.incident import ALERTS
from bot.alerting.domain.rules import Rules
from bot.alerting.domain.silences import MUTES, Mutes
from bot.alerting.domain.transitions import advance
from bot.domain.election import Leadership
from bot.domain.record import Store
from bot.domain.report import Report
from bot.errors import MeshmedicError

log = logging.getLogger(__name__)

LOOK_EVERY = 15
"""Seconds between two looks."""

BOARD_EVERY = 60.0
"""Seconds between two edits of the board."""


class Examining(Protocol):
    """Who gives a report of everything."""

    async def look(self) -> Report:
        """Examine the cluster."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Watchman:
    """The use case. `board` is the channel of the live board, if there is one.

    `fallback` is the channel in which the owner hears once that one is lost, `told` hears what
    became of each message.
    """

    health: Examining
    store: Store
    channel: AlertChannel
    leadership: Leadership
    rules: Rules
    board: int | None = None
    clock: Callable[[], datetime] = _now
    fallback: int = 0
    told: Callable[[AlertOutcome], None] = field(default=lambda _outcome: None)
    board_every: float = BOARD_EVERY
    _trouble: tuple[str, ...] = ()
    _shown_at: datetime | None = None

    def __post_init__(self) -> None:
        """What it says is said by one that remembers which channels rest."""
        self.messages = AlertDelivery(
            store=self.store,
            channel=self.channel,
            leadership=self.leadership,
            rules=self.rules,
            clock=self.clock,
            fallback=self.fallback,
            told=self.told,
        )

    async def turn(self) -> None:
        """Look once, and say what is due. Whatever fails is tried again at the next turn."""
        if not self.leadership.may_act():
            return
        try:
            trouble = await self._turn()
        except MeshmedicError as error:
            trouble = (str(error),)
        if trouble and trouble != self._trouble:
            log.warning("alerts wait: %s", "; ".join(trouble))
        self._trouble = trouble

    async def _turn(self) -> tuple[str, ...]:
        report = await self.health.look()
        mutes = await self.store.read(MUTES) or Mutes()
        muted = {**report.muted, **mutes.muted(report.findings, report.taken_at)}
        _, state = await self.store.change(
            ALERTS, lambda kept: advance(kept, report, self.rules, muted)
        )
        trouble = await self.messages.say(state)
        return trouble + await self._show(report)

    async def _show(self, report: Report) -> tuple[str, ...]:
        """Have the board brought up to date, where it is time."""
        now = self.clock()
        shown = self._shown_at and (now - self._shown_at).total_seconds() < self.board_every
        if self.board is None or shown:
            return ()
        trouble = await self.messages.show(report, self.board)
        self._shown_at = self._shown_at if trouble else now
        return trouble
