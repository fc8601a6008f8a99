"""For whom the present task acts: a person is asked about once more, right before each write.

Every adapter that writes to the cluster, the repository or the bot's records calls `authorize`
before it sends. The chat client says who the person is, at one place for all commands and controls.
So no command can forget the question. A task that was started for somebody acts for them too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from bot.domain.authorization import Role


class Principal(Protocol):
    """Who wants what is written."""

    async def authorize(self, needed: Role, /) -> None:
        """Return if a write may happen now.

        Raises:
            Refused: It may not: they have no such role, or nobody knows. The message is for them.
        """
        ...

    @property
    def refusal(self) -> Exception | None:
        """What `authorize` raised, though somebody may have caught it; None where it did not."""
        ...


class Itself:
    """The bot itself: its schedules, its bookkeeping, and what a stored approval lets it do."""

    refusal = None

    async def authorize(self, _needed: Role, /) -> None:
        """Always."""


class Nobody:
    """What comes from Discord, until it is known from whom: nothing may be written."""

    refusal = None

    async def authorize(self, _needed: Role, /) -> None:
        """Never.

        Raises:
            RuntimeError: Always: who wants it was not asked.
        """
        raise RuntimeError("A write for an interaction of nobody.")


ITSELF, NOBODY = Itself(), Nobody()

_principal: ContextVar[Principal] = ContextVar("principal", default=ITSELF)


async def authorize(needed: Role = Role.VIEWER) -> None:
    """Ask whether the principal may write now; the command's own role is needed in any case.

    Raises:
        Refused: It may not.
    """
    await _principal.get().authorize(needed)


def refusal() -> Exception | None:
    """Why a write of the present task was refused: half of a work is not to be shown as the whole.

    None where none was refused.
    """
    return _principal.get().refusal


def act_as(principal: Principal) -> None:
    """Act for them until the present task ends."""
    _principal.set(principal)


@contextmanager
def acting_as(principal: Principal) -> Iterator[None]:
    """Act for them in this block, also in the tasks that it starts."""
    token = _principal.set(principal)
    try:
        yield
    finally:
        _principal.reset(token)
