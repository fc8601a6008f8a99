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

    DISCORD = "Discord"
    CLUSTER = "Cluster"
    ACCESS = "Permissions in the cluster"
    KINDS = "Kinds"
    TRAEFIK = "Traefik and network"


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
        ended = {each.outcome for each in self.examinations}
        for worst in (Outcome.FAILED, Outcome.UNSEEN, Outcome.WARNING):
            if worst in ended:
                return worst
        return Outcome.OK if Outcome.OK in ended else Outcome.UNSEEN

    def of(self, area: Area) -> tuple[Examination, ...]:
        """Those of one area."""
        return tuple(each for each in self.examinations if each.area is area)

    def count(self, outcome: Outcome) -> int:
        """How many ended so."""
        return sum(each.outcome is outcome for each in self.examinations)


def listed(words: Iterable[str], most: int = 5) -> str:
    """`a, b and 3 more`."""
    names = list(words)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
