"""A hand-over between an Ingress and IngressRoutes, there and back: what serves in whose place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from bot.remediation.change.change import Change
from bot.remediation.change.fields import PUT_BACK, Action, Manifest
from bot.remediation.change.states import ChangeState
from bot.remediation.change.step import Step, StepProgress, progress
from bot.remediation.change.step_progress import Live

OTHER = {
    Action.DELETE_INGRESS: Action.CREATE_INGRESSROUTE,
    Action.CREATE_INGRESSROUTE: Action.DELETE_INGRESS,
}
"""Whose objects serve in whose place."""


def others(step: Step, steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps whose objects must serve before this one takes its own away; else none."""
    if step.to or step.action not in OTHER:
        return ()
    return tuple(one for one in steps if one.action is OTHER[step.action])


def stood_before(step: Step, live: Live, change: Change) -> bool:
    """Whether it is an Ingress that was never taken away, and is what it was at the approval.

    The requests of that moment saw Traefik serve it, when nothing else was there.
    """
    ingress, approved = live[step.object], change.entered(ChangeState.APPROVED)
    if step.action is not Action.DELETE_INGRESS or ingress is None or approved is None:
        return False
    if progress(step, ingress) is not StepProgress.DONE:
        return False
    notes = ingress["metadata"].get("annotations") or {}
    made = _made(ingress)
    return notes.get(PUT_BACK) != change.name and made is not None and made < approved


def _made(manifest: Manifest) -> datetime | None:
    try:
        return msgspec.convert(manifest["metadata"].get("creationTimestamp"), datetime | None)
    except msgspec.ValidationError:
        return None
