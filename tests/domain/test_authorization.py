"""Who may do what."""

import pytest

from bot.domain.authorization import Members, Role, Roles

ME, FRIEND, STRANGER, ROLE = 1, 2, 3, 77


def members(*users: int, role: int | None = None) -> Members:
    return Members(frozenset(users), frozenset({role} if role else ()))


@pytest.mark.parametrize("role", list(Role))
def test_nobody_is_in_empty_circles(role):
    """Nothing set lets nobody in: a missing setting never opens a door."""
    assert not Roles().allow(role, ME, [ROLE])


def test_an_approver_may_do_everything_that_others_may():
    """The roles lie within one another."""
    roles = Roles(approvers=members(ME), operators=members(FRIEND), viewers=members(role=ROLE))
    assert all(roles.allow(role, ME, []) for role in Role)
    assert roles.allow(Role.OPERATOR, FRIEND, [])
    assert not roles.allow(Role.APPROVER, FRIEND, [])
    assert roles.allow(Role.VIEWER, STRANGER, [ROLE])
    assert not roles.allow(Role.OPERATOR, STRANGER, [ROLE])
    assert not roles.allow(Role.VIEWER, STRANGER, [])


def test_a_role_counts_only_while_it_is_held():
    """The roles are those of the moment that asks."""
    roles = Roles(approvers=members(role=ROLE))
    assert roles.allow(Role.APPROVER, STRANGER, [ROLE, 5])
    assert not roles.allow(Role.APPROVER, STRANGER, [5])


def test_a_viewer_may_not_approve():
    """Looking is not approving."""
    roles = Roles(viewers=members(FRIEND), approvers=members(ME))
    assert not roles.allow(Role.OPERATOR, FRIEND, [])
    assert not roles.allow(Role.APPROVER, FRIEND, [])
