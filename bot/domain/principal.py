"""The principal that the present task acts for. A person's role is confirmed before each write.

Every adapter that writes to the cluster, the repository or the bot's records calls `authorize`
before it sends. The chat client sets the person in one place, for all commands and controls. So no
command can forget to ask. A task acts for the same principal as the task that started it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from bot.domain.authorization import Role


class Principal(Protocol):
    """The one who causes a write."""

    async def authorize(self, needed: Role, /) -> None:
        """Return if the principal may write now.

        Raises:
            Refused: They do not have the role, or it could not be confirmed. The message says why,
                to them.
        """
        ...

    @property
    def refusal(self) -> Exception | None:
        """What `authorize` raised, even if a caller caught it; None if it raised nothing."""
        ...


class Itself:
    """The bot itself: its schedules, its bookkeeping, and what a stored approval lets it do."""

    refusal = None

    async def authorize(self, _needed: Role, /) -> None:
        """Always."""


class Nobody:
    """What comes from Discord, until the person is known: nothing may be written."""

    refusal = None

    async def authorize(self, _needed: Role, /) -> None:
        """Never.

        Raises:
            RuntimeError: Always: no person was confirmed.
        """
        raise RuntimeError("A write before the person was known.")


ITSELF, NOBODY = Itself(), Nobody()

_principal: ContextVar[Principal] = ContextVar("principal", default=ITSELF)


async def authorize(needed: Role = Role.VIEWER) -> None:
    """Return if the principal may write now. The command's own role is needed as well.

    Raises:
        Refused: The principal may not write.
    """
    await _principal.get().authorize(needed)


def refusal() -> Exception | None:
    """Why a write of the present task was refused; None if none was.

    Callers check it before they show an answer, so that partial work never looks complete.
    """
    return _principal.get().refusal


def act_as(principal: Principal) -> None:
    """Act for this principal until the present task ends."""
    _principal.set(principal)


@contextmanager
def acting_as(principal: Principal) -> Iterator[None]:
    """Act for this principal in this block, and in the tasks that it starts."""
    token = _principal.set(principal)
    try:
        yield
    finally:
        _principal.reset(token)
