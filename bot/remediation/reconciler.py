"""Goes on with changes beside everything else, also with those that another process began."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from bot.domain.principal import ITSELF, acting_as
from bot.errors import MeshmedicError
from bot.remediation.change import history
from bot.remediation.change.change import Change
from bot.remediation.change.history import BOT, Next, left_to_do
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.states import MOVES, ChangeState
from bot.remediation.executor import Executor
from bot.remediation.journal import ChangeJournal, quietly
from bot.remediation.planning.refusals import PlanRefusal
from bot.remediation.ports import ChangeStore
from bot.remediation.pull_request_flow import PullRequestFlow

log = logging.getLogger(__name__)

TICK = 20
"""Seconds between two looks at what is left to do."""

Work = Callable[[Change], Awaitable[Change]]


@dataclass
class Reconciler:
    """Carries changes out, each once at a time.

    `replan` makes the plan of a change anew, from fresh evidence.
    """

    store: ChangeStore
    journal: ChangeJournal
    executor: Executor
    pull_requests: PullRequestFlow
    replan: Callable[[Change], Awaitable[RepairPlan | PlanRefusal]]
    clock: Callable[[], datetime]
    may_act: Callable[[], bool]
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict, init=False)
    _outdated: set[str] = field(default_factory=set, init=False)
    """Names of approved changes whose evidence has changed: they are left to expire."""

    def begin(self, change: Change, work: Work) -> None:
        """Work on a change in the background, unless it is worked on. A failure waits.

        The decision is stored. The bot carries it out even if its author has left by then.
        """
        if change.name in self._running:
            return

        async def run() -> None:
            try:
                await work(change)
            except MeshmedicError as error:
                log.warning("change %s waits: %s", change.name, error)
            except Exception:
                log.exception("change %s waits, because of a bug in meshmedic", change.name)
            finally:
                self._running.pop(change.name, None)

        with acting_as(ITSELF):
            self._running[change.name] = asyncio.create_task(run(), name=f"change {change.name}")

    async def execute(self, change: Change) -> Change:
        """From Approved on, in the cluster or by pull request."""
        if change.plan.way is Method.PULL_REQUEST:
            return await self.pull_requests.open(change)
        return await self.executor.apply(change)

    async def go_on(self) -> None:
        """Do what is left of every change that is not at its end. Called regularly.

        Raises:
            ClusterError: The changes cannot be listed.
        """
        if not self.may_act():
            return
        for change in await self.store.every():
            if MOVES[change.state] and change.name not in self._running:
                await self._continue(change)

    async def wait(self) -> None:
        """Until no change is worked on."""
        while self._running:
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    def stop(self) -> None:
        """Leave every change as it stands: the next process goes on from there."""
        for task in self._running.values():
            task.cancel()

    async def _continue(self, change: Change) -> None:
        if not change.history.entries:
            # The process that made it ended between the object and its first state.
            first = history.proposed(change.requester, self.clock())
            await quietly(self.store.write(replace(change, history=first)))
            return
        if undoing := change.notes.undoing:
            self._take_back(change, undoing.by, undoing.why)
            return
        now = self.clock()
        match left_to_do(change.state, now, change.expires):
            case Next.CLOSE:
                await quietly(self.journal.move(change, ChangeState.EXPIRED))
            case Next.CHECK if change.name not in self._outdated:
                self.begin(change, self._check)
            case Next.APPLY:
                self.begin(change, self.execute)
            case Next.WAIT_FOR_MERGE:
                self.begin(change, self.pull_requests.look)
            case Next.VERIFY:
                self.begin(change, self.executor.verify)
            case _ if change.returns_at and now >= change.returns_at:
                self._take_back(change, BOT, "The planned time is over.")

    def _take_back(self, change: Change, by: str, why: str) -> None:
        self.begin(change, lambda begun: self.executor.take_back(begun, by, why))

    async def _check(self, change: Change) -> Change:
        """Apply what was approved before a restart, if the evidence is still the same."""
        if change.plan.way is Method.PULL_REQUEST:
            attempted = await self.pull_requests.attempt(change, self.replan)
            if attempted is None:
                return change
            change, plan = attempted
        else:
            plan = await self.replan(change)
        if isinstance(plan, RepairPlan) and plan.same(change.plan):
            return await self.execute(change)
        self._outdated.add(change.name)
        log.warning("change %s is left: the evidence has changed since its approval", change.name)
        return change
