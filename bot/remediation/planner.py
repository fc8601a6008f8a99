"""Plans repairs from fresh evidence, with the difference of the file where it goes through Git."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from bot.domain.refusal import Refusal
from bot.gitops.domain.file_edit import decoded
from bot.gitops.service import PullRequestInput, not_configured
from bot.net.probing.protocol import Progress, quiet
from bot.remediation.change.change import Change
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.context import ContextReader
from bot.remediation.planning import offers as offering
from bot.remediation.planning.context import PlanningContext
from bot.remediation.planning.offers import Offers
from bot.remediation.planning.pull_request import owner_of
from bot.remediation.planning.refusals import PlanReason, PlanRefusal
from bot.remediation.ports import PullRequestHost

MOST_PREVIEW = 12_000
"""Characters of the difference of a file."""


@dataclass(frozen=True, slots=True)
class Planner:
    """Reads the cluster afresh and makes a plan, or refuses.

    `pulls` is None if no repository is set. `untouchable` says why a namespace is never changed.
    """

    context_reader: ContextReader
    pulls: PullRequestHost | None
    untouchable: Callable[[str], str]

    async def offers(
        self, route: str, progress: Progress = quiet, *, private: bool = False
    ) -> Offers:
        """What a fresh diagnosis of a route supports.

        Raises:
            InputError: No route has this name, or several have.
            ClusterError: The cluster cannot be read.
        """
        context = await self.context_reader.of(route, progress, private=private)
        return offering.offers(context, self.untouchable)

    async def choose(
        self, offers: Offers, method: Method | None, progress: Progress = quiet
    ) -> RepairPlan | PlanRefusal:
        """The plan of a method, or of the smallest one that can be done if none is named.

        Raises:
            RepositoryError: The repository cannot be read.
        """
        plan = offers.by(method) if method else offers.best
        if isinstance(plan, PlanRefusal) or plan.way is not Method.PULL_REQUEST:
            return plan
        progress("Looking for its file in Git.")
        previewed = await self._previewed(plan, offers.context)
        others = [other for other in offers.plans if other.way is not Method.PULL_REQUEST]
        unwilling = method is None and others and isinstance(previewed, PlanRefusal)
        return others[0] if unwilling else previewed

    async def replan(self, change: Change) -> RepairPlan | PlanRefusal:
        """The plan of a change, made anew from fresh evidence."""
        return await self.choose(await self.offers(change.plan.asked), change.plan.way)

    async def _previewed(
        self, plan: RepairPlan, context: PlanningContext
    ) -> RepairPlan | PlanRefusal:
        """The plan with the difference of the file, or why there is none, with what to paste."""
        edit = decoded(plan.steps[0].to)
        if isinstance(edit, str):
            return PlanRefusal(PlanReason.NOT_IN_FILE, edit)
        owner, live = owner_of(context, edit)
        wanted = PullRequestInput(edit, live, owner)
        preview = await self.pulls.preview(wanted) if self.pulls else not_configured(wanted)
        if isinstance(preview, Refusal):
            return PlanRefusal(PlanReason.NOT_IN_FILE, str(preview), preview.paste)
        also = [f"The same file makes {side_effect} too." for side_effect in preview.also]
        return replace(plan, preview=preview.diff[:MOST_PREVIEW], risks=(*also, *plan.risks)[:32])
