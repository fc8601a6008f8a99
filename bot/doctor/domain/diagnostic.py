"""Diagnostics of the doctor, and the report that holds them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class DiagnosticOutcome(StrEnum):
    """How one diagnostic ended.

    NOTE is neither good nor bad: an option that is not used, or what was not tested. UNOBSERVED is
    never as good as OK.
    """

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    UNOBSERVED = "not seen"
    FAILED = "failed"


PROBLEMS = (DiagnosticOutcome.FAILED, DiagnosticOutcome.UNOBSERVED, DiagnosticOutcome.WARNING)
"""What needs attention, the worst first."""


class Area(StrEnum):
    """What a diagnostic is about; reports are grouped by it."""

    SETTINGS = "Settings"
    DISCORD = "Discord"
    CLUSTER = "Cluster"
    ACCESS = "Permissions in the cluster"
    KINDS = "Kinds"
    TRAEFIK = "Traefik and network"
    REPOSITORY = "Git repository"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What was observed about one topic, and how to fix it.

    `fix` is a sentence; every failure has one.
    """

    area: Area
    name: str
    outcome: DiagnosticOutcome
    observation: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """What the doctor asks; each method makes the diagnostic of one outcome."""

    area: Area
    name: str

    def ok(self, observation: str) -> Diagnostic:
        """Nothing is wrong."""
        return Diagnostic(self.area, self.name, DiagnosticOutcome.OK, observation)

    def note(self, observation: str, fix: str = "") -> Diagnostic:
        """An option is not used, or was not tested."""
        return Diagnostic(self.area, self.name, DiagnosticOutcome.NOTE, observation, fix)

    def warning(self, observation: str, fix: str) -> Diagnostic:
        """It works, but not as it should."""
        return Diagnostic(self.area, self.name, DiagnosticOutcome.WARNING, observation, fix)

    def unobserved(self, why: str, fix: str = "") -> Diagnostic:
        """The answer could not be observed."""
        return Diagnostic(self.area, self.name, DiagnosticOutcome.UNOBSERVED, why, fix)

    def failed(self, observation: str, fix: str) -> Diagnostic:
        """It does not work."""
        return Diagnostic(self.area, self.name, DiagnosticOutcome.FAILED, observation, fix)


@dataclass(frozen=True)
class DiagnosticReport:
    """All diagnostics of one run, in the order in which they are shown."""

    diagnostics: tuple[Diagnostic, ...]

    @cached_property
    def outcome(self) -> DiagnosticOutcome:
        """The worst outcome: failures come before what was not observed, then warnings."""
        ended = {diagnostic.outcome for diagnostic in self.diagnostics}
        order = (*PROBLEMS, DiagnosticOutcome.OK)
        return next((word for word in order if word in ended), DiagnosticOutcome.UNOBSERVED)

    def in_area(self, area: Area) -> tuple[Diagnostic, ...]:
        """The diagnostics of one area; those with the same words are merged under all names."""
        groups: dict[tuple[DiagnosticOutcome, str, str], list[str]] = {}
        for diagnostic in self.diagnostics:
            if diagnostic.area is area:
                key = diagnostic.outcome, diagnostic.observation, diagnostic.fix
                groups.setdefault(key, []).append(diagnostic.name)
        return tuple(Diagnostic(area, ", ".join(names), *key) for key, names in groups.items())

    @property
    def headline(self) -> str:
        """`1 failed, 2 not seen, 14 ok`: the worst first."""
        counts = Counter(diagnostic.outcome for diagnostic in self.diagnostics)
        return ", ".join(
            _counted(outcome, counts[outcome])
            for outcome in reversed(DiagnosticOutcome)
            if counts[outcome]
        )


def _counted(outcome: DiagnosticOutcome, count: int) -> str:
    noun = outcome in (DiagnosticOutcome.NOTE, DiagnosticOutcome.WARNING)
    return f"{count} {outcome}s" if noun and count > 1 else f"{count} {outcome}"
