"""Tells whoever listens that a change moved: cards, the audit channel, Kubernetes Events."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.remediation.change.change import Change

log = logging.getLogger(__name__)

ChangeListener = Callable[[Change], Awaitable[None]]


@dataclass(slots=True)
class ChangeNotifier:
    """Listeners are added when the parts are wired; none of them can stop a change."""

    listeners: list[ChangeListener] = field(default_factory=list)

    async def tell(self, change: Change) -> None:
        """Tell everybody. Never raises."""
        for listener in self.listeners:
            try:
                await listener(change)
            except Exception:
                log.exception("somebody was not told of change %s", change.name)
