"""One step of a plan: at one place of one object, what must be there before and what after.

A step is never a patch: its action names a place from a closed list (`places`), and nothing else of
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
from bot.remediation.change.fields import PLACES, Action, Field, Manifest

MOST = 16384
"""Characters of `was` and `to`. Source: deploy/base/change-crd.yaml."""


class Step(msgspec.Struct, frozen=True):
    """`was` and `to` are JSON; empty where there is no object at all."""

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
        """The object of a step that makes or takes away a whole one."""
        found = _value(self.to or self.was)
        return found if isinstance(found, dict) else {}


STAYS = frozenset({Action.RELEASE_CERTIFICATE, Action.OPEN_PULL_REQUEST})
"""What is not undone: an Ingress that was put back is another one, and what names the old one as
its owner would be collected as garbage; what was merged is reverted where it was merged."""


def undoing(steps: Sequence[Step]) -> tuple[Step, ...]:
    """What takes a plan back, in reverse."""
    return tuple(step_.undo for step_ in reversed(steps) if step_.action not in STAYS)


class StepProgress(StrEnum):
    """How a step stands, by what is there now."""

    TO_DO = "to do"
    DONE = "done"
    """As it shall be, whoever did it: so resuming after a crash does nothing twice."""
    CHANGED = "changed"
    """Neither as it was nor as it shall be: somebody else was at it."""


def step(action: Action, target: Target, was: object, to: object) -> Step:
    """A step from values that JSON knows; None where there is no object."""
    return Step(action, target, was=_text(was), to=_text(to))


def mistake(each: Step) -> str:
    """Why it is no step of ours; empty where it is one."""
    place = PLACES.get(each.action)
    if place is None or (each.object.group, each.object.kind) not in place.kinds:
        return f"{each.action} does not write {each.object.kind} of {each.object.group!r}."
    if max(len(each.was), len(each.to)) > MOST:
        return "It is too long."
    values = [_value(each.was), _value(each.to)]
    if _BAD in values or values[0] == values[1]:
        return f"What {each.action} says of before and after cannot be read, or is the same."
    return next(filter(None, _mistakes(each, place, values)), "")


def _mistakes(each: Step, place: Field, values: list[Any]) -> Iterator[str]:
    for value in values:
        if value is not None:
            yield place.mistake(value)
    if place.write is None:
        if None not in values:
            yield "An object is made where there is none, or taken away."
        yield from (_misnamed(each.object, value) for value in values if value is not None)
    elif None in values:
        yield "Before and after there is the same object."
    elif place.where(values[0]) != place.where(values[1]):
        yield "It does not name the same places before and after."


def _misnamed(target: Target, manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    group, _, _version = str(manifest.get("apiVersion", "")).rpartition("/")
    named = (group, manifest.get("kind"), metadata.get("namespace"), metadata.get("name"))
    if named == (target.group, target.kind, target.namespace, target.name):
        return ""
    return "The manifest is of another object."


def progress(each: Step, live: Manifest | None) -> StepProgress:
    """By the object as it is; None where there is none."""
    seen = _seen(each, live)
    if seen == _value(each.to):
        return StepProgress.DONE
    return StepProgress.TO_DO if seen == _value(each.was) else StepProgress.CHANGED


def written(each: Step, live: Manifest | None) -> Manifest | None:
    """The object as it shall be, and nothing else of it changed; None where there shall be none.

    Only for what is TO_DO, of a step without a mistake.
    """
    to = _value(each.to)
    place = PLACES[each.action]
    if place.write is None or live is None:
        return None if to is None else copy.deepcopy(to)
    made = copy.deepcopy(live)
    place.write(made, to)
    return made


def _seen(each: Step, live: Manifest | None) -> object:
    if live is None:
        return None
    known = _value(each.to or each.was)
    return PLACES[each.action].read(live, known)


_BAD = object()
_NOTHING = ""


def _text(value: object) -> str:
    if value is None:
        return _NOTHING
    return msgspec.json.encode(value, order="sorted").decode()


def _value(text: str) -> Any:
    if text == _NOTHING:
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return _BAD
