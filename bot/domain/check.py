"""The shape of a check: one documented question, answered by pure judges of single objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.finding import Judgement
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot

Judge = Callable[[Any, Snapshot], Judgement]
"""An object and the snapshot that it stands in -> the verdict on it. Pure and quick."""

SCOPES = ("pods", "nodes", "flux", "certificates", "secrets", "endpoints", "routes")
"""What `/health` and `meshmedic check` can be narrowed to."""


@dataclass(frozen=True, slots=True)
class Check:
    """One documented check.

    `judges` has a judge for each type that the check answers for; `needs` are further types
    without which its judges cannot tell, `refers_to` those that explain; `documented_as` is the
    runbook's command; `advice` is the next thing to do. `scope` is None for a check that only
    `meshmedic judge` uses.
    """

    name: str
    title: str
    judges: Mapping[type[Object], Judge]
    documented_as: str
    advice: str
    scope: str | None = None
    needs: tuple[type[Object], ...] = ()
    refers_to: tuple[type[Object], ...] = ()

    @property
    def reads(self) -> tuple[type[Object], ...]:
        """Every type that must be read for this check, its own first."""
        return (*self.judges, *self.needs, *self.refers_to)
