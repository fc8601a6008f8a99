"""Carries out an approved change: its steps, the proof, and the rollback if it did not help.

Each state is saved before what it stands for is done, and each step compares before it writes. So
a process that finds a change half done, after a crash or a takeover, goes on from what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.finding import Target
from bot.domain.sentences import sentences
from bot.errors import ClusterError, Conflict, InputError
from bot.remediation.change import step_progress
from bot.remediation.change.change import Change, Undoing
from bot.remediation.change.fields import Action, Manifest
from bot.remediation.change.history import BOT
from bot.remediation.change.plan import Method
from bot.remediation.change.proof import Sample, VerificationResult
from bot.remediation.change.states import ChangeState
from bot.remediation.change.step import Step, StepProgress, mistake, undoing
from bot.remediation.change.step_progress import Live
from bot.remediation.journal import ChangeJournal
from bot.remediation.loading import LoadingProbe
from bot.remediation.ports import TEMPORARY, StepWriter
from bot.remediation.traefik_view import TraefikConfirmation
from bot.remediation.verification import Verifier

ATTEMPTS = 4
"""Attempts of one step; each fails only if somebody else wrote the object in between."""


TOO_OLD = (
    "An older meshmedic made it, so the IngressRoutes do not say what the Ingress had. Apply the "
    "Ingress by hand, check that Traefik serves it, and delete the IngressRoutes."
)


class StepFailed(Exception):  # expected: the change is then rolled back
    """A step cannot be done. The message says why, for people."""


class RouteUnserved(StepFailed):
    """What would serve instead of a deleted route was not observed to serve."""


@dataclass(frozen=True, slots=True)
class Executor:
    """Does what was approved, step after step; the journal hears of every move.

    `confirmation` adds what Traefik itself says to the proof, and decides nothing.
    """

    writer: StepWriter
    verifier: Verifier
    loading: LoadingProbe
    journal: ChangeJournal
    clock: Callable[[], datetime]
    confirmation: TraefikConfirmation | None = None

    async def rehearse(self, change: Change, by: str) -> None:
        """Ask the API server whether it would accept each step that can be tried by itself.

        Raises:
            InputError: An object is no longer as planned; the message says which.
            ClusterError: The API server refuses a step, or cannot be asked.
        """
        if change.plan.way is Method.PULL_REQUEST:
            return
        steps = change.plan.steps
        live = await self._live(steps)
        if changed := _changed(steps, live):
            raise InputError(changed[0])
        for step, then in zip(steps, step_progress.foreseen(steps, live), strict=True):
            there = live[step.object]
            # A step that writes what another one creates cannot be tried before it.
            if then is StepProgress.TO_DO and (there is not None or not step.was):
                await self.writer.write(step, there, change.name, by, dry_run=True)

    async def apply(self, change: Change) -> Change:
        """Carry a change that is Approved or Applying to its end.

        Raises:
            ClusterError: The API server cannot be asked; the reconciler goes on later.
        """
        if change.state is ChangeState.APPROVED:
            change = await self.journal.move(change, ChangeState.APPLYING)
        steps, loaded = change.plan.steps, set[Action]()
        why = next(filter(None, map(mistake, steps)), "")
        if why := why or sentences(*await self.loading.clear(change)):
            return await self.take_back(change, BOT, why)
        try:
            for step in steps:
                await self._execute(step, steps, change, loaded)
        except StepFailed as failure:
            return await self.take_back(change, BOT, str(failure))
        return await self.verify(change)

    async def verify(self, change: Change) -> Change:
        """Prove that a change helped, else take it back."""
        if change.state is not ChangeState.VERIFYING:
            change = await self.journal.move(change, ChangeState.VERIFYING)
        proof = await self._proof(change)
        if not proof.helped:
            return await self.take_back(change, BOT, proof.because)
        lines = [*change.notes.proof, proof.because]
        if self.confirmation:
            lines.append(await self.confirmation.describe(change.plan))
        noted = change.noted(proof=tuple(lines[-16:]))
        return await self.journal.move(noted, ChangeState.DONE, note=proof.because)

    async def take_back(self, change: Change, by: str, why: str) -> Change:
        """Undo every step in reverse, and name what is left because somebody changed it."""
        if pull := change.notes.pull_request:
            note = f"Revert pull request {pull.number}, which was merged. {why}"
            return await self.journal.move(change, ChangeState.FAILED, by, note)
        change = await self.decide_to_undo(change, by, why)
        decision = change.notes.undoing or Undoing(by, self.clock(), why)
        left = list(await self.loading.clear(change))
        steps, loaded = undoing(change.plan.steps), set[Action]()
        for number, step in enumerate(steps):
            try:
                await self._execute(step, steps, change, loaded)
            except RouteUnserved as unserved:
                # Two routes of one host are better than none: a person takes the other away.
                left += [str(unserved), await self._remaining(steps[number:])]
                left += await self._end_hand_over(steps, number, change)
                break
            except StepFailed as failure:
                left.append(str(failure))
        if left:
            # What is left goes first: a long note is cut at its end.
            note = f"Not all was taken back: {' '.join(left)} {decision.why}"
            return await self.journal.move(change, ChangeState.FAILED, decision.by, note)
        return await self.journal.move(change, ChangeState.ROLLED_BACK, decision.by, decision.why)

    async def decide_to_undo(self, change: Change, by: str, why: str) -> Change:
        """Save that a change is to be taken back, unless that is saved already.

        This comes first: after a crash the next process must finish what was begun.

        Raises:
            Conflict: Somebody else wrote the change first.
        """
        if change.notes.undoing:
            return change
        return await self.journal.annotate(change, undoing=Undoing(by, self.clock(), why[:1000]))

    async def obstacles(self, change: Change) -> tuple[str, ...]:
        """Why a change cannot be taken back: objects that somebody changed since, or its age."""
        if step_progress.cannot_be_compared(change.plan.steps):
            return (TOO_OLD,)
        steps = undoing(change.plan.steps)
        return _changed(steps, await self._live(steps))

    async def _execute(
        self, step: Step, steps: Sequence[Step], change: Change, loaded: set[Action]
    ) -> None:
        """Do one of these steps, unless it is done.

        `loaded` collects the actions whose replacements Traefik was observed to serve.

        Raises:
            StepFailed: It cannot be done.
            ClusterError: The API server cannot be asked now.
        """
        if why := mistake(step):
            raise StepFailed(why)
        for _ in range(ATTEMPTS):
            live = await self._live(steps)
            if step_progress.is_done(step, steps, live):
                return
            if other := step_progress.disturbed(step, steps, live):
                raise StepFailed(_changed_since(other))
            if not await self._may_write(step, steps, change, live, loaded):
                continue
            by = change.who(ChangeState.APPROVED)
            try:
                await self.writer.write(step, live[step.object], change.name, by, dry_run=False)
            except Conflict:
                continue
            except TEMPORARY:
                raise
            except ClusterError as error:
                raise StepFailed(f"{step.action} of {step.object}: {error}") from error
            return
        raise StepFailed(f"{step.object} is changed by somebody else again and again.")

    async def _may_write(
        self, step: Step, steps: Sequence[Step], change: Change, live: Live, loaded: set[Action]
    ) -> bool:
        """Whether a step may be done by what was read; else the objects must be read again.

        A step that deletes a route waits until Traefik is observed to serve what replaces it.
        Requests to the route cannot tell: the one with the higher priority hides the other.

        Raises:
            StepFailed: It must not be done.
            ClusterError: The API server cannot be asked now.
        """
        instead = step_progress.replacements(step, steps)
        if absent := [other.object for other in instead if live[other.object] is None]:
            raise RouteUnserved(f"{absent[0]} is not there.")
        if not instead or step.action in loaded:
            return True
        if why := await self.loading.unseen(change, instead, live):
            raise RouteUnserved(why)
        if step.action is Action.DELETE_INGRESS:
            proof = await self._proof(change)
            if not proof.helped:
                raise StepFailed(
                    f"Beside the Ingress, the IngressRoutes do not help. {proof.because}"
                )
        # That took its time: if anything changed meanwhile, it is all looked at again.
        if unchanged := await self._live(steps) == live:
            loaded.add(step.action)
        return unchanged

    async def _remaining(self, steps: Sequence[Step]) -> str:
        """What these steps would have deleted and still serves, and what to do about it."""
        live = await self._live([step for step in steps if not step.to])
        named = ", ".join(str(target) for target, manifest in live.items() if manifest)
        return f"So this stays, and takes the requests: {named}. Delete it when that is served."

    async def _end_hand_over(self, steps: Sequence[Step], done: int, change: Change) -> list[str]:
        """Remove the label from what stays after the first `done` steps. Returns the failures."""
        labels = [
            step.undo if number < done else step
            for number, step in enumerate(steps)
            if step.action is Action.LABEL_HAND_OVER
        ]
        live = await self._live(labels)
        left: list[str] = []
        for step in labels:
            if live[step.object] is None:
                continue
            try:
                await self._execute(step, labels, change, set())
            except StepFailed as failure:
                left.append(str(failure))
        return left

    async def _proof(self, change: Change) -> VerificationResult:
        return await self.verifier.helped(change.plan.request, change.notes.baseline or Sample())

    async def _live(self, steps: Sequence[Step]) -> dict[Target, Manifest | None]:
        return {target: await self.writer.live(target) for target in step_progress.objects(steps)}


def _changed(steps: Sequence[Step], live: Live) -> tuple[str, ...]:
    pairs = zip(steps, step_progress.foreseen(steps, live), strict=True)
    return tuple(_changed_since(step) for step, now in pairs if now is StepProgress.CHANGED)


def _changed_since(step: Step) -> str:
    return f"{step.object} was changed by somebody else since ({step.action})."
