"""Carries an approved change to its end: steps, proof, and back again where it did not help.

Each state is saved before what it stands for is done, and each step compares before it writes. So
whoever finds a change half done, after a crash or a takeover, goes on from what is there.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import msgspec

from bot.domain.finding import Target
from bot.errors import ClusterError, Conflict, InputError
from bot.remediation.change import handover
from bot.remediation.change import step_progress as walking
from bot.remediation.change.change import Change, Undoing
from bot.remediation.change.fields import Action, Manifest
from bot.remediation.change.history import BOT, IllegalMove
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.proof import Sample, VerificationResult
from bot.remediation.change.states import ChangeState
from bot.remediation.change.step import Step, StepProgress, mistake, progress, undoing
from bot.remediation.change.verification_requests import VerificationRequest
from bot.remediation.ports import TEMPORARY, ChangeStore, StepWriter

log = logging.getLogger(__name__)

TURNS = 4
"""Attempts of one step, each failing only where somebody else wrote the object in between."""


class Prove(Protocol):
    """Tells by requests whether a change helped."""

    async def helped(self, request: VerificationRequest, before: Sample) -> VerificationResult:
        """After the change, compared with what was before."""
        ...


class Loads(Protocol):
    """Tells whether Traefik serves what these steps stand for, by markers beside the objects."""

    async def unseen(self, change: Change, instead: Sequence[Step], live: walking.Live, /) -> str:
        """Why that cannot be said of every Traefik; empty where it was seen."""
        ...

    async def clear(self, change: Change, /) -> tuple[str, ...]:
        """Take away markers that a process which died left behind; what cannot be taken away."""
        ...


class See(Protocol):
    """Tells what Traefik itself says of the route."""

    async def seen(self, plan: RepairPlan) -> str:
        """A line for people, also where nothing can be read."""
        ...


class StepFailed(Exception):  # expected: the change is then rolled back
    """A step cannot be done; the message says why, for people."""


class RouteUnserved(StepFailed):
    """What would serve instead was not seen to serve."""


OnChange = Callable[[Change], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Walk:
    """The steps of one direction, and by which actions routes may be taken away already."""

    steps: Sequence[Step]
    seen: set[Action] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Executor:
    """Does what was approved. `on_change` is called after every move; `clock` gives the time.

    What `confirmation` says is noted beside the proof, and decides nothing.
    """

    store: ChangeStore
    writer: StepWriter
    verifier: Prove
    loading: Loads
    clock: Callable[[], datetime]
    on_change: OnChange
    confirmation: See | None = None

    async def moved(
        self, change: Change, state: ChangeState, by: str = BOT, note: str = ""
    ) -> Change:
        """The Change one state further, saved.

        Raises:
            InputError: That move is none.
            Conflict: Somebody else moved it first.
        """
        history = change.history.moved(
            state, by=by, at=self.clock(), expires=change.expires, note=note
        )
        if isinstance(history, IllegalMove):
            raise InputError(history.why)
        saved = await self.store.write(msgspec.structs.replace(change, history=history))
        log.info(
            "change %s is %s, by %s: %s %s", saved.name, state, by, saved.plan.target, note[:200]
        )
        await self.on_change(saved)
        return saved

    async def rehearse(self, change: Change, by: str) -> None:
        """Ask the API server whether it would take each step that can be tried by itself.

        Raises:
            InputError: It would not, or the object is no longer as planned; the message says why.
            ClusterError: Nobody knows.
        """
        if change.plan.way is Method.PULL_REQUEST:
            return
        steps = change.plan.steps
        live = await self._live(steps)
        for step, how in zip(steps, walking.foreseen(steps, live), strict=True):
            if how is StepProgress.CHANGED:
                raise InputError(_changed(step))
            if progress(step, live[step.object]) is StepProgress.TO_DO:
                await self.writer.write(step, live[step.object], change.name, by, dry_run=True)

    async def apply(self, change: Change) -> Change:
        """From Approved or Applying on, to the end.

        Raises:
            ClusterError: The API server cannot be asked; it goes on from there later.
        """
        if change.state is ChangeState.APPROVED:
            change = await self.moved(change, ChangeState.APPLYING)
        try:
            await self._steps(change, change.plan.steps)
        except StepFailed as stuck:
            return await self.take_back(change, BOT, str(stuck))
        return await self.verify(await self.moved(change, ChangeState.VERIFYING))

    async def verify(self, change: Change) -> Change:
        """Prove that it helped; else take it back."""
        proof = await self._proof(change)
        if not proof.helped:
            return await self.take_back(change, BOT, proof.because)
        noted = (*change.notes.proof, proof.because)
        if self.confirmation:
            noted = (*noted, await self.confirmation.seen(change.plan))
        return await self.moved(
            _noted(change, proof=noted[-16:]), ChangeState.DONE, note=proof.because
        )

    async def take_back(self, change: Change, by: str, why: str) -> Change:
        """Undo every step in reverse, and say what is left where somebody was at it."""
        if pull := change.notes.pull_request:
            note = f"Revert pull request {pull.number}, which was merged. {why}"
            return await self.moved(change, ChangeState.FAILED, by, note)
        if change.notes.undoing is None:
            undone = Undoing(by, self.clock(), why[:1000])
            change = await self.store.write(_noted(change, undoing=undone))
        noted = change.notes.undoing or Undoing(by, self.clock(), why)
        left = list(await self.loading.clear(change))
        walk = _Walk(undoing(change.plan.steps))
        for number, step in enumerate(walk.steps):
            try:
                await self._one(change, step, walk)
            except RouteUnserved as unserved:
                # Two routes of one host are better than none: a person takes the other away.
                left += [str(unserved), await self._stays(walk.steps[number:])]
                break
            except StepFailed as stuck:
                left.append(str(stuck))
        if left:
            # What is left goes first: a long note is cut at its end.
            note = f"Not all was taken back: {' '.join(left)} {noted.why}"
            return await self.moved(change, ChangeState.FAILED, noted.by, note)
        return await self.moved(change, ChangeState.ROLLED_BACK, noted.by, noted.why)

    async def obstacles(self, change: Change) -> tuple[str, ...]:
        """What stands against taking it back: objects that somebody changed since."""
        steps = undoing(change.plan.steps)
        live = await self._live(steps)
        pairs = zip(steps, walking.foreseen(steps, live), strict=True)
        return tuple(_changed(step) for step, how in pairs if how is StepProgress.CHANGED)

    async def _steps(self, change: Change, steps: Sequence[Step]) -> None:
        for step in steps:
            if why := mistake(step):
                raise StepFailed(why)
        if left := await self.loading.clear(change):
            raise StepFailed(" ".join(left))
        walk = _Walk(steps)
        for step in steps:
            await self._one(change, step, walk)

    async def _one(self, change: Change, step: Step, walk: _Walk) -> None:
        """Do one step, unless it is done.

        Raises:
            StepFailed: It cannot be done.
            ClusterError: The API server cannot be asked now.
        """
        if why := mistake(step):
            raise StepFailed(why)
        for _ in range(TURNS):
            live = await self._live(walk.steps)
            if walking.is_done(step, walk.steps, live):
                return
            if wrong := walking.disturbed(step, walk.steps, live):
                raise StepFailed(_changed(wrong))
            if not await self._may_go(change, step, walk, live):
                continue
            try:
                await self.writer.write(
                    step,
                    live[step.object],
                    change.name,
                    change.who(ChangeState.APPROVED),
                    dry_run=False,
                )
            except Conflict:
                continue
            except TEMPORARY:
                raise
            except ClusterError as error:
                raise StepFailed(f"{step.action} of {step.object}: {error}") from error
            return
        raise StepFailed(f"{step.object} is changed by somebody else again and again.")

    async def _may_go(self, change: Change, step: Step, walk: _Walk, live: walking.Live) -> bool:
        """Whether it may be done by what was read; else that is to be read again.

        Where it takes a route away, Traefik must be seen to serve what takes its place. Requests
        to the route cannot tell: the one with the higher priority hides the other.
        """
        instead = handover.others(step, walk.steps)
        if gone := [step.object for step in instead if live[step.object] is None]:
            raise RouteUnserved(f"{gone[0]} is not there.")
        if not instead or step.action in walk.seen:
            return True
        if why := await self.loading.unseen(change, instead, live):
            raise RouteUnserved(why)
        if step.action is Action.DELETE_INGRESS:
            proof = await self._proof(change)
            if not proof.helped:
                raise StepFailed(
                    f"Beside the Ingress, the IngressRoutes do not help. {proof.because}"
                )
        # It took its time: where what was read has changed meanwhile, it is seen anew.
        unchanged = await self._live(walk.steps) == live
        if unchanged:
            walk.seen.add(step.action)
        return unchanged

    async def _stays(self, steps: Sequence[Step]) -> str:
        """What is left standing of what these would take away, and what to do about it."""
        live = await self._live([step for step in steps if not step.to])
        named = ", ".join(str(at) for at, there in live.items() if there)
        return f"So this stays, and takes the requests: {named}. Delete it when that is served."

    async def _proof(self, change: Change) -> VerificationResult:
        request = VerificationRequest(change.plan.host, change.plan.path)
        return await self.verifier.helped(request, change.notes.baseline or Sample())

    async def _live(self, steps: Sequence[Step]) -> dict[Target, Manifest | None]:
        return {target: await self.writer.live(target) for target in walking.objects(steps)}


def _noted(change: Change, **notes: object) -> Change:
    return msgspec.structs.replace(change, notes=msgspec.structs.replace(change.notes, **notes))


def _changed(step: Step) -> str:
    return f"{step.object} was changed by somebody else since ({step.action})."
