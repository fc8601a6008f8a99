"""Which step is next, by what is there now: so that a crash loses nothing and repeats nothing.

A step counts as done, too, where a later step of the same object is: an IngressRoute whose
priority was dropped is no longer as it was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.finding import Target
from bot.remediation.change.fields import Action, Manifest
from bot.remediation.change.step import Step, StepProgress, progress, written

Live = Mapping[Target, Manifest | None]
"""The objects as they are now; None where there is none."""


def standing(steps: Sequence[Step], live: Live) -> tuple[StepProgress, ...]:
    """How each step stands."""
    alone = [progress(step, live[step.object]) for step in steps]
    return tuple(
        StepProgress.DONE if _superseded(number, steps, alone) else step_progress
        for number, step_progress in enumerate(alone)
    )


def foreseen(steps: Sequence[Step], live: Live) -> tuple[StepProgress, ...]:
    """How each step will stand when it is its turn: with those before it done."""
    now, then = standing(steps, live), dict(live)
    found: list[StepProgress] = []
    for step, how in zip(steps, now, strict=True):
        expected = how if how is StepProgress.DONE else progress(step, then[step.object])
        if expected is StepProgress.TO_DO:
            then[step.object] = written(step, then[step.object])
        found.append(expected)
    return tuple(found)


def is_done(step: Step, steps: Sequence[Step], live: Live) -> bool:
    """Whether nothing is left to do of one step of these."""
    return standing(steps, live)[list(steps).index(step)] is StepProgress.DONE


def disturbed(step: Step, steps: Sequence[Step], live: Live) -> Step | None:
    """The step at whose object somebody else was, so that this one cannot be done.

    An Ingress is taken away only where all that takes its place is still as it was made.
    """
    number, stand = list(steps).index(step), standing(steps, live)
    if stand[number] is StepProgress.CHANGED:
        return step
    needed = number if step.action is Action.DELETE_INGRESS and not step.to else 0
    pairs = zip(steps[:needed], stand[:needed], strict=True)
    return next((step for step, how in pairs if how is not StepProgress.DONE), None)


def objects(steps: Sequence[Step]) -> tuple[Target, ...]:
    """Every object that is written, once."""
    return tuple(dict.fromkeys(step.object for step in steps))


def _superseded(number: int, steps: Sequence[Step], alone: Sequence[StepProgress]) -> bool:
    later = zip(steps[number + 1 :], alone[number + 1 :], strict=True)
    own = steps[number].object
    return any(step.object == own and how is StepProgress.DONE for step, how in later)
