"""The shape of a rule: one row of the decision table, found in a case or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Path, RouteEvidence
from bot.net.diagnosis.observation import Aim
from bot.net.diagnosis.overlay_kind import OverlayFacts

T = TypeVar("T")


@dataclass(frozen=True)
class Match:
    """A row that a case fits.

    `proven` says that the decisive tests were made and repeated. `paths` are the ways of Traefik's
    requests whose failure it explains; none where connections do not fail. `places` are at fault:
    the paths themselves where nothing else is named. `bears` are the kinds of tests that it rests
    on, `untested` what would make it certain, each with how to allow it. `instead` is advice for
    this case, before the rule's.
    """

    because: str
    proven: bool = False
    paths: tuple[Path, ...] = ()
    places: tuple[str, ...] = ()
    bears: tuple[Aim, ...] = ()
    untested: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()


Find = Callable[[RouteEvidence], Iterator[Match]]


@dataclass(frozen=True)
class DecisionRule:
    """A row of the decision table.

    `find` yields a match for each way or place that fits; its docstring says what must be seen for
    the row, and what it is told apart from. `effect` is what nativeLB does where this row is the
    verdict, as long as no measurement says otherwise.
    """

    row: Row
    find: Find
    effect: Effect
    effect_because: str
    advice: tuple[str, ...] | Callable[[OverlayFacts], tuple[str, ...]]
    """What to do; a function where that depends on the overlay."""

    def steps(self, overlay: OverlayFacts) -> tuple[str, ...]:
        """What to do, with this overlay."""
        return self.advice(overlay) if callable(self.advice) else self.advice

    def match(self, evidence: RouteEvidence) -> Match | None:
        """All that fits, as one match that is as certain as its least certain part."""
        matches = tuple(self.find(evidence))
        if not matches:
            return None
        places = (place for match in matches for place in match.places or map(str, match.paths))
        return Match(
            because=matches[0].because,
            proven=all(match.proven for match in matches),
            paths=_each_once(match.paths for match in matches),
            places=tuple(dict.fromkeys(places)),
            bears=_each_once(match.bears for match in matches),
            untested=_each_once(match.untested for match in matches),
            instead=_each_once(match.instead for match in matches),
        )


def _each_once(groups: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(groups)))
