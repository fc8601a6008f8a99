"""How far a plan is, by what is there now: so a crash loses nothing and repeats nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.finding import Target
from bot.remediation.change.fields import Action, Manifest
from bot.remediation.change.step import Step, StepProgress, progress, written

Live = Mapping[Target, Manifest | None]
"""The objects as they are now; None if an object does not exist."""

REPLACES = {
    Action.DELETE_INGRESS: Action.CREATE_INGRESSROUTE,
    Action.CREATE_INGRESSROUTE: Action.DELETE_INGRESS,
}
"""In a hand-over between an Ingress and IngressRoutes: whose objects serve instead of whose."""


def standing(steps: Sequence[Step], live: Live) -> tuple[StepProgress, ...]:
    """How each step stands.

    A step is also done where a later step of the same object is: an IngressRoute whose priority
    was lowered again is no longer as it was created.
    """
    alone = [progress(step, live[step.object]) for step in steps]
    last_done = {
        step.object: number
        for number, step in enumerate(steps)
        if alone[number] is StepProgress.DONE
    }
    return tuple(
        StepProgress.DONE if number < last_done.get(step.object, 0) else alone[number]
        for number, step in enumerate(steps)
    )


def foreseen(steps: Sequence[Step], live: Live) -> tuple[StepProgress, ...]:
    """How each step will stand when its turn comes, with the steps before it done."""
    then = dict(live)
    expected: list[StepProgress] = []
    for step, now in zip(steps, standing(steps, live), strict=True):
        will_be = now if now is StepProgress.DONE else progress(step, then[step.object])
        if will_be is StepProgress.TO_DO:
            then[step.object] = written(step, then[step.object])
        expected.append(will_be)
    return tuple(expected)


def is_done(step: Step, steps: Sequence[Step], live: Live) -> bool:
    """Whether nothing is left to do of one of these steps."""
    return standing(steps, live)[list(steps).index(step)] is StepProgress.DONE


def disturbed(step: Step, steps: Sequence[Step], live: Live) -> Step | None:
    """The step whose object somebody else changed, so that this step cannot be done.

    An Ingress is deleted only while everything that replaces it is still as it was created.
    """
    number, progresses = list(steps).index(step), standing(steps, live)
    if progresses[number] is StepProgress.CHANGED:
        return step
    needed = number if step.action is Action.DELETE_INGRESS and not step.to else 0
    pairs = zip(steps[:needed], progresses[:needed], strict=True)
    return next((before for before, now in pairs if now is not StepProgress.DONE), None)


def replacements(step: Step, steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps whose objects must serve before this step deletes its own; none if it does not."""
    if step.to or step.action not in REPLACES:
        return ()
    return tuple(other for other in steps if other.action is REPLACES[step.action])


def cannot_be_compared(steps: Sequence[Step]) -> bool:
    """Whether these steps replace an Ingress without the label that the admission policy needs."""
    actions = {step.action for step in steps}
    return Action.DELETE_INGRESS in actions and Action.LABEL_HAND_OVER not in actions


def objects(steps: Sequence[Step]) -> tuple[Target, ...]:
    """Every object that is written, once."""
    return tuple(dict.fromkeys(step.object for step in steps))
