"""Who may do what: three circles, each within the one before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Circle(IntEnum):
    """What a person may do: look (viewer), probe (operator), approve a change (approver)."""

    VIEWER = 1
    OPERATOR = 2
    APPROVER = 3


@dataclass(frozen=True, slots=True)
class Members:
    """People named by user id, or by a role that they have at the moment of the click."""

    users: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.users or self.roles)

    def has(self, user: int, roles: frozenset[int]) -> bool:
        """Whether this person is one of them."""
        return user in self.users or not self.roles.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class Circles:
    """The three circles. Empty viewers or operators are the approvers; nobody is everybody."""

    viewers: Members = Members()
    operators: Members = Members()
    approvers: Members = Members()

    def of(self, user: int, roles: Iterable[int]) -> Circle | None:
        """The widest circle that this person is in, or None for a stranger."""
        held = frozenset(roles)
        by_circle = {
            Circle.APPROVER: self.approvers,
            Circle.OPERATOR: self.operators,
            Circle.VIEWER: self.viewers,
        }
        return next(
            (circle for circle, members in by_circle.items() if members.has(user, held)), None
        )

    def allow(self, needed: Circle, user: int, roles: Iterable[int]) -> bool:
        """Whether this person may do what needs that circle."""
        circle = self.of(user, roles)
        return circle is not None and circle >= needed
