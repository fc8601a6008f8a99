"""What stands behind `/fix`: propose, decide at the click, carry out, take back.

The plan that was shown is the plan that is done. At the click everything is looked at again; if
the evidence asks for something else, nothing is written and a new plan is shown.
"""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain import principal
from bot.domain.authorization import Role, Roles
from bot.domain.refusal import NotObserved, Refusal
from bot.errors import Conflict, InputError, Refused
from bot.net.probing.protocol import Progress, quiet
from bot.remediation.change import approval, history
from bot.remediation.change.approval import Click, Policy
from bot.remediation.change.change import Change, ChangeCard, Notes, change_name
from bot.remediation.change.history import BOT
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.proof import Sample, baseline_refusal
from bot.remediation.change.states import EXPIRES, ChangeState
from bot.remediation.executor import ATTEMPTS, Executor
from bot.remediation.journal import ChangeJournal, quietly
from bot.remediation.planner import Planner
from bot.remediation.planning.offers import Offers
from bot.remediation.planning.refusals import PlanReason, PlanRefusal
from bot.remediation.ports import ChangeStore
from bot.remediation.reconciler import Reconciler
from bot.remediation.verification import Verifier

UNDER_WAY = "A change of {target} is under way: {name}. Wait for its end."
FASTER = "Somebody else was faster. The card shows what became of it."
OPEN = (
    "{name} is proposed for {target} by another way, and somebody else asked for it. An approver "
    "may decide on it, or propose something else in its place."
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A saved change, and what else could be done."""

    change: Change
    offers: Offers


class ChangeRefusal(Refusal, frozen=True):
    """Nothing was written: why, and the new proposal if there is one."""

    instead: Proposal | None = None


@dataclass
class RemediationService:
    """Proposes, decides and takes back. One instance per process."""

    planner: Planner
    store: ChangeStore
    journal: ChangeJournal
    executor: Executor
    verifier: Verifier
    reconciler: Reconciler
    roles: Roles
    policy: Policy
    clock: Callable[[], datetime]
    token: Callable[[], str] = lambda: secrets.token_hex(2)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def propose(
        self,
        route: str,
        method: Method | None,
        requester: str,
        progress: Progress = quiet,
        *,
        roles: frozenset[int] = frozenset(),
    ) -> Proposal | PlanRefusal:
        """Save a plan for an approver to decide: of the smallest method if none is named.

        `requester` is a Discord id, and `roles` are that person's.

        Raises:
            InputError: No route has this name, a change of it is under way, or somebody else's is
                open and this person is no approver.
            ClusterError: The cluster cannot be read, or refuses the plan.
            NotLeading: Another process may be acting.
        """
        offers = await self.planner.offers(route, progress)
        plan = await self.planner.choose(offers, method, progress)
        if isinstance(plan, PlanRefusal):
            return plan
        if open_change := await self._open(plan, Click(int(requester), roles, self.clock())):
            return Proposal(open_change, offers)
        before = await self._baseline(plan, progress)
        if isinstance(before, PlanRefusal):
            return before
        draft = self._draft(plan, requester, before)
        progress("Asking the API server whether it would take it.")
        await self.executor.rehearse(draft, requester)
        return Proposal(await self.store.create(draft), offers)

    async def decide(
        self, name: str, click: Click, *, approve: bool, progress: Progress = quiet
    ) -> Change | ChangeRefusal:
        """Approve or reject a change. An approved one is carried out in the background.

        Raises:
            Refused: This person may not, or not any more; the message is for them.
            InputError: There is no such change.
            ClusterError: The cluster cannot be read: nothing was written.
        """
        change = await self.store.read(name)
        if not approve:
            self._may_end(change, click)
            return await self._moved(change, ChangeState.REJECTED, click)
        self._may_approve(change, click)
        offers = await self.planner.offers(change.plan.asked, progress)
        plan = await self.planner.choose(offers, change.plan.way, progress)
        if isinstance(plan, PlanRefusal):
            return ChangeRefusal(f"The evidence has changed, and nothing was written. {plan}")
        if not plan.same(change.plan):
            return await self._renewed(change, plan, offers)
        before = await self._baseline(plan, progress)
        if isinstance(before, PlanRefusal):
            return ChangeRefusal(f"Nothing was written. {before}")
        await self.executor.rehearse(change, str(click.user))
        async with self._one_at_a_time:
            await self._alone(change)
            # Looking again took its time.
            self._may_approve(change, dataclasses.replace(click, at=self.clock()))
            approved = await self._moved(change.noted(baseline=before), ChangeState.APPROVED, click)
        self.reconciler.begin(approved, self.reconciler.execute)
        return approved

    async def roll_back(self, name: str, click: Click) -> Change | ChangeRefusal:
        """Take a finished change back, in the background.

        Raises:
            Refused: This person may not.
            InputError: There is no such change, or it cannot be taken back any more.
        """
        change = await self.store.read(name)
        if not self.roles.allow(Role.APPROVER, click.user, click.roles):
            raise Refused("Only approvers may take a change back.")
        if why := change.undoable(self.clock()):
            raise InputError(why)
        await self._alone(change)
        if obstacles := await self.executor.obstacles(change):
            return ChangeRefusal(f"It cannot be taken back by itself. {' '.join(obstacles)}")
        by, why = str(click.user), "It was rolled back."
        # The decision is the person's write; what follows from it is the bot's.
        with _first():
            change = await self.executor.decide_to_undo(change, by, why)
        self.reconciler.begin(change, lambda done: self.executor.take_back(done, by, why))
        return change

    async def show(self, name: str) -> Change:
        """One change as it stands.

        Raises:
            InputError: There is no change of that name.
        """
        return await self.store.read(name)

    async def every(self) -> tuple[Change, ...]:
        """All changes, newest first."""
        return await self.store.every()

    async def offers(
        self, route: str, progress: Progress = quiet, *, private: bool = False
    ) -> Offers:
        """What a fresh diagnosis of a route supports; asked in `private`, it raises no alert.

        Raises:
            InputError: No route has this name, or several have.
            ClusterError: The cluster cannot be read.
        """
        return await self.planner.offers(route, progress, private=private)

    async def shown_in(self, name: str, card: ChangeCard) -> None:
        """Remember which message shows a change, so that it is kept up to date."""
        for _ in range(ATTEMPTS):
            change = await self.store.read(name)
            # Somebody may decide at this very moment: the place of the card must not be lost.
            with suppress(Conflict):
                await self.journal.annotate(change, card=card)
                return

    async def _moved(self, change: Change, state: ChangeState, click: Click) -> Change:
        try:
            with _first():
                return await self.journal.move(change, state, str(click.user))
        except InputError as error:
            raise Refused(str(error)) from error

    def _may_approve(self, change: Change, click: Click) -> None:
        if why := approval.refusal(change, click, self.roles, self.policy):
            raise Refused(why)

    def _may_end(self, change: Change, click: Click) -> None:
        if not self.roles.allow(Role.APPROVER, click.user, click.roles):
            raise Refused("Only approvers may decide on a change.")
        if change.state not in EXPIRES:
            raise Refused(f"It is {change.state} already.")

    async def _baseline(self, plan: RepairPlan, progress: Progress) -> Sample | PlanRefusal:
        before = await self.verifier.baseline(plan.request, progress)
        if isinstance(before, NotObserved):
            return PlanRefusal(PlanReason.NO_PROOF, before.why)
        why = baseline_refusal(before)
        return PlanRefusal(PlanReason.NO_PROOF, why) if why else before

    def _draft(self, plan: RepairPlan, requester: str, before: Sample) -> Change:
        now = self.clock()
        return Change(
            name=change_name(plan.target, now, self.token()),
            requester=requester,
            expires=now + self.policy.expires_after,
            plan=plan,
            history=history.proposed(requester, now),
            notes=Notes(baseline=before),
        )

    async def _open(self, plan: RepairPlan, click: Click) -> Change | None:
        """The open change of the same route with the same plan.

        One of another plan is closed, by who asked for it or by an approver.

        Raises:
            InputError: Another change is under way, or open and this person may not end it.
        """
        for change in await self.store.every():
            if change.plan.target != plan.target:
                continue
            if change.state is ChangeState.PROPOSED and self.clock() < change.expires:
                if change.plan.same(plan):
                    return change
                if change.requester != str(click.user):
                    await self._may_replace(change, click)
                note = "Another plan for the same route took its place."
                await quietly(self.journal.move(change, ChangeState.REJECTED, BOT, note))
            elif change.under_way:
                raise InputError(UNDER_WAY.format(target=plan.target, name=change.name))
        return None

    async def _may_replace(self, change: Change, click: Click) -> None:
        if not self.roles.allow(Role.APPROVER, click.user, click.roles):
            raise InputError(OPEN.format(name=change.name, target=change.plan.target))
        await principal.authorize(Role.APPROVER)

    async def _alone(self, change: Change) -> None:
        """Two changes of one route at once would undo each other's work.

        Of two hand-overs in one namespace, the objects of one would be compared with the other's.

        Raises:
            InputError: Another one is under way.
        """
        for other in await self.store.every():
            if other.name == change.name or not other.under_way:
                continue
            if other.plan.target == change.plan.target or _hand_overs_of_one_namespace(
                other.plan, change.plan
            ):
                raise InputError(UNDER_WAY.format(target=other.plan.target, name=other.name))

    async def _renewed(self, change: Change, plan: RepairPlan, offers: Offers) -> ChangeRefusal:
        note = "The evidence has changed: a new plan took its place."
        await quietly(self.journal.move(change, ChangeState.REJECTED, BOT, note))
        before = change.notes.baseline or Sample()
        draft = self._draft(plan, change.requester, before)
        why = "The evidence has changed, so nothing was written. This is the new plan."
        return ChangeRefusal(why, instead=Proposal(await self.store.create(draft), offers))


@contextmanager
def _first() -> Iterator[None]:
    """A write that only one person makes first.

    Raises:
        Refused: Somebody else was faster.
    """
    try:
        yield
    except Conflict as error:
        raise Refused(FASTER) from error


def _hand_overs_of_one_namespace(one: RepairPlan, other: RepairPlan) -> bool:
    converting = {one.way, other.way} == {Method.CONVERSION}
    return converting and bool(one.namespaces & other.namespaces)
