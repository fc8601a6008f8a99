"""The person behind an interaction, whose roles are confirmed with Discord before each write."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.domain.authorization import Role, Roles
from bot.errors import MeshmedicError, Refused

FRESH = 2.0
"""Seconds for which Discord's answer counts: the pods of one test are made at once, and Discord
limits how often a member is asked for."""

LEFT = "You are no longer a member of this server, so nothing was written."
GONE = "You no longer have the role {role}, so nothing was written."
UNKNOWN = "Nothing was written: {error} Your role {role} could not be confirmed."

RolesNow = Callable[[int], Awaitable[frozenset[int] | None]]
"""The Discord roles of a user id now; None for a person who is not a member.

Raises MeshmedicError.
"""


@dataclass(slots=True)
class Person:
    """A principal of one interaction; `needed` is the role of its command or control.

    After one refused write, every other write of that interaction is refused. Writes that wait
    while Discord is asked share one question, however long it takes.
    """

    user: int
    needed: Role
    roles: Roles
    roles_now: RolesNow
    clock: Callable[[], float] = time.monotonic
    refusal: Refused | None = field(default=None, init=False)
    _held: frozenset[int] | None = field(default=None, init=False)
    _asked: float = field(default=float("-inf"), init=False)
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def authorize(self, needed: Role, /) -> None:
        """Ask Discord, unless it has just been asked.

        Raises:
            Refused: They lost the role or left the server, or Discord does not answer.
        """
        needed, called = max(needed, self.needed), self.clock()
        async with self._asking:
            if self.refusal:
                raise Refused(*self.refusal.args)
            try:
                await self._confirm(needed, called)
            except Refused as refused:
                self.refusal = refused
                raise

    async def _confirm(self, needed: Role, called: float) -> None:
        role = needed.name.lower()
        now = self.clock()
        if self._asked < called and now - self._asked >= FRESH:
            try:
                self._held = await self.roles_now(self.user)
            except MeshmedicError as error:
                raise Refused(UNKNOWN.format(error=error, role=role)) from error
            self._asked = now
        if self._held is None:
            raise Refused(LEFT)
        if not self.roles.allow(needed, self.user, self._held):
            raise Refused(GONE.format(role=role))
