"""How right the answers were: a row a fault, and the totals."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

OPEN = re.compile(
    r"\A\W*(Not all nodes could be tested|Not known|[^\n]*the test is inconclusive"
    r"|[^\n]*couldn't be tested)"
    r"|cannot be reached|could not be (read|seen)|did not answer in time"
)
"""How the bot says that it cannot tell."""

NAME = 60


class Score(StrEnum):
    """What an answer is worth."""

    RIGHT = "right"
    INCONCLUSIVE = "inconclusive"
    WRONG = "wrong"


def scored(said: str, want: str) -> Score:
    """Right where it says what it must; else wrong, unless it says that it cannot tell."""
    if re.search(want, said):
        return Score.RIGHT
    return Score.INCONCLUSIVE if OPEN.search(said) else Score.WRONG


@dataclass
class Confusion:
    """The scores by fault, and what could not be played here."""

    rows: dict[str, Counter[Score]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, fault: str, score: Score) -> None:
        """Count an answer."""
        self.rows.setdefault(fault, Counter())[score] += 1

    def lines(self) -> Iterator[str]:
        """The table; its last line has the totals."""
        yield f"{'fault':{NAME}}" + "".join(f"{score:>14}" for score in Score)
        for fault, counts in self.rows.items():
            yield f"{fault[: NAME - 1]:{NAME}}" + _columns(counts)
        for fault, why in self.left_out.items():
            yield f"{fault[: NAME - 1]:{NAME}}  {why}"
        totals = sum(self.rows.values(), Counter[Score]())
        said = ", ".join(f"{totals[score]} {score}" for score in Score)
        yield f"{len(self.rows)} faults, {totals.total()} answers: {said}; " + (
            f"{len(self.left_out)} left out"
        )


def _columns(counts: Counter[Score]) -> str:
    return "".join(f"{counts[score]:>14}" for score in Score)
