"""What stands behind `/fix`: propose, decide at the click, carry out, take back, and go on later.

The plan that was shown is the plan that is done. At the click everything is looked at again, and
where the evidence asks for something else, nothing is written and a new plan is shown.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import msgspec

from bot.domain.authorization import Circle, Circles
from bot.domain.refusal import NotObserved
from bot.errors import Conflict, InputError, Refused
from bot.net.diagnosis.diagnosis import Effect
from bot.net.diagnosis.service import quiet
from bot.net.probing.protocol import Progress
from bot.remediation.change import approval, history
from bot.remediation.change.approval import ApprovalRequest, Click, Policy
from bot.remediation.change.change import Change, ChangeCard, Notes
from bot.remediation.change.history import BOT
from bot.remediation.change.naming import change_name
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.proof import Sample, baseline_refusal
from bot.remediation.change.states import EXPIRES, ChangeState
from bot.remediation.change.verification_requests import VerificationRequest
from bot.remediation.context import ContextReader
from bot.remediation.executor import TURNS, Executor
from bot.remediation.planning import offers as offering
from bot.remediation.planning.offers import Offers
from bot.remediation.planning.refusals import PlanReason, PlanRefusal
from bot.remediation.ports import ChangeStore
from bot.remediation.pull_request_flow import PullRequestFlow
from bot.remediation.reconciler import Reconciler, quietly
from bot.remediation.verification import Verifier

UNDER_WAY = "A change of {target} is under way: {name}. Wait for its end."
FASTER = "Somebody else was faster. The card shows what became of it."


@dataclass(frozen=True, slots=True)
class Proposal:
    """A saved change, and what else could be done."""

    change: Change
    offers: Offers


@dataclass(frozen=True, slots=True)
class ChangeRefusal:
    """Nothing was written: why, and the new proposal where there is one."""

    why: str
    instead: Proposal | None = None


@dataclass
class RemediationService:
    """The use case. One an election's process; what another began it goes on with."""

    context_reader: ContextReader
    store: ChangeStore
    executor: Executor
    verifier: Verifier
    pull_requests: PullRequestFlow
    circles: Circles
    policy: Policy
    clock: Callable[[], datetime]
    may_act: Callable[[], bool]
    token: Callable[[], str] = lambda: secrets.token_hex(2)

    def __post_init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()
        self.reconciler = Reconciler(
            self.store, self.executor, self.pull_requests, self._replan, self.clock, self.may_act
        )

    async def offers(self, asked: str, progress: Progress = quiet) -> tuple[Offers, str]:
        """What a fresh diagnosis of a route supports, and the hint at the switch for all routes.

        Raises:
            InputError: No route is meant by that.
            ClusterError: The cluster cannot be read.
        """
        situation = await self.context_reader.of(asked, progress)
        found = offering.offers(situation, self.policy.untouchable)
        tested = self.context_reader.diagnose.tested
        helped = sum(test.diagnosis.effect is Effect.HELPS for test in tested)
        return found, offering.by_default(helped, len(tested))

    async def propose(
        self, asked: str, way: Method | None, requester: str, progress: Progress = quiet
    ) -> Proposal | PlanRefusal:
        """Save the plan of a way, the smallest one where none is named, for somebody to decide.

        Raises:
            InputError: No route is meant by that, or a change of it is under way.
            ClusterError: The cluster cannot be read, or refuses the plan.
            NotLeading: Another process may be acting.
        """
        found, _ = await self.offers(asked, progress)
        plan = await self._chosen(found, way, progress)
        if isinstance(plan, PlanRefusal):
            return plan
        if open_one := await self._open(plan):
            return Proposal(open_one, found)
        before = await self._baseline(plan, progress)
        if isinstance(before, PlanRefusal):
            return before
        made = self._drafted(plan, requester, before)
        progress("Asking the API server whether it would take it.")
        await self.executor.rehearse(made, requester)
        return Proposal(await self.store.create(made), found)

    async def decide(
        self, name: str, click: Click, *, approve: bool, progress: Progress = quiet
    ) -> Change | ChangeRefusal:
        """Approve or reject. What was approved is begun, and goes on beside.

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
        found, _ = await self.offers(change.plan.asked, progress)
        plan = await self._chosen(found, change.plan.way, progress)
        if isinstance(plan, PlanRefusal):
            return ChangeRefusal(f"The evidence has changed, and nothing was written. {plan}")
        if not plan.same(change.plan):
            return await self._renewed(change, plan, found)
        before = await self._baseline(plan, progress)
        if isinstance(before, PlanRefusal):
            return ChangeRefusal(f"Nothing was written. {before}")
        await self.executor.rehearse(change, str(click.user))
        noted = msgspec.structs.replace(change.notes, baseline=before)
        noted_change = msgspec.structs.replace(change, notes=noted)
        async with self._one_at_a_time:
            await self._alone(change)
            self._may_approve(change, judged_at(click, self.clock()))
            approved = await self._moved(noted_change, ChangeState.APPROVED, click)
        self.reconciler.begin(approved, self.reconciler.carry)
        return approved

    async def roll_back(self, name: str, click: Click) -> Change | ChangeRefusal:
        """Take back what is done. It goes on beside.

        Raises:
            Refused: This person may not.
            InputError: There is no such change, or it cannot be taken back any more.
        """
        change = await self.store.read(name)
        if not self.circles.allow(Circle.APPROVER, click.user, click.roles):
            raise Refused("Only approvers may take a change back.")
        if why := change.undoable(self.clock()):
            raise InputError(why)
        await self._alone(change)
        if left := await self.executor.obstacles(change):
            return ChangeRefusal(f"It cannot be taken back by itself. {' '.join(left)}")

        async def back(each: Change) -> Change:
            return await self.executor.take_back(each, str(click.user), "It was rolled back.")

        self.reconciler.begin(change, back)
        return change

    async def show(self, name: str) -> Change:
        """One change as it stands.

        Raises:
            InputError: There is none of that name.
        """
        return await self.store.read(name)

    async def every(self) -> tuple[Change, ...]:
        """All changes, the newest first."""
        return await self.store.every()

    async def shown_in(self, name: str, card: ChangeCard) -> None:
        """Remember which message shows a change, so that it is kept true."""
        for _ in range(TURNS):
            change = await self.store.read(name)
            notes = msgspec.structs.replace(change.notes, card=card)
            # Somebody may decide at this very moment: the place of the card must not be lost.
            with suppress(Conflict):
                await self.store.write(msgspec.structs.replace(change, notes=notes))
                return

    async def _replan(self, change: Change) -> RepairPlan | PlanRefusal:
        found, _ = await self.offers(change.plan.asked)
        return await self._chosen(found, change.plan.way, quiet)

    async def _chosen(
        self, found: Offers, way: Method | None, progress: Progress
    ) -> RepairPlan | PlanRefusal:
        """The plan of a way, with the difference of its file where it is a pull request.

        Where no way is named and the file cannot be edited, the next way is taken.
        """
        plan = found.best if way is None else found.by(way)
        if isinstance(plan, PlanRefusal) or plan.way is not Method.PULL_REQUEST:
            return plan
        progress("Looking for its file in Git.")
        made = await self.pull_requests.planned(plan, found.situation)
        others = [plan for plan in found.plans if plan.way is not Method.PULL_REQUEST]
        return others[0] if way is None and others and isinstance(made, PlanRefusal) else made

    async def _moved(self, change: Change, state: ChangeState, click: Click) -> Change:
        try:
            return await self.executor.moved(change, state, str(click.user))
        except Conflict as error:
            raise Refused(FASTER) from error
        except InputError as error:
            raise Refused(str(error)) from error

    def _may_approve(self, change: Change, click: Click) -> None:
        asked = ApprovalRequest(
            change.plan.namespaces, change.requester, change.expires, change.history
        )
        if why := approval.refusal(asked, click, self.circles, self.policy):
            raise Refused(why)

    def _may_end(self, change: Change, click: Click) -> None:
        if not self.circles.allow(Circle.APPROVER, click.user, click.roles):
            raise Refused("Only approvers may decide on a change.")
        if change.state not in EXPIRES:
            raise Refused(f"It is {change.state} already.")

    async def _baseline(self, plan: RepairPlan, progress: Progress) -> Sample | PlanRefusal:
        before = await self.verifier.baseline(VerificationRequest(plan.host, plan.path), progress)
        if isinstance(before, NotObserved):
            return PlanRefusal(PlanReason.NO_PROOF, before.why)
        why = baseline_refusal(before)
        return PlanRefusal(PlanReason.NO_PROOF, why) if why else before

    def _drafted(self, plan: RepairPlan, requester: str, before: Sample) -> Change:
        now = self.clock()
        return Change(
            name=change_name(plan.target, now, self.token()),
            requester=requester,
            expires=now + self.policy.expires_after,
            plan=plan,
            history=history.proposed(requester, now),
            notes=Notes(baseline=before),
        )

    async def _open(self, plan: RepairPlan) -> Change | None:
        """The open change of the same route with the same plan; one of another plan is closed."""
        for change in await self.store.every():
            if change.plan.target != plan.target:
                continue
            if change.state is ChangeState.PROPOSED and self.clock() < change.expires:
                if change.plan.same(plan):
                    return change
                note = "Another plan for the same route took its place."
                await quietly(self.executor.moved(change, ChangeState.REJECTED, BOT, note))
            elif change.under_way:
                raise InputError(UNDER_WAY.format(target=plan.target, name=change.name))
        return None

    async def _alone(self, change: Change) -> None:
        """Two changes of one route at once would undo each other's work.

        Raises:
            InputError: Another one is under way.
        """
        for change_ in await self.store.every():
            same = change_.plan.target == change.plan.target and change_.name != change.name
            if same and change_.under_way:
                raise InputError(UNDER_WAY.format(target=change.plan.target, name=change_.name))

    async def _renewed(self, change: Change, plan: RepairPlan, found: Offers) -> ChangeRefusal:
        note = "The evidence has changed: a new plan took its place."
        await quietly(self.executor.moved(change, ChangeState.REJECTED, BOT, note))
        before = change.notes.baseline or Sample()
        made = await self.store.create(self._drafted(plan, change.requester, before))
        why = "The evidence has changed, so nothing was written. This is the new plan."
        return ChangeRefusal(why, Proposal(made, found))


def judged_at(click: Click, at: datetime) -> Click:
    """The same click, judged at a later moment: looking again took its time."""
    return Click(click.user, click.roles, at)
