"""What is being carried out, and what a process that starts or takes over has left to do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from bot.errors import MeshmedicError
from bot.remediation.change import history
from bot.remediation.change.change import Change
from bot.remediation.change.history import BOT
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.resume import Next, left_to_do
from bot.remediation.change.states import MOVES, ChangeState
from bot.remediation.executor import Executor
from bot.remediation.planning.refusals import PlanRefusal
from bot.remediation.ports import ChangeStore
from bot.remediation.pull_request_flow import PullRequestFlow

log = logging.getLogger(__name__)

TICK = 20
"""Seconds between two looks at what is left to do."""

Work = Callable[[Change], Awaitable[Change]]


@dataclass
class Reconciler:
    """Carries changes out beside everything else, each once at a time.

    `replan` makes the plan of a change anew, from fresh evidence.
    """

    store: ChangeStore
    executor: Executor
    pull_requests: PullRequestFlow
    replan: Callable[[Change], Awaitable[RepairPlan | PlanRefusal]]
    clock: Callable[[], datetime]
    may_act: Callable[[], bool]
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _looked_at: set[str] = field(default_factory=set)

    def begin(self, change: Change, work: Work) -> None:
        """Go on with a change, unless that is being done already. What fails now waits."""
        if change.name in self._running:
            return

        async def run() -> None:
            try:
                await work(change)
            except MeshmedicError as error:
                log.warning("change %s waits: %s", change.name, error)
            except Exception:
                log.exception("change %s waits, for an error of ours", change.name)
            finally:
                self._running.pop(change.name, None)

        self._running[change.name] = asyncio.create_task(run(), name=f"change {change.name}")

    async def carry(self, change: Change) -> Change:
        """From Approved on, in the cluster or by pull request."""
        if change.plan.way is Method.PULL_REQUEST:
            return await self.pull_requests.open(change)
        return await self.executor.apply(change)

    async def go_on(self) -> None:
        """Look at every change that is not at its end, and do what is left. Called regularly.

        Raises:
            ClusterError: They cannot be listed.
        """
        if not self.may_act():
            return
        for change in await self.store.every():
            if MOVES[change.state] and change.name not in self._running:
                await self._continue(change)

    async def wait(self) -> None:
        """Until nothing is being carried out."""
        while self._running:
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    def stop(self) -> None:
        """Leave everything as it stands: whoever comes next goes on from there."""
        for task in self._running.values():
            task.cancel()

    async def _continue(self, change: Change) -> None:
        if not change.history.entries:
            # Its maker was cut off between the object and its first state.
            first = history.proposed(change.requester, self.clock())
            await quietly(self.store.write(msgspec.structs.replace(change, history=first)))
            return
        if undoing := change.notes.undoing:
            self.begin(change, lambda each: self.executor.take_back(each, undoing.by, undoing.why))
            return
        match left_to_do(change.state, self.clock(), change.expires):
            case Next.CLOSE:
                await quietly(self.executor.moved(change, ChangeState.EXPIRED))
            case Next.CHECK if change.name not in self._looked_at:
                self.begin(change, self._checked)
            case Next.APPLY:
                self.begin(change, self.carry)
            case Next.WAIT_FOR_MERGE:
                self.begin(change, self.pull_requests.look)
            case Next.VERIFY:
                self.begin(change, self.executor.verify)
            case _:
                self._return(change)

    def _return(self, change: Change) -> None:
        """Take back what was for a time only."""
        at, why = change.returns_at, "Its time is over, as planned."
        if at and self.clock() >= at:
            self.begin(change, lambda each: self.executor.take_back(each, BOT, why))

    async def _checked(self, change: Change) -> Change:
        """Approved before a restart, and nothing touched: the evidence must be the same still."""
        plan = await self.replan(change)
        if isinstance(plan, RepairPlan) and plan.same(change.plan):
            return await self.carry(change)
        self._looked_at.add(change.name)
        log.warning("change %s is left: the evidence has changed since its approval", change.name)
        return change


async def quietly(work: Coroutine[Any, Any, Change]) -> None:
    """Do it where it can be done now; else the next look does."""
    try:
        await work
    except MeshmedicError as error:
        log.info("a change was not moved: %s", error)
