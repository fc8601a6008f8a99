"""Who may do what."""

import pytest

from bot.domain.authorization import Circle, Circles, Members

ME, FRIEND, STRANGER, ROLE = 1, 2, 3, 77


def members(*users: int, role: int | None = None) -> Members:
    return Members(frozenset(users), frozenset({role} if role else ()))


@pytest.mark.parametrize("circle", list(Circle))
def test_nobody_is_in_empty_circles(circle):
    """Nothing set lets nobody in: a missing setting never opens a door."""
    assert not Circles().allow(circle, ME, [ROLE])


def test_an_approver_may_do_everything_that_others_may():
    """The circles lie within one another."""
    circles = Circles(approvers=members(ME), operators=members(FRIEND), viewers=members(role=ROLE))
    assert all(circles.allow(circle, ME, []) for circle in Circle)
    assert circles.allow(Circle.OPERATOR, FRIEND, [])
    assert not circles.allow(Circle.APPROVER, FRIEND, [])
    assert circles.allow(Circle.VIEWER, STRANGER, [ROLE])
    assert not circles.allow(Circle.OPERATOR, STRANGER, [ROLE])
    assert not circles.allow(Circle.VIEWER, STRANGER, [])


def test_a_role_counts_only_while_it_is_held():
    """The roles are those of the moment that asks."""
    circles = Circles(approvers=members(role=ROLE))
    assert circles.allow(Circle.APPROVER, STRANGER, [ROLE, 5])
    assert not circles.allow(Circle.APPROVER, STRANGER, [5])


def test_a_viewer_may_not_approve():
    """Looking is not approving."""
    circles = Circles(viewers=members(FRIEND), approvers=members(ME))
    assert not circles.allow(Circle.OPERATOR, FRIEND, [])
    assert not circles.allow(Circle.APPROVER, FRIEND, [])
