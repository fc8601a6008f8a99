"""Who may do what: viewers, operators and approvers, each group within the one before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """What a person may do: look (viewer), run probes (operator), approve a change (approver)."""

    VIEWER = 1
    OPERATOR = 2
    APPROVER = 3


def required(role: Role) -> str:
    """What a person without that role reads: which one it is, and who gives it."""
    name = role.name.lower()
    setting = f"`MESHMEDIC_{role.name}S`"
    return f"You need the {name} role for this. Ask the owner to add you to {setting}."


@dataclass(frozen=True, slots=True)
class Members:
    """People named by user id, or by a Discord role that they hold at the moment."""

    users: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.users or self.roles)

    def has(self, user: int, roles: frozenset[int]) -> bool:
        """Whether a person with these Discord roles is a member."""
        return user in self.users or not self.roles.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class Roles:
    """The members of each role.

    Where no viewers or operators are named, the settings put the approvers in their place. A role
    without members admits no one.
    """

    viewers: Members = Members()
    operators: Members = Members()
    approvers: Members = Members()

    def allow(self, needed: Role, user: int, discord_roles: Iterable[int]) -> bool:
        """Whether a person with these Discord roles has that role, or one with more rights."""
        held = frozenset(discord_roles)
        members = {
            Role.VIEWER: self.viewers,
            Role.OPERATOR: self.operators,
            Role.APPROVER: self.approvers,
        }
        return any(members[role].has(user, held) for role in Role if role >= needed)
