"""The history of changes as it is written: each move is saved first, and then made known."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from bot.domain.principal import ITSELF, acting_as
from bot.domain.refusal import Refusal
from bot.errors import InputError, MeshmedicError
from bot.remediation.change.change import Change
from bot.remediation.change.history import BOT
from bot.remediation.change.states import ChangeState
from bot.remediation.ports import ChangeStore

log = logging.getLogger(__name__)

ChangeListener = Callable[[Change], Awaitable[None]]


@dataclass(slots=True)
class ChangeNotifier:
    """Hands each new state to its listeners: cards, the audit channel, Kubernetes Events."""

    listeners: tuple[ChangeListener, ...] = ()

    async def notify(self, change: Change) -> None:
        """Never raises: a listener that fails cannot stop a change.

        The bot itself acts here, and not the person who caused the change.
        """
        with acting_as(ITSELF):
            for listener in self.listeners:
                try:
                    await listener(change)
                except Exception:
                    log.exception("a listener failed for change %s", change.name)


@dataclass(frozen=True, slots=True)
class ChangeJournal:
    """Moves changes from state to state."""

    store: ChangeStore
    clock: Callable[[], datetime]
    on_move: ChangeListener

    async def move(
        self, change: Change, state: ChangeState, by: str = BOT, note: str = ""
    ) -> Change:
        """Save a move, then make it known.

        Raises:
            InputError: The move is not allowed.
            Conflict: Somebody else moved the change first.
        """
        history = change.history.moved(
            state, by=by, at=self.clock(), expires=change.expires, note=note
        )
        if isinstance(history, Refusal):
            raise InputError(history.detail)
        saved = await self.store.write(replace(change, history=history))
        log.info(
            "change %s is %s, by %s: %s %s", saved.name, state, by, saved.plan.target, note[:200]
        )
        await self.on_move(saved)
        return saved

    async def annotate(self, change: Change, **notes: object) -> Change:
        """Save notes beside the history.

        Raises:
            Conflict: Somebody else wrote the change first.
        """
        return await self.store.write(change.noted(**notes))


async def quietly(work: Coroutine[Any, Any, Change]) -> None:
    """Do it if it can be done now; else the reconciler does it at its next look."""
    try:
        await work
    except MeshmedicError as error:
        log.info("a change was not moved: %s", error)
