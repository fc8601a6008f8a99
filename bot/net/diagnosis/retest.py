"""What is asked a second time: everything that was answered, where not all of it was well.

A fault that heals or begins during a test shows itself so; what ended in different ways is tried
often enough for a rate.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bot.net.diagnosis.evidence import Case
from bot.net.diagnosis.observation import Aim, ProbeTarget, Question, VantagePoint
from bot.net.diagnosis.results import ResultState, Tally
from bot.net.diagnosis.rules.application import SERVER_ERROR
from bot.net.diagnosis.test_plan import FEW, MANY

QUIET = (Aim.OTHER_PORT, Aim.NODE)
"""Tests that may be refused on a healthy cluster."""

RATED = (Aim.ENDPOINT, Aim.FAR, Aim.BACK, Aim.FAR_UDP, Aim.NODE)
"""Tests that tell how many packets a pair of nodes loses."""

Key = tuple[VantagePoint, Aim, ProbeTarget]


def needs_second_pass(case: Case) -> bool:
    """Whether anything was not well, so that all of it has to be seen again."""
    return any(
        _unwell(tally)
        for (_, aim, _), tally in case.tallies.items()
        if tally.seen and aim not in QUIET
    )


def second_pass(case: Case, asked: Sequence[Question]) -> tuple[Question, ...]:
    """The questions of a second pass."""
    lossy = frozenset(_pair(key) for key, tally in case.tallies.items() if _loses(key, tally))
    made: list[Question] = []
    for question in asked:
        key = (question.source, question.aim, question.target)
        tried = case.at(*key)
        if not tried.seen:
            continue
        tries, once = _tries(key, tried, rated=_pair(key) in lossy)
        patience = 0 if once else question.probe.again
        probe = msgspec.structs.replace(
            question.probe, id=str(len(made)), tries=tries, again=patience, settle=0.0
        )
        made.append(msgspec.structs.replace(question, probe=probe))
    return tuple(made)


def _unwell(tally: Tally) -> bool:
    wrong = any(answer.status >= SERVER_ERROR for answer in tally.answers)
    return not tally.clean or tally.slow or wrong


def _tries(key: Key, tried: Tally, *, rated: bool) -> tuple[int, bool]:
    """How many tries, and whether a try that times out is left at that."""
    if (rated and key[1] in RATED) or (tried.successes and not tried.ok):
        return MANY, True
    if tried.state in (ResultState.SILENT, ResultState.BROKEN):
        return 2, True
    return (tried.tries if key[1] is Aim.VIP else min(tried.tries, FEW)), False


def _loses(key: Key, tally: Tally) -> bool:
    return key[1] in RATED and bool(tally.successes and tally.impaired)


def _pair(key: Key) -> frozenset[str]:
    return frozenset((key[0].node, key[2].node))
