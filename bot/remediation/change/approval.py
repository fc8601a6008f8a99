"""Who may decide on a Change, asked at the click with the roles of that moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.authorization import Circle, Circles
from bot.remediation.change.history import ChangeHistory, is_over
from bot.remediation.change.states import ChangeState

NEVER = frozenset({"kube-system", "flux-system"})
"""Namespaces that are never touched, whatever settings say: admission refuses them, too."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the owner wants of an approval. The defaults suit one person at home (design, circles).

    `two_people` names the namespaces in which the one who asked may not be the one who approves.
    """

    expires_after: timedelta = timedelta(minutes=15)
    self_approval: bool = True
    two_people: frozenset[str] = frozenset()
    never: frozenset[str] = NEVER

    def untouchable(self, namespace: str) -> str:
        """Why nothing may be changed there; empty where it may."""
        if namespace in NEVER | self.never:
            return f"Namespace {namespace} is never changed by meshmedic."
        return ""

    def needs_two(self, namespace: str) -> bool:
        """Whether the requester's own approval does not count there."""
        return not self.self_approval or namespace in self.two_people


@dataclass(frozen=True, slots=True)
class Click:
    """A person who decides, with the roles that the interaction carried."""

    user: int
    roles: frozenset[int]
    at: datetime


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """What is decided on: where it would write, who asked for it, until when."""

    namespaces: frozenset[str]
    requester: str
    expires: datetime
    history: ChangeHistory


def refusal(asked: ApprovalRequest, click: Click, circles: Circles, policy: Policy) -> str:
    """Why this person may not approve this now, in a sentence for them; empty where they may."""
    if not circles.approvers:
        return "Nobody may approve: no approvers are set, so nothing is ever changed."
    if not circles.allow(Circle.APPROVER, click.user, click.roles):
        return "Only approvers may decide on a change."
    if asked.history.state is not ChangeState.PROPOSED:
        return f"It is {asked.history.state} already."
    if is_over(asked.history.state, click.at, asked.expires):
        return "It has expired. Ask for it anew: what was seen then may not be so now."
    return next(_of_namespaces(asked, click, policy), "")


def _of_namespaces(asked: ApprovalRequest, click: Click, policy: Policy) -> Iterator[str]:
    own = asked.requester == str(click.user)
    for namespace in sorted(asked.namespaces):
        if why := policy.untouchable(namespace):
            yield why
        if own and policy.needs_two(namespace):
            yield f"In namespace {namespace} another person must approve what you asked for."
