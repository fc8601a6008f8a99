"""The shape of a rule: one row of the decision table, found in a case or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.net.diagnosis.diagnosis import Confidence, Effect, Row
from bot.net.diagnosis.evidence import Case, Path
from bot.net.diagnosis.observation import Aim


@dataclass(frozen=True)
class Match:
    """A row that a case fits.

    `paths` are the ways of Traefik's requests whose failure it explains; none where connections
    do not fail. `bears` are the kinds of tests that it rests on, `untested` what would make it
    certain, each with how to allow it. `instead` is advice for this case, before the rule's.
    """

    because: str
    confidence: Confidence = Confidence.LIKELY
    paths: frozenset[Path] = frozenset()
    places: tuple[str, ...] = ()
    bears: tuple[Aim, ...] = ()
    untested: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()


Find = Callable[[Case], Match | None]


@dataclass(frozen=True)
class DecisionRule:
    """A row of the decision table.

    `effect` is what nativeLB does where this row is the verdict, as long as no measurement says
    otherwise; `seen` and `apart` say what must be seen and what it is told apart from.
    """

    row: Row
    find: Find
    effect: Effect
    effect_because: str
    seen: str
    apart: str
    advice: tuple[str, ...]


def certain(*, proven: bool) -> Confidence:
    """PROVEN where the decisive tests were made and repeated."""
    return Confidence.PROVEN if proven else Confidence.LIKELY


def merged(matches: list[Match]) -> Match | None:
    """What several ways say of one row, as one match: as certain as the least certain."""
    if not matches:
        return None
    sure = all(match.confidence is Confidence.PROVEN for match in matches)
    return Match(
        because=matches[0].because,
        confidence=certain(proven=sure),
        paths=frozenset(path for match in matches for path in match.paths),
        places=tuple(dict.fromkeys(place for match in matches for place in match.places)),
        bears=tuple(dict.fromkeys(aim for match in matches for aim in match.bears)),
        untested=tuple(dict.fromkeys(said for match in matches for said in match.untested)),
        instead=tuple(dict.fromkeys(said for match in matches for said in match.instead)),
    )
