"""Alerts: examine the cluster, store what changed, and post it once.

Each turn advances the stored state by a fresh report, derives from the state what is due, and has
`bot.alerting.delivery` post it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from msgspec.structs import replace

from bot.alerting.delivery import AlertDelivery
from bot.alerting.domain.actions import Board, due
from bot.alerting.domain.incident import ALERTS, Alerts
from bot.alerting.domain.outage import adopted, interrupted
from bot.alerting.domain.quiet import with_silences
from bot.alerting.domain.silences import MUTES, Mutes
from bot.alerting.domain.transitions import advance
from bot.alerting.domain.visibility import with_visibility
from bot.alerting.outage import OutageAlerts
from bot.domain.report import Report
from bot.errors import MeshmedicError

log = logging.getLogger(__name__)

LOOK_EVERY = 15
"""Seconds between two examinations."""

BOARD_EVERY = 60.0
"""Seconds between two edits of the board."""


class Examining(Protocol):
    """Makes reports of everything."""

    async def look(self) -> Report:
        """Examine the cluster."""
        ...


@dataclass
class AlertService:
    """Examines the cluster and has changes posted. `board` is the live board's channel, if any.

    outages: Knows which outages of the API server were told, where more than one process may act.
    healthy_at: When a turn last examined the cluster and Discord took all that was due.
    """

    health: Examining
    delivery: AlertDelivery
    board: int | None = None
    board_every: float = BOARD_EVERY
    outages: OutageAlerts | None = None
    healthy_at: datetime | None = field(default=None, init=False)
    _trouble: tuple[str, ...] = ()
    _lost: bool = False
    _shown_at: datetime | None = None

    async def turn(self) -> None:
        """Examine once, and post what is due. What fails is tried again in the next turn."""
        if not self.delivery.leadership.may_act():
            return
        try:
            trouble = await self._turn()
        except MeshmedicError as error:
            trouble = (str(error),)
        self.healthy_at = None if trouble or self._lost else self.delivery.clock()
        if trouble and trouble != self._trouble:
            log.warning("alerts wait: %s", "; ".join(trouble))
        self._trouble = trouble

    async def unfinished(self) -> bool:
        """Whether something that was posted is still open, or its end isn't posted yet.

        Raises:
            MeshmedicError: The state can't be read.
        """
        state = await self.delivery.store.read(ALERTS) or Alerts()
        posted = tuple(incident for incident in state.incidents if incident.posted)
        state = replace(state, incidents=posted)
        return bool(state.unfinished or due(state, self.delivery.clock(), self.delivery.rules))

    async def _turn(self) -> tuple[str, ...]:
        report = await self.health.look()
        store, rules, now = self.delivery.store, self.delivery.rules, self.delivery.clock()
        mutes = await store.read(MUTES) or Mutes()
        findings = with_visibility(report).findings
        muted = mutes.muted(findings, report.taken_at)
        told = await self.outages.standing() if self.outages else ()
        back_at = self.outages.back_at() if self.outages else None

        def change(old: Alerts | None) -> Alerts:
            if old and back_at:
                old = interrupted(old, back_at)
            state = with_silences(advance(old, report, rules, muted), mutes, report)
            return adopted(state, told)

        _, state = await store.change(ALERTS, change)
        if self.outages:
            self.outages.note(report, state)
        # A lost channel is left alone for minutes, in which nothing else shows that it is lost.
        used = {self.board or 0, *(route.channel for route in rules.routes)}
        self._lost = self.delivery.lost.leaves_alone(used)
        acts = [*due(state, now, rules)]
        shown = self._shown_at and (now - self._shown_at).total_seconds() < self.board_every
        if self.board and not shown:
            acts.append(Board(report.public, state, self.board))
        troubles = await self.delivery.carry_out(acts)
        if not shown and self.board not in troubles:
            self._shown_at = now
        return tuple(troubles.values())
