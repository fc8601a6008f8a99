"""Who may approve a Change, by the roles that the person has at the click."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.authorization import Role, Roles
from bot.remediation.change.change import Change
from bot.remediation.change.history import is_over
from bot.remediation.change.states import ChangeState

NEVER = frozenset({"kube-system", "flux-system"})
"""Namespaces that no setting can allow; admission refuses them too."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the owner demands of an approval. The defaults suit one person at home.

    `two_people` names the namespaces in which the person who asked may not approve.
    """

    expires_after: timedelta = timedelta(minutes=15)
    self_approval: bool = True
    two_people: frozenset[str] = frozenset()
    never: frozenset[str] = NEVER

    def untouchable(self, namespace: str) -> str:
        """Why nothing may be changed in a namespace; empty if changes are allowed."""
        if namespace in NEVER | self.never:
            return f"Namespace {namespace} is never changed by meshmedic."
        return ""


@dataclass(frozen=True, slots=True)
class Click:
    """A person who presses a button, with the roles that Discord sent along."""

    user: int
    roles: frozenset[int]
    at: datetime


def refusal(change: Change, click: Click, roles: Roles, policy: Policy) -> str:
    """Why this person may not approve this now, in a sentence for them; empty if they may."""
    if not roles.approvers:
        return "Nobody may approve: no approvers are set, so nothing is ever changed."
    if not roles.allow(Role.APPROVER, click.user, click.roles):
        return "Only approvers may decide on a change."
    if change.state is not ChangeState.PROPOSED:
        return f"It is {change.state} already."
    if is_over(change.state, click.at, change.expires):
        return "It has expired. Ask for it anew: what was seen then may not be so now."
    return next(_of_namespaces(change, click, policy), "")


def _of_namespaces(change: Change, click: Click, policy: Policy) -> Iterator[str]:
    own = change.requester == str(click.user)
    for namespace in sorted(change.plan.namespaces):
        if why := policy.untouchable(namespace):
            yield why
        if own and (not policy.self_approval or namespace in policy.two_people):
            yield f"In namespace {namespace} another person must approve what you asked for."
