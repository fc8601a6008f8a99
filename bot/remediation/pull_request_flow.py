"""A change that goes by pull request: opened, waited for, and proven once Flux has applied it.

The bot merges nothing. Which object and which edit stands in the Change; in which file, Git and
Flux's own objects say, looked up anew each time.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from bot.domain.refusal import Refusal
from bot.domain.snapshot import SnapshotReader
from bot.errors import ClusterError
from bot.gitops.domain.file_edit import decoded
from bot.gitops.domain.ownership import NOBODY, ObjectOwner, owner
from bot.gitops.hosts import PullRequestStanding, PullState
from bot.gitops.markdown import Description
from bot.gitops.refusals import FileReason
from bot.gitops.service import Preview, Proposed, PullRequestInput, not_configured
from bot.remediation.change.change import Change, PullRequest
from bot.remediation.change.history import BOT
from bot.remediation.change.plan import RepairPlan
from bot.remediation.change.states import ChangeState
from bot.remediation.context import READS
from bot.remediation.executor import Executor
from bot.remediation.planning.context import PlanningContext
from bot.remediation.planning.pull_request import owner_of, reached
from bot.remediation.planning.refusals import PlanReason, PlanRefusal
from bot.remediation.ports import ChangeStore, StepWriter

log = logging.getLogger(__name__)

MOST_PREVIEW = 12_000
MERGED = "Pull request {number} was merged: waiting for Flux."

Manifest = Mapping[str, Any]
AskFlux = Callable[[ObjectOwner], Awaitable[None]]
"""Asks Flux to look at Git now; it raises ClusterError where that is not allowed."""


class PullRequestHost(Protocol):
    """Pull requests in the configured repository."""

    async def preview(self, asked: PullRequestInput) -> Preview | Refusal:
        """The difference, before anybody approves it."""
        ...

    async def propose(self, asked: PullRequestInput, why: Description) -> Proposed | Refusal:
        """Open one, or find the one that is open."""
        ...

    async def state(self, number: int) -> PullRequestStanding:
        """How one stands."""
        ...


@dataclass(frozen=True, slots=True)
class PullRequestFlow:
    """Carries such a change to its end. `pulls` is None where no repository is set."""

    pulls: PullRequestHost | None
    cluster: SnapshotReader
    store: ChangeStore
    writer: StepWriter
    executor: Executor
    ask: AskFlux

    async def planned(
        self, plan: RepairPlan, situation: PlanningContext
    ) -> RepairPlan | PlanRefusal:
        """The plan with the difference of the file, or why there is none, with what to paste.

        Raises:
            RepositoryError: The repository cannot be read.
        """
        edit = decoded(plan.steps[0].to)
        if isinstance(edit, str):
            return PlanRefusal(PlanReason.NOT_IN_FILE, edit)
        who, live = owner_of(situation, edit)
        asked = PullRequestInput(edit, live, who)
        found = await self.pulls.preview(asked) if self.pulls else not_configured(asked)
        if isinstance(found, Refusal):
            return PlanRefusal(PlanReason.NOT_IN_FILE, str(found), found.paste)
        also = tuple(f"The same file makes {side_effect} too." for side_effect in found.also)
        preview = found.diff[:MOST_PREVIEW]
        return msgspec.structs.replace(plan, preview=preview, risks=(*also, *plan.risks)[:32])

    async def open(self, change: Change) -> Change:
        """From Approved or Applying to AwaitingMerge; asked again it finds what was opened.

        Raises:
            RepositoryError: The repository or its host does not answer; it is tried again later.
            ClusterError: The cluster cannot be read; the same.
        """
        if change.state is ChangeState.APPROVED:
            change = await self.executor.moved(change, ChangeState.APPLYING)
        asked = await self._asked(change)
        if isinstance(asked, str):
            return await self.executor.moved(change, ChangeState.FAILED, BOT, asked)
        why = Description(
            change.name,
            change.history.entries[0].at,
            change.plan.evidence,
            change.plan.risks,
            change.requester,
        )
        made = await self.pulls.propose(asked, why) if self.pulls else not_configured(asked)
        if isinstance(made, Refusal) and made.reason == FileReason.ALREADY:
            # Merged before we could note its number.
            return await self.executor.verify(
                await self.executor.moved(change, ChangeState.VERIFYING)
            )
        if isinstance(made, Refusal):
            return await self.executor.moved(change, ChangeState.FAILED, BOT, str(made))
        noted = PullRequest(made.number, made.url)
        notes = msgspec.structs.replace(change.notes, pull_request=noted)
        change = msgspec.structs.replace(change, notes=notes)
        return await self.executor.moved(change, ChangeState.AWAITING_MERGE, BOT, made.url)

    async def look(self, change: Change) -> Change:
        """Whether it was merged or closed, and once it is merged whether Flux has applied it.

        Raises:
            RepositoryError: The host does not answer.
            ClusterError: The cluster cannot be read.
        """
        pull = change.notes.pull_request
        if pull is None or self.pulls is None:
            return change
        standing = await self.pulls.state(pull.number)
        if standing.state is PullState.CLOSED:
            note = f"Pull request {pull.number} was closed without a merge."
            return await self.executor.moved(change, ChangeState.REJECTED, BOT, note)
        if standing.state is not PullState.MERGED:
            return change
        asked = await self._asked(change)
        if isinstance(asked, str):
            return await self.executor.moved(change, ChangeState.FAILED, BOT, asked)
        if reached(asked.edit, asked.live or None):
            return await self.executor.verify(
                await self.executor.moved(change, ChangeState.VERIFYING)
            )
        return await self._ask_once(change, pull, asked.owner)

    async def _ask_once(self, change: Change, pull: PullRequest, keeper: ObjectOwner) -> Change:
        """Ask Flux to look now; where that is not allowed it does so at its own interval."""
        said = MERGED.format(number=pull.number)
        if said in change.notes.proof:
            return change
        try:
            await self.ask(keeper)
        except ClusterError as error:
            log.info("Flux was not asked to look for change %s: %s", change.name, error)
        notes = msgspec.structs.replace(change.notes, proof=(*change.notes.proof, said))
        return await self.store.write(msgspec.structs.replace(change, notes=notes))

    async def _asked(self, change: Change) -> PullRequestInput | str:
        edit = decoded(change.plan.steps[0].to)
        if isinstance(edit, str):
            return edit
        live = await self.writer.live(edit.object)
        snapshot = await self.cluster.snapshot(READS)
        return PullRequestInput(edit, live or {}, owner(live, snapshot) if live else NOBODY)
