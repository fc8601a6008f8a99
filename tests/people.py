"""People whose roles come and go."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.chat.person import Person
from bot.domain.authorization import Members, Role, Roles
from bot.errors import Unreachable

USER = 100_000_000_000_000_009
OPERATOR, APPROVER = 8, 7
BY_ROLE = Roles(
    operators=Members(roles=frozenset({OPERATOR})), approvers=Members(roles=frozenset({APPROVER}))
)


@dataclass
class Fickle:
    """A Discord in which a person's roles change.

    roles: None for a person who is not a member. silent: Whether Discord does not answer.
    """

    roles: frozenset[int] | None = frozenset({OPERATOR})
    silent: bool = False
    asked: list[int] = field(default_factory=list)
    now: float = 0.0
    """Seconds, by the clock of its people."""

    async def __call__(self, user: int, /) -> frozenset[int] | None:
        self.asked.append(user)
        if self.silent:
            raise Unreachable("Discord could not be asked for the member.")
        return self.roles

    def person(self, user: int = USER, needed: Role = Role.OPERATOR) -> Person:
        """A person who had the role when they sent a command."""
        return Person(user, needed, BY_ROLE, self, lambda: self.now)
