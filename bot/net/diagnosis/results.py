"""How all the tries of one probe ended: one state, and whether it held from pass to pass.

Times are milliseconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from statistics import median

from bot.net.diagnosis.observation import Observation
from bot.net.probing.protocol import SETTLE, Outcome, ProbeAnswer


class ResultState(StrEnum):
    """How all the tries of a question ended."""

    OK = "ok"
    REFUSED = "refused"
    SILENT = "timeout"
    NO_ROUTE = "no route"
    BROKEN = "broken"
    """Connected, and then closed, reset, or without an answer."""
    NAMELESS = "no such name"
    FOREIGN = "another protocol"
    """Connected, and the answer was neither TLS nor HTTP where it should be."""
    MIXED = "mixed"
    UNSEEN = "not seen"


STATES = {
    Outcome.OK: ResultState.OK,
    Outcome.REFUSED: ResultState.REFUSED,
    Outcome.TIMEOUT: ResultState.SILENT,
    Outcome.NO_ROUTE: ResultState.NO_ROUTE,
    Outcome.RESET: ResultState.BROKEN,
    Outcome.CLOSED: ResultState.BROKEN,
    Outcome.STALLED: ResultState.BROKEN,
    Outcome.NAME: ResultState.NAMELESS,
    Outcome.TLS: ResultState.FOREIGN,
    Outcome.NOT_HTTP: ResultState.FOREIGN,
}
"""UNTRIED is left out: it says nothing of the network."""

SLOW = 200.0
"""Milliseconds to connect: more than half way round the earth takes on a good line."""

REACHED = frozenset(STATES) - {Outcome.TIMEOUT, Outcome.NO_ROUTE, Outcome.NAME}
"""Outcomes of tries that were answered, so that their times show how far away that was."""

ANSWERED = REACHED - {Outcome.STALLED}
"""Outcomes of tries of which something came back, be it that the other side hung up: a server whose
queue of connections is full, or that finds a request too large, resets it."""

LATE = 900.0
"""A lost SYN is sent again after a second: a connection that took this much longer lost one."""

LOST = {ResultState.SILENT, ResultState.BROKEN}
"""Packet loss ends in either."""

SAID = {ResultState.REFUSED, ResultState.NO_ROUTE}
"""Errors that a router or firewall sends, until it has sent too many."""

SHARP = {ResultState.REFUSED, ResultState.NO_ROUTE, ResultState.NAMELESS, ResultState.FOREIGN}
"""Answers that packet loss alone never causes."""


SHORTEST = 0.1
"""Milliseconds below which a figure would pretend too much."""

UNSETTLED = f", still {SETTLE:.0f} s after it was created"
"""A clause for a new target that stayed away for all the time it had."""


@dataclass(frozen=True)
class Result:
    """All answers to one planned probe, by pass; `reasons` say why it was not made."""

    rounds: tuple[tuple[ProbeAnswer, ...], ...] = ()
    reasons: tuple[str, ...] = ()

    @cached_property
    def answers(self) -> tuple[ProbeAnswer, ...]:
        """Every try, of all passes."""
        return tuple(answer for answers in self.rounds for answer in answers)

    @cached_property
    def state(self) -> ResultState:
        """How all tries ended; MIXED where they differ."""
        return _state(self.answers)

    @property
    def seen(self) -> bool:
        """Whether it was tried at all."""
        return bool(self.answers)

    @property
    def ok(self) -> bool:
        """Whether it was tried and every try went well."""
        return self.state is ResultState.OK

    @property
    def fails(self) -> bool:
        """Whether it was tried and no try went well."""
        return self.seen and not self.successes

    @property
    def tries(self) -> int:
        """How many tries there were."""
        return len(self.answers)

    @cached_property
    def successes(self) -> int:
        """How many went well."""
        return sum(answer.outcome is Outcome.OK for answer in self.answers)

    @cached_property
    def fastest(self) -> float | None:
        """The least time until it was connected or refused."""
        return min(self._times, default=None)

    @cached_property
    def typical(self) -> float | None:
        """The median time until it was connected or refused."""
        return median(self._times) if self._times else None

    @cached_property
    def impaired(self) -> int:
        """Tries that lost packets: timed out, stalled, given up once, or a second late."""
        return _impaired(self.answers)

    @property
    def answered(self) -> bool:
        """Whether something came back of every try."""
        return self.seen and all(answer.outcome in ANSWERED for answer in self.answers)

    @property
    def slow(self) -> bool:
        """Whether even its quickest connection took long: then lateness is no sign of loss."""
        return self.fastest is not None and self.fastest >= SLOW

    @property
    def clean(self) -> bool:
        """Whether every try went well at once."""
        return self.ok and not self.impaired

    @property
    def repeated(self) -> bool:
        """Whether it was tried in more than one pass."""
        return len(self.rounds) > 1

    @cached_property
    def changed(self) -> bool:
        """Whether a later pass ended otherwise than the first, so that no state held.

        Tries that differ within a pass are no change as long as the next pass shows it too: that
        is what loss looks like. Loss refuses nothing, though.
        """
        if not self.repeated:
            return False
        before, after = _state(self.rounds[0]), _state(self.rounds[-1])
        if before is after or {before, after} <= LOST:
            return False
        if ResultState.SILENT in (before, after) and {before, after} & SAID:
            return False
        if {before, after} & SHARP:
            return True
        if before is ResultState.MIXED:
            return after is ResultState.OK and not _impaired(self.rounds[-1])
        if after is ResultState.MIXED:
            return before is not ResultState.OK and _mended(self.rounds[-1])
        return True

    @property
    def before(self) -> ResultState:
        """How the first pass ended."""
        return _state(self.rounds[0]) if self.rounds else ResultState.UNSEEN

    @property
    def after(self) -> ResultState:
        """How the last pass ended."""
        return _state(self.rounds[-1]) if self.rounds else ResultState.UNSEEN

    @property
    def backends(self) -> frozenset[str]:
        """The backends that answered, where an answer named one."""
        return frozenset(answer.backend for answer in self.answers if answer.backend)

    @property
    def sources(self) -> frozenset[str]:
        """The addresses that the tries went out from."""
        return frozenset(answer.source for answer in self.answers if answer.source)

    @cached_property
    def _times(self) -> list[float]:
        return [
            answer.connected
            for answer in self.answers
            if answer.connected is not None and answer.outcome in REACHED and not answer.retried
        ]

    def __str__(self) -> str:
        """For people: `refused 4 of 4, after 0.1 ms`, or why it was not tried."""
        if not self.seen:
            return "not tested: " + "; ".join(self.reasons) if self.reasons else "not tested"
        counts = Counter(answer.outcome for answer in self.answers)
        ended = ", ".join(f"{kind} {counts[kind]} of {self.tries}" for kind in sorted(counts))
        after = "" if self.typical is None else f", typically after {milliseconds(self.typical)}"
        return ended + after + (UNSETTLED if any(a.unsettled for a in self.answers) else "")


def summarize(observations: Iterable[Observation]) -> Result:
    """One result of the observations of one planned probe, in any order."""
    rounds: dict[int, list[ProbeAnswer]] = {}
    reasons: set[str] = set()
    for observation in observations:
        tried = [answer for answer in observation.answers if answer.outcome in STATES]
        if tried:
            rounds.setdefault(observation.round, []).extend(tried)
        reasons.update(
            answer.detail or "could not begin"
            for answer in observation.answers
            if answer.outcome not in STATES
        )
        if observation.unasked:
            reasons.add(observation.unasked)
    ordered = (
        tuple(sorted(rounds[round_], key=lambda a: (a.at, a.id, repr(a))))
        for round_ in sorted(rounds)
    )
    return Result(tuple(ordered), tuple(sorted(reasons)))


def _state(answers: Sequence[ProbeAnswer]) -> ResultState:
    """A refusal among silences is a refusal.

    The kernel limits how many errors it sends (icmp_ratelimit), and rejects the rest in silence.
    """
    states = {STATES[answer.outcome] for answer in answers}
    if len(states & SAID) == 1:
        states.discard(ResultState.SILENT)
    if not states:
        return ResultState.UNSEEN
    return states.pop() if len(states) == 1 else ResultState.MIXED


def _mended(answers: Sequence[ProbeAnswer]) -> bool:
    """Whether a pass failed up to a moment, and never after it."""
    went_well = [answer.outcome is Outcome.OK for answer in answers]
    return went_well == sorted(went_well)


def _impaired(answers: Sequence[ProbeAnswer]) -> int:
    reached = [
        answer for answer in answers if answer.outcome in REACHED and answer.connected is not None
    ]
    late = min((answer.connected or 0.0 for answer in reached), default=0.0) + LATE
    return sum(
        answer.retried
        or answer.outcome in (Outcome.TIMEOUT, Outcome.STALLED)
        or (answer in reached and (answer.connected or 0.0) >= late)
        for answer in answers
    )


def milliseconds(time: float) -> str:
    """A time as people read it."""
    return f"{time:.1f} ms" if time >= SHORTEST else f"under {SHORTEST} ms"
