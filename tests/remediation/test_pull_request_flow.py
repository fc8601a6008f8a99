"""A change by pull request: previewed, approved, opened once, waited for, proven after Flux."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from bot.domain.refusal import Refusal
from bot.errors import ClusterError, InputError, RepositoryError
from bot.gitops.domain.file_edit import EditKind
from bot.gitops.domain.ownership import Keeper, ObjectOwner
from bot.gitops.hosts import PullRequestStanding, PullState
from bot.gitops.markdown import Description
from bot.gitops.refusals import FileReason, Stop
from bot.gitops.service import Proposed, PullRequestInput
from bot.gitops.task import Preview
from bot.remediation.change.change import MOST_ATTEMPTS, Change
from bot.remediation.change.plan import Method
from bot.remediation.change.states import ChangeState
from bot.remediation.planning.refusals import PlanReason, PlanRefusal
from bot.remediation.service import ChangeRefusal, Proposal, RemediationService
from bot.remediation.views.text import full_text
from bot.routing.native_lb import ANNOTATION
from tests.remediation.changes import ANNA, ASKED, BELA, SERVICE, World
from tests.remediation.planning.situations import a_service

FLUX = ObjectOwner(Keeper.KUSTOMIZATION, "flux-system", "apps")
LABELS = {
    "kustomize.toolkit.fluxcd.io/name": "apps",
    "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
}
DIFF = "--- a/apps/web.yaml\n+++ b/apps/web.yaml\n+    nativelb: true\n"
MERGED, CLOSED, OPEN = (
    PullRequestStanding(PullState.MERGED),
    PullRequestStanding(PullState.CLOSED),
    PullRequestStanding(PullState.OPEN),
)


class Killed(BaseException):
    """The process ends here."""


@dataclass
class FakePulls:
    """A repository: `refuses` or `fails` whatever is asked, and `proposing` what is opened."""

    refuses: Refusal | None = None
    fails: RepositoryError | None = None
    diff: str = DIFF
    standing: PullRequestStanding = OPEN
    opened: list[tuple[PullRequestInput, Description]] = field(default_factory=list)
    proposing: BaseException | Refusal | None = None
    asked: int = 0

    async def preview(self, asked: PullRequestInput) -> Preview | Refusal:
        self._check()
        return self.refuses or Preview("apps/web.yaml", self.diff, ("apps/other",))

    async def propose(self, asked: PullRequestInput, why: Description) -> Proposed | Refusal:
        self._check()
        self.asked += 1
        if isinstance(self.proposing, BaseException):
            raise self.proposing
        if refusal := self.proposing or self.refuses:
            return refusal
        self.opened.append((asked, why))
        return Proposed("https://git.example/o/r/pulls/7", 7, Preview("apps/web.yaml", self.diff))

    async def state(self, number: int) -> PullRequestStanding:
        self._check()
        assert number == 7
        return self.standing

    def _check(self) -> None:
        if self.fails:
            raise self.fails


@pytest.fixture
def world() -> World:
    """A Service that Flux keeps."""
    made = World()
    made.pulls = FakePulls()
    made.writer.put(SERVICE, a_service(metadata={"labels": LABELS}))
    made.context_reader.more = {"service_owner": FLUX}
    return made


async def proposed(world: World, remediation: RemediationService) -> Change:
    made = await remediation.propose(ASKED, None, str(ANNA))
    assert isinstance(made, Proposal), made
    return made.change


async def waiting(world: World, remediation: RemediationService) -> Change:
    """Approved, and its pull request open."""
    change = await proposed(world, remediation)
    await remediation.decide(change.name, world.click(BELA), approve=True)
    await remediation.reconciler.wait()
    return await remediation.show(change.name)


async def looked_at(remediation: RemediationService, name: str) -> Change:
    await remediation.reconciler.go_on()
    await remediation.reconciler.wait()
    return await remediation.show(name)


def applied(world: World) -> None:
    """Flux has applied what was merged."""
    notes = {ANNOTATION: "true"}
    world.writer.put(SERVICE, a_service(metadata={"labels": LABELS, "annotations": notes}))


async def test_what_flux_keeps_is_proposed_as_the_difference_of_its_file(world: World) -> None:
    change = await proposed(world, world.process())
    assert change.plan.way is Method.PULL_REQUEST
    assert change.plan.preview == DIFF
    assert any("apps/other" in each for each in change.plan.risks)
    assert not world.pulls.opened


async def test_an_approval_opens_it_and_waits_for_whoever_merges(world: World) -> None:
    """The bot merges nothing and writes nothing in the cluster."""
    remediation = world.process()
    change = await waiting(world, remediation)
    assert change.state is ChangeState.AWAITING_MERGE
    assert change.notes.pull_request
    assert change.notes.pull_request.number == 7
    ((asked, why),) = world.pulls.opened
    assert (asked.edit.kind, asked.owner) == (EditKind.ANNOTATE, FLUX)
    assert (why.change, why.requester) == (change.name, str(ANNA))
    world.passes(days=2)
    assert (await looked_at(remediation, change.name)).state is ChangeState.AWAITING_MERGE
    assert not world.writer.effects


async def test_a_merge_asks_flux_once_and_is_proven_when_it_is_applied(world: World) -> None:
    remediation = world.process()
    change = await waiting(world, remediation)
    world.pulls.standing = MERGED
    for _ in range(2):
        assert (await looked_at(remediation, change.name)).state is ChangeState.AWAITING_MERGE
    assert world.asked_flux == [FLUX]
    applied(world)
    end = await looked_at(remediation, change.name)
    assert end.state is ChangeState.DONE
    assert end.notes.proof[-1] == "Requests were made."
    with pytest.raises(InputError, match="Revert pull request 7"):
        await remediation.roll_back(change.name, world.click(ANNA))


async def test_where_flux_may_not_be_asked_it_looks_by_itself(world: World) -> None:
    async def forbidden(_: ObjectOwner) -> None:
        raise ClusterError("May not patch kustomizations.")

    world.ask = forbidden  # type: ignore[method-assign]
    remediation = world.process()
    change = await waiting(world, remediation)
    world.pulls.standing = MERGED
    await looked_at(remediation, change.name)
    applied(world)
    assert (await looked_at(remediation, change.name)).state is ChangeState.DONE


async def test_what_was_merged_in_vain_says_what_to_revert(world: World) -> None:
    """Nothing in the cluster is undone: Flux would put it back."""
    world.verifier.helps = False
    remediation = world.process()
    change = await waiting(world, remediation)
    world.pulls.standing = MERGED
    applied(world)
    end = await looked_at(remediation, change.name)
    assert end.state is ChangeState.FAILED
    assert "Revert pull request 7" in end.history.entries[-1].note
    assert not world.writer.effects


async def test_a_pull_request_that_was_closed_is_a_no(world: World) -> None:
    remediation = world.process()
    change = await waiting(world, remediation)
    world.pulls.standing = CLOSED
    assert (await looked_at(remediation, change.name)).state is ChangeState.REJECTED


async def test_a_host_that_does_not_answer_is_asked_again(world: World) -> None:
    """Between the approval and the pull request, and while it is waited for."""
    remediation = world.process()
    change = await proposed(world, remediation)

    async def cut_off(asked: PullRequestInput, why: Description) -> Any:
        raise RepositoryError("The host does not answer.")

    kept, world.pulls.propose = world.pulls.propose, cut_off
    await remediation.decide(change.name, world.click(BELA), approve=True)
    await remediation.reconciler.wait()
    assert (await remediation.show(change.name)).state is ChangeState.APPLYING
    world.pulls.propose = kept
    world.passes(seconds=20)
    assert (await looked_at(remediation, change.name)).state is ChangeState.AWAITING_MERGE
    world.pulls.fails = RepositoryError("It is down.")
    assert (await looked_at(remediation, change.name)).state is ChangeState.AWAITING_MERGE


async def test_a_file_that_changed_since_shows_a_new_plan(world: World) -> None:
    remediation = world.process()
    change = await proposed(world, remediation)
    world.pulls.diff = DIFF + "+    more: true\n"
    made = await remediation.decide(change.name, world.click(BELA), approve=True)
    assert isinstance(made, ChangeRefusal)
    assert made.instead
    assert not world.pulls.opened


async def test_a_file_that_cannot_be_edited_leaves_the_way_that_survives(world: World) -> None:
    """And named outright it says why, with the text to paste."""
    world.pulls.refuses = Refusal(
        str(Stop(FileReason.ENCRYPTED, "apps/web.yaml")), FileReason.ENCRYPTED, "paste this"
    )
    remediation = world.process()
    assert (await proposed(world, remediation)).plan.way is Method.ANNOTATION
    made = await remediation.propose(ASKED, Method.PULL_REQUEST, str(ANNA))
    assert isinstance(made, PlanRefusal)
    assert (made.reason, made.paste) == (PlanReason.NOT_IN_FILE, "paste this")


async def test_without_a_repository_the_refusal_says_what_to_set(world: World) -> None:
    world.pulls = None
    made = await world.process().propose(ASKED, Method.PULL_REQUEST, str(ANNA))
    assert isinstance(made, PlanRefusal)
    assert "MESHMEDIC_GIT_URL" in made.detail


async def test_an_edit_that_was_tampered_with_is_refused(world: World) -> None:
    remediation = world.process()
    change = await proposed(world, remediation)
    (step,) = change.plan.steps
    bad = msgspec.structs.replace(step, to=step.to.replace('"annotate"', '"replace"'))
    now = world.store.kept[change.name]
    plan = msgspec.structs.replace(change.plan, steps=(bad,))
    world.store.kept[change.name] = msgspec.structs.replace(now, plan=plan)
    moved = await remediation.journal.move(
        await remediation.show(change.name), ChangeState.APPROVED, str(BELA)
    )
    end = await remediation.reconciler.execute(moved)
    assert end.state is ChangeState.FAILED
    assert not world.pulls.opened


async def test_a_repository_that_does_not_answer_is_asked_at_growing_intervals(
    world: World,
) -> None:
    """The change says so, and the tenth attempt is the last."""
    remediation = world.process()
    change = await proposed(world, remediation)
    world.pulls.proposing = RepositoryError("It is down.")
    await remediation.decide(change.name, world.click(BELA), approve=True)
    await remediation.reconciler.wait()
    waits = []
    for attempt in range(1, MOST_ATTEMPTS):
        shown = await looked_at(remediation, change.name)
        attempts = shown.notes.attempts
        assert attempts
        assert (shown.state, attempts.count, attempts.why) == (
            ChangeState.APPLYING,
            attempt,
            "It is down.",
        )
        assert f"Attempt {attempt} of 10" in full_text(shown)
        assert world.pulls.asked == attempt
        waits.append((attempts.again_at - attempts.at).total_seconds())
        world.passes(seconds=waits[-1])
    assert waits == [20, 40, 80, 160, 320, 640, 1280, 2560, 3600]
    assert (await looked_at(remediation, change.name)).state is ChangeState.APPLYING
    end = await looked_at(remediation, change.name)
    assert end.state is ChangeState.FAILED
    assert "10 times and gave up" in end.history.entries[-1].note
    assert "It is down." in end.history.entries[-1].note


async def test_a_process_that_dies_of_the_repository_does_not_begin_it_at_each_start(
    world: World,
) -> None:
    """The attempt was stored before it began."""
    change = await proposed(world, world.process())
    world.pulls.proposing = Killed()
    for starts in range(3):
        remediation = world.process()
        if not starts:
            await remediation.decide(change.name, world.click(BELA), approve=True)
        for task in tuple(remediation.reconciler._running.values()):
            await asyncio.gather(task, return_exceptions=True)
        shown = await looked_at(remediation, change.name)
        assert shown.notes.attempts
        assert (shown.notes.attempts.count, shown.notes.attempts.why) == (1, "")
        assert world.pulls.asked == 1


async def test_an_approved_change_is_not_planned_anew_at_each_start_either(world: World) -> None:
    """Its file is looked for in the same repository. It answers, and all goes on."""
    remediation = world.process()
    change = await proposed(world, remediation)
    approved = await remediation.reconciler.journal.move(
        await remediation.show(change.name), ChangeState.APPROVED, str(BELA)
    )
    assert approved.state is ChangeState.APPROVED
    world.pulls.fails = RepositoryError("It is down.")
    for _ in range(3):
        shown = await looked_at(world.process(), change.name)
        assert shown.state is ChangeState.APPROVED
        assert shown.notes.attempts
        assert shown.notes.attempts.count == 1
    world.pulls.fails = None
    world.passes(seconds=20)
    shown = await looked_at(world.process(), change.name)
    assert (shown.state, shown.notes.attempts) == (ChangeState.AWAITING_MERGE, None)


async def test_what_is_too_much_to_read_ends_the_change(world: World) -> None:
    """It would be too much the next time, too."""
    remediation = world.process()
    change = await proposed(world, remediation)
    stop = Stop(FileReason.ENDED, "It needed more than 96 MiB of memory")
    world.pulls.proposing = Refusal(str(stop), stop.reason, "paste this")
    await remediation.decide(change.name, world.click(BELA), approve=True)
    await remediation.reconciler.wait()
    end = await looked_at(remediation, change.name)
    assert end.state is ChangeState.FAILED
    assert "96 MiB of memory" in end.history.entries[-1].note
    assert world.pulls.asked == 1
