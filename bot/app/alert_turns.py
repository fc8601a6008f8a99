"""The alerts of the channels that count at present: built again when somebody chooses others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from bot.alerting.domain.rules import Rules
from bot.alerting.outage import OutageAlerts
from bot.alerting.service import AlertService
from bot.errors import MeshmedicError

log = logging.getLogger(__name__)


class AlertTurns:
    """Runs one AlertService after another. All that they must remember is in the store.

    Without any channel the cluster is examined only until what was posted earlier is brought to its
    end.

    build: Makes one for some rules and the channel of the board.
    outages: Goes on over all of them: what it posted while nothing can be stored it alone knows.
    always: Examine the cluster although no channel is set: the dead man's switch waits for it.
    """

    def __init__(
        self,
        build: Callable[[Rules, int | None], AlertService],
        outages: OutageAlerts | None = None,
        *,
        always: bool = False,
    ) -> None:
        self._build = build
        self._outages = outages
        self._always = always
        self._used: tuple[Rules, int | None] | None = None
        self._service: AlertService | None = None
        self._needed = False
        self._ended = False

    def use(self, rules: Rules, board: int | None) -> None:
        """Go by these channels from now on; nothing happens where they are the same as before."""
        if self._used == (rules, board):
            return
        self._used = rules, board
        if self._outages:
            self._outages.rules = rules
        self._needed = bool(rules.routes or board or self._always)
        self._ended = False
        self._service = self._build(rules, board)

    @property
    def healthy_at(self) -> datetime | None:
        """When a turn last examined the cluster and Discord took all that was due."""
        return self._service.healthy_at if self._service else None

    async def turn(self) -> None:
        """Examine the cluster, and post what is due."""
        if self._service and (self._needed or not await self._is_over(self._service)):
            await self._service.turn()

    async def outages_turn(self) -> None:
        """Post that the API server is gone, where that is due."""
        if self._needed and self._outages:
            await self._outages.turn()

    async def _is_over(self, service: AlertService) -> bool:
        if not self._ended:
            try:
                self._ended = not await service.unfinished()
            except MeshmedicError as error:
                log.debug("whether an alert is still open can't be read: %s", error)
                return True
        return self._ended
