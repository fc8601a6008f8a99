"""A change that goes by pull request: opened, waited for, and proven once Flux has applied it.

The bot merges nothing. The change says which object and which edit; Git and Flux's own objects say
in which file, looked up anew each time.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from bot.domain.refusal import Refusal
from bot.domain.snapshot import SnapshotReader
from bot.errors import ClusterError, MeshmedicError
from bot.gitops.domain.file_edit import decoded
from bot.gitops.domain.ownership import NOBODY, ObjectOwner, owner
from bot.gitops.hosts import PullState
from bot.gitops.markdown import Description
from bot.gitops.refusals import FileReason
from bot.gitops.service import Proposed, PullRequestInput, not_configured
from bot.remediation.change.change import Change, PullRequest, RepositoryAttempts
from bot.remediation.change.history import BOT
from bot.remediation.change.states import ChangeState
from bot.remediation.context import READS
from bot.remediation.executor import Executor
from bot.remediation.journal import ChangeJournal
from bot.remediation.planning.pull_request import reached
from bot.remediation.ports import PullRequestHost, StepWriter
from bot.render.text import line

log = logging.getLogger(__name__)

MERGED = "Pull request {number} was merged: waiting for Flux."

AskFlux = Callable[[ObjectOwner], Awaitable[None]]
"""Asks Flux to look at Git now; it raises ClusterError where that is not allowed."""


LONGEST_REASON = 500
"""Characters of an error that is noted."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PullRequestFlow:
    """Carries out changes by pull request. `pulls` is None if no repository is set."""

    pulls: PullRequestHost | None
    cluster: SnapshotReader
    writer: StepWriter
    executor: Executor
    journal: ChangeJournal
    ask_flux: AskFlux

    async def open(self, change: Change) -> Change:
        """From Approved or Applying to AwaitingMerge; called again, it finds what was opened.

        Raises:
            RepositoryError: The repository or its host does not answer; it is tried again later.
            ClusterError: The cluster cannot be read; it is tried again later.
        """
        if change.state is ChangeState.APPROVED:
            change = await self.journal.move(change, ChangeState.APPLYING)
        wanted = await self._wanted(change)
        if isinstance(wanted, str):
            return await self.journal.move(change, ChangeState.FAILED, BOT, wanted)
        attempts = change.notes.attempts
        if attempts and attempts.exhausted:
            return await self.journal.move(change, ChangeState.FAILED, BOT, _given_up(attempts))
        attempted = await self.attempt(change, lambda begun: self._propose(begun, wanted))
        if attempted is None:
            return change
        change, opened = attempted
        if isinstance(opened, Refusal):
            if opened.reason == FileReason.ALREADY:
                # Merged before we could note its number.
                return await self.executor.verify(change)
            return await self.journal.move(change, ChangeState.FAILED, BOT, str(opened))
        noted = change.noted(pull_request=PullRequest(opened.number, opened.url))
        return await self.journal.move(noted, ChangeState.AWAITING_MERGE, BOT, opened.url)

    async def attempt(
        self, change: Change, work: Callable[[Change], Awaitable[T]]
    ) -> tuple[Change, T] | None:
        """Do what reads the repository; None where it was done too often or too recently.

        Raises:
            MeshmedicError: It failed, which is noted.
        """
        before, now = change.notes.attempts, self.journal.clock()
        if before and (before.exhausted or now < before.again_at):
            return None
        # Save first: a process that dies of this must not do it at each of its starts.
        begun = RepositoryAttempts(before.count + 1 if before else 1, now)
        change = await self.journal.annotate(change, attempts=begun)
        try:
            return change.noted(attempts=None), await work(change)
        except MeshmedicError as error:
            failed = msgspec.structs.replace(begun, why=line(str(error), LONGEST_REASON))
            await self.journal.annotate(change, attempts=failed)
            raise

    async def _propose(self, change: Change, wanted: PullRequestInput) -> Proposed | Refusal:
        why = Description(
            change.name,
            change.history.entries[0].at,
            change.plan.evidence,
            change.plan.risks,
            change.requester,
        )
        return await self.pulls.propose(wanted, why) if self.pulls else not_configured(wanted)

    async def look(self, change: Change) -> Change:
        """Whether it was merged or closed and, once it is merged, whether Flux has applied it.

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
            return await self.journal.move(change, ChangeState.REJECTED, BOT, note)
        if standing.state is not PullState.MERGED:
            return change
        wanted = await self._wanted(change)
        if isinstance(wanted, str):
            return await self.journal.move(change, ChangeState.FAILED, BOT, wanted)
        if reached(wanted.edit, wanted.live or None):
            return await self.executor.verify(change)
        return await self._ask_once(change, pull, wanted.owner)

    async def _ask_once(self, change: Change, pull: PullRequest, keeper: ObjectOwner) -> Change:
        """Ask Flux to look now; where that is not allowed, it looks at its own interval."""
        merged = MERGED.format(number=pull.number)
        if merged in change.notes.proof:
            return change
        try:
            await self.ask_flux(keeper)
        except ClusterError as error:
            log.info("Flux was not asked to look for change %s: %s", change.name, error)
        return await self.journal.annotate(change, proof=(*change.notes.proof, merged))

    async def _wanted(self, change: Change) -> PullRequestInput | str:
        """The edit with the present object and its owner, or why the edit cannot be used."""
        edit = decoded(change.plan.steps[0].to)
        if isinstance(edit, str):
            return edit
        live = await self.writer.live(edit.object)
        snapshot = await self.cluster.snapshot(READS)
        return PullRequestInput(edit, live or {}, owner(live, snapshot) if live else NOBODY)


def _given_up(attempts: RepositoryAttempts) -> str:
    why = attempts.why or "The last attempt did not end: the process was stopped or died."
    return f"The repository was asked {attempts.count} times, and is not asked again. {why}"
