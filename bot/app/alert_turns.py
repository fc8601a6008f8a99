"""The alerts of the channels that count at present: built anew when somebody chooses others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.alerting.domain.rules import Rules
from bot.alerting.service import AlertService


class AlertTurns:
    """Runs one AlertService after another. All that they must remember is in the store.

    build: Makes one for some rules and the channel of the board.
    always: Examine the cluster although no channel is set: the dead man's switch waits for it.
    """

    def __init__(
        self, build: Callable[[Rules, int | None], AlertService], *, always: bool = False
    ) -> None:
        self._build = build
        self._always = always
        self._service: AlertService | None = None

    def use(self, rules: Rules, board: int | None) -> None:
        """Go by these channels from now on."""
        needed = bool(rules.routes or board or self._always)
        self._service = self._build(rules, board) if needed else None

    @property
    def healthy_at(self) -> datetime | None:
        """When a turn last examined the cluster and Discord took all that was due."""
        return self._service.healthy_at if self._service else None

    async def turn(self) -> None:
        """Examine the cluster, and post what is due."""
        if self._service:
            await self._service.turn()

    async def outages_turn(self) -> None:
        """Post that the API server is gone, where that is due."""
        if self._service and self._service.outages:
            await self._service.outages.turn()
