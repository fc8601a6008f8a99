"""The answer to one question of the doctor, and all of them together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Outcome(StrEnum):
    """How one examination ended.

    NOTE is neither good nor bad: an option that is not used, or what was not tested. UNSEEN is
    never as good as OK: nobody knows.
    """

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    UNSEEN = "not seen"
    FAILED = "failed"


class Area(StrEnum):
    """What an examination is about; reports are grouped by it."""

    SETTINGS = "Settings"
    DISCORD = "Discord"
    CLUSTER = "Cluster"
    ACCESS = "Permissions in the cluster"
    KINDS = "Kinds"
    TRAEFIK = "Traefik and network"
    REPOSITORY = "Git repository"


@dataclass(frozen=True, slots=True)
class Examination:
    """One question, what was seen, and what to do about it.

    `fix` is a sentence; every failure has one.
    """

    area: Area
    name: str
    outcome: Outcome
    saw: str
    fix: str = ""


@dataclass(frozen=True)
class CheckUp:
    """All examinations of one run, in the order in which they are shown."""

    examinations: tuple[Examination, ...]

    @cached_property
    def outcome(self) -> Outcome:
        """The whole in one word: a failure outweighs what was not seen, and that a warning."""
        ended = {examination.outcome for examination in self.examinations}
        for worst in (Outcome.FAILED, Outcome.UNSEEN, Outcome.WARNING):
            if worst in ended:
                return worst
        return Outcome.OK if Outcome.OK in ended else Outcome.UNSEEN

    def of(self, area: Area) -> tuple[Examination, ...]:
        """Those of one area; what ended in the same words is one, under all its names."""
        groups: dict[tuple[Outcome, str, str], list[str]] = {}
        for examination in self.examinations:
            if examination.area is area:
                groups.setdefault(
                    (examination.outcome, examination.saw, examination.fix), []
                ).append(examination.name)
        return tuple(
            Examination(area, ", ".join(names), outcome, saw, fix)
            for (outcome, saw, fix), names in groups.items()
        )

    @property
    def headline(self) -> str:
        """`1 failed, 2 not seen, 14 ok`: the worst first."""
        counts = ((outcome, self.count(outcome)) for outcome in reversed(Outcome))
        return ", ".join(_counted(outcome, count) for outcome, count in counts if count)

    def count(self, outcome: Outcome) -> int:
        """How many ended so."""
        return sum(examination.outcome is outcome for examination in self.examinations)


def _counted(outcome: Outcome, count: int) -> str:
    noun = outcome in (Outcome.NOTE, Outcome.WARNING)
    return f"{count} {outcome}s" if noun and count > 1 else f"{count} {outcome}"


def listed(words: Iterable[str], most: int = 5) -> str:
    """`a, b and 3 more`."""
    names = list(words)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
