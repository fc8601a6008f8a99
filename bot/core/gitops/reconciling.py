"""What asks Flux to look again after a merge, and what keeps it away from one live object.

Source: Flux's documentation of `reconcile.fluxcd.io/requestedAt` (acknowledged by
`status.lastHandledReconcileAt`) and of `kustomize.toolkit.fluxcd.io/reconcile`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.core.change.step import Target

REQUESTED = "reconcile.fluxcd.io/requestedAt"
DISABLED = "kustomize.toolkit.fluxcd.io/reconcile"
OFF = "disabled"
KUSTOMIZE = "kustomize.toolkit.fluxcd.io"
SOURCE = "source.toolkit.fluxcd.io"


@dataclass(frozen=True, slots=True)
class Request:
    """An annotation to set on an object. The next is made when this one was handled."""

    object: Target
    annotation: str
    token: str


def requests(kustomization: Mapping[str, Any], token: str) -> tuple[Request, ...]:
    """What to annotate, in this order: the source first, or Flux applies what it had before.

    `kustomization` is the live object; `token` may be any text that was not used before, and Flux
    itself uses the time (RFC 3339).
    """
    metadata = kustomization["metadata"]
    own = Target("Kustomization", metadata["namespace"], metadata["name"], KUSTOMIZE)
    reference = (kustomization.get("spec") or {}).get("sourceRef") or {}
    asked = [own]
    if reference.get("kind") and reference.get("name"):
        place = reference.get("namespace") or own.namespace
        asked.insert(0, Target(reference["kind"], place, reference["name"], SOURCE))
    return tuple(Request(each, REQUESTED, token) for each in asked)


def handled(live: Mapping[str, Any], token: str) -> bool:
    """Whether the controller acted on this request (which is not: that it went well)."""
    return bool((live.get("status") or {}).get("lastHandledReconcileAt") == token)


def applied(kustomization: Mapping[str, Any], commit: str) -> bool:
    """Whether the live Kustomization says that it applied this commit.

    Revisions are `branch@sha1:commit`, and `branch/commit` before Flux 2.
    """
    revision = str((kustomization.get("status") or {}).get("lastAppliedRevision") or "")
    return len(commit) >= _WHOLE and revision.endswith(commit)


_WHOLE = 40
"""Hexadecimal digits of a whole commit id."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Flux leaves this one object alone until `until`: no apply, no prune."""

    object: Target
    until: datetime

    def over(self, now: datetime) -> bool:
        """Whether Flux has to have it back."""
        return now >= self.until


def hold(target: Target, at: datetime, lasting: timedelta) -> Hold:
    """Keep Flux away from an object for a time."""
    return Hold(target, at + lasting)


def held(live: Mapping[str, Any]) -> bool:
    """Whether Flux leaves the live object alone. Flux compares the value without regard to case."""
    value = _annotations(live).get(DISABLED)
    return isinstance(value, str) and value.lower() == OFF


def before(live: Mapping[str, Any]) -> dict[str, str]:
    """What the annotation was: an object with that one key, or an empty one."""
    value = _annotations(live).get(DISABLED)
    return {DISABLED: value} if isinstance(value, str) else {}


def holding() -> dict[str, str]:
    """What the annotation shall be while Flux is kept away; `before` gives it back."""
    return {DISABLED: OFF}


def _annotations(live: Mapping[str, Any]) -> Mapping[str, Any]:
    return (live.get("metadata") or {}).get("annotations") or {}
