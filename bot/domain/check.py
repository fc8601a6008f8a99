"""What a check is: one documented question, answered by pure judges of single objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.finding import Judgement, Ref
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot

Judge = Callable[[Any, Snapshot], Judgement]
"""From an object and the snapshot that it is part of to the judgement on it. Pure and quick."""

KnownAs = Callable[[Any, Snapshot], Ref | None]
"""From an object to what people know it by; None where that is the object itself."""


SCOPES = (
    "pods",
    "nodes",
    "flux",
    "certificates",
    "secrets",
    "endpoints",
    "routes",
    "workloads",
)
"""The scopes of `/health` and `meshmedic check`. The history stores their order: add at the end."""


@dataclass(frozen=True, slots=True)
class Check:
    """One documented check.

    judges: The judge of each type that the check covers.
    documented_as: The runbook's command.
    advice: What to do next about a finding.
    scope: None for a check that only `meshmedic judge` uses.
    needs: Further types without which the judges cannot decide.
    refers_to: Types that explain a finding.
    facts: What it judges by beside objects; a gap of that name concerns it.
    known_as: What people know its objects by, such as the workload of a pod; None for their names.
    """

    name: str
    title: str
    judges: Mapping[type[Object], Judge]
    documented_as: str
    advice: str
    scope: str | None = None
    needs: tuple[type[Object], ...] = ()
    refers_to: tuple[type[Object], ...] = ()
    facts: tuple[str, ...] = ()
    known_as: KnownAs | None = None

    @property
    def reads(self) -> tuple[type[Object], ...]:
        """Every type that is read for this check, those that it judges first."""
        return (*self.judges, *self.needs, *self.refers_to)

    @property
    def rests_on(self) -> frozenset[str]:
        """What it needs to observe beside the kinds that it judges: kinds and facts, by name."""
        return frozenset((*(kind.kind_name() for kind in self.needs), *self.facts))
