"""One step of a plan: one editable field of one object, with its old and its new value.

A step is never a patch: its action names a field of a closed list (`fields`), and nothing else of
the object is written. So a stored step that somebody tampered with is either refused, or does what
its own words say and the approver read.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from bot.domain.finding import Target
from bot.remediation.change.fields import FIELDS, Action, EditableField, Manifest, target_of

MOST = 16384
"""Characters of `was` and `to`. Source: deploy/base/change-crd.yaml."""


class Step(msgspec.Struct, frozen=True):
    """`was` and `to` are JSON; empty where the object does not exist."""

    action: Action
    object: Target
    was: str = ""
    to: str = ""

    @property
    def undo(self) -> Step:
        """The step that takes it back."""
        return Step(self.action, self.object, was=self.to, to=self.was)

    @property
    def manifest(self) -> Manifest:
        """The object of a step that creates or deletes a whole one."""
        value = _value(self.to or self.was)
        return value if isinstance(value, dict) else {}


STAYS = frozenset({Action.RELEASE_CERTIFICATE, Action.OPEN_PULL_REQUEST})
"""What a rollback leaves. An Ingress that was put back is a new object, so a Certificate that named
the old one as its owner would be collected as garbage; a merge is reverted in Git."""


def undoing(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps that take a plan back, in reverse order."""
    return tuple(step_.undo for step_ in reversed(steps) if step_.action not in STAYS)


class StepProgress(StrEnum):
    """How a step stands, by what is there now."""

    TO_DO = "to do"
    DONE = "done"
    """The new value is there, no matter who wrote it: resuming after a crash does nothing twice."""
    CHANGED = "changed"
    """Neither the old nor the new value is there: somebody else wrote one."""


def step(action: Action, target: Target, was: object, to: object) -> Step:
    """A step from values that JSON knows; None where the object does not exist."""
    return Step(action, target, was=_text(was), to=_text(to))


def mistake(unchecked: Step) -> str:
    """Why a stored step must not be done; empty if it may."""
    action, target = unchecked.action, unchecked.object
    field = FIELDS.get(action)
    if field is None or (target.group, target.kind) not in field.kinds:
        return f"{action} does not write {target.kind} of {target.group!r}."
    if max(len(unchecked.was), len(unchecked.to)) > MOST:
        return "It is too long."
    was, to = _value(unchecked.was), _value(unchecked.to)
    if _BAD in (was, to) or was == to:
        return f"What {action} says of before and after cannot be read, or is the same."
    return next(filter(None, _mistakes(target, field, was, to)), "")


def _mistakes(target: Target, field: EditableField, was: Any, to: Any) -> Iterator[str]:
    values = [value for value in (was, to) if value is not None]
    yield from map(field.mistake, values)
    if field.write is None:
        if None not in (was, to):
            yield "An object is made where there is none, or taken away."
        if any(target_of(value) != target for value in values):
            yield "The manifest is of another object."
    elif None in (was, to):
        yield "Before and after there is the same object."
    elif field.where(was) != field.where(to):
        yield "It does not name the same places before and after."


def progress(planned: Step, live: Manifest | None) -> StepProgress:
    """How a step stands by the present object; None if the object does not exist."""
    to, was = _value(planned.to), _value(planned.was)
    known = was if to is None else to
    present = None if live is None else FIELDS[planned.action].read(live, known)
    if present == to:
        return StepProgress.DONE
    return StepProgress.TO_DO if present == was else StepProgress.CHANGED


def written(planned: Step, live: Manifest | None) -> Manifest | None:
    """The object after a step, with nothing else of it changed; None if it is deleted.

    Only for a step without a mistake that is TO_DO.
    """
    to, write = _value(planned.to), FIELDS[planned.action].write
    if write is None or live is None:
        after: Manifest | None = to
        return after
    changed = copy.deepcopy(live)
    write(changed, to)
    return changed


_BAD = object()


def _text(value: object) -> str:
    return "" if value is None else msgspec.json.encode(value, order="sorted").decode()


def _value(text: str) -> Any:
    try:
        return msgspec.json.decode(text) if text else None
    except (msgspec.MsgspecError, RecursionError):
        return _BAD
