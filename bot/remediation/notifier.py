"""Tells whoever listens that a change moved: cards, the audit channel, Kubernetes Events."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.remediation.change.change import Change

log = logging.getLogger(__name__)

ChangeListener = Callable[[Change], Awaitable[None]]


@dataclass(slots=True)
class ChangeNotifier:
    """Tells its listeners of each change that moves; none of them can stop a change."""

    listeners: tuple[ChangeListener, ...] = ()

    async def tell(self, change: Change) -> None:
        """Tell everybody. Never raises."""
        for listener in self.listeners:
            try:
                await listener(change)
            except Exception:
                log.exception("somebody was not told of change %s", change.name)
