"""Texts that would make a backtracking pattern take its time, and how long it takes for them."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import permutations
from re import _constants as parts  # type: ignore[attr-defined]  # what hypothesis reads too
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple, NoReturn

SHORT, LONG = 60, 1000
"""Repetitions in a short text, since some patterns look at no longer ones; characters of a long."""

SECONDS = 1.0
"""CPU time that all texts of a pattern may take."""

UNNOTICED = 0.00006
"""Seconds of CPU for a long text, below which its time does not grow with the square."""

AT_MOST = 0.05
"""Seconds of CPU for a short one: in that time a pattern can look at it again and again."""

LARGER, GROWTH = 4, 8
"""For a text so many times larger a pattern takes as many times longer, or the square of it: 16."""

METHODS = ("search", "fullmatch")
"""What `match` does is what `search` does first."""

REPEATING = (parts.MAX_REPEAT, parts.MIN_REPEAT, parts.POSSESSIVE_REPEAT)
GROUPING = (parts.SUBPATTERN, parts.ASSERT, parts.ASSERT_NOT)
ASIDE = (parts.ASSERT, parts.ASSERT_NOT, parts.AT, parts.GROUPREF)
"""What takes up no characters, or such as were before."""

CATEGORIES = {
    parts.CATEGORY_DIGIT: re.compile(r"\d"),
    parts.CATEGORY_NOT_DIGIT: re.compile(r"\D"),
    parts.CATEGORY_SPACE: re.compile(r"\s"),
    parts.CATEGORY_NOT_SPACE: re.compile(r"\S"),
    parts.CATEGORY_WORD: re.compile(r"\w"),
    parts.CATEGORY_NOT_WORD: re.compile(r"\W"),
}
USUAL = "a0-. \n"
"""Tried for what takes more than it names."""

UNFITTING = "\x00"
ENDS = ("", UNFITTING, "!\n\x00")
"""What follows a repetition: nothing, and what fits few patterns."""

FEW_CHARACTERS = 4
"""How many characters of a repeated class are tried."""

CHOICES = 3
"""How many ways through its alternatives a repetition is taken."""


class Pump(NamedTuple):
    """A text of any size, which leads to a repetition and repeats what it repeats."""

    before: str
    body: str
    end: str

    @property
    def long(self) -> int:
        """How often the body stands in a long text."""
        return max(SHORT, LONG // len(self.body))

    def text(self, repeats: int, pattern: re.Pattern[Any]) -> Any:
        """The text, as the pattern takes it."""
        text = f"{self.before}{self.body * repeats}{self.end}"
        return text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")


def slow(pattern: re.Pattern[Any], seconds: float = SECONDS) -> Iterator[str]:
    """What a pattern takes longer for than in proportion to a text's size, by what asks it."""
    text, method = "", ""
    slowest: dict[str, tuple[float, Pump]] = {}
    try:
        with limited(seconds):
            for pump in pumps(pattern):
                for method in METHODS:
                    text = pump.text(SHORT, pattern)
                    if _seconds(pattern, method, text) > AT_MOST:
                        yield _words(method, text, "far too long")
                    text = pump.text(pump.long, pattern)
                    took = _seconds(pattern, method, text)
                    if took > slowest.get(method, (UNNOTICED, pump))[0]:
                        slowest[method] = took, pump
    except TooSlowError:
        yield _words(method, text, "no end")
    for method, (_, pump) in slowest.items():
        # Measured again: another process may have been in the way.
        grown = min(_growth(pattern, method, pump, seconds) for _ in range(2))
        if grown > GROWTH:
            text = pump.text(pump.long, pattern)
            yield _words(method, text, f"of {LARGER} times the size {grown:.0f} times the time")


def _words(method: str, text: object, what: str) -> str:
    return f"{method} of {str(text)[:60]!r} and so on: {what}"


def _growth(pattern: re.Pattern[Any], method: str, pump: Pump, seconds: float) -> float:
    """How many times longer it takes for a larger text; infinite where that does not end."""
    sizes = (pump.long, pump.long * LARGER)
    try:
        with limited(seconds):
            small, large = (_seconds(pattern, method, pump.text(size, pattern)) for size in sizes)
    except TooSlowError:
        return float("inf")
    return large / small


def _seconds(pattern: re.Pattern[Any], method: str, text: Any) -> float:
    began = time.thread_time()
    getattr(pattern, method)(text)
    return time.thread_time() - began


class TooSlowError(Exception):
    """The time is over."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """CPU time, however busy the machine is. Python's `re` looks for signals while it matches."""

    def stop(*_: object) -> NoReturn:
        raise TooSlowError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def pumps(pattern: re.Pattern[Any]) -> set[Pump]:
    """What leads to each repetition of a pattern, what it repeats, and what does not fit."""
    tree = parser.parse(pattern.pattern, pattern.flags)
    return {
        pump
        for before, repeated in _repetitions(tree, "")
        for end in (*ENDS, *_refused(repeated))
        for pump in _of_one(before, repeated, end)
    }


def _of_one(before: str, repeated: Any, end: str) -> Iterator[Pump]:
    """What leads to a repetition once, and each time: a search begins at each of these."""
    for body in filter(None, _bodies_of(repeated)):
        yield Pump(before, body, end)
        if end == UNFITTING:
            # The search goes on behind a character that another alternative does not take.
            yield Pump(UNFITTING + before, body, end)
    if before:
        yield Pump("", before + _sample(repeated, 0), end)


def _bodies_of(repeated: Any) -> set[str]:
    """Texts that a repetition may repeat: ways through it, characters, and two of these."""
    ways = [_sample(repeated, choice) for choice in range(CHOICES)]
    characters = tuple(_characters(repeated))
    if len(repeated) == 1 and not _bodies(*repeated[0]):
        return {*ways[:1], *characters[:FEW_CHARACTERS]}
    some = tuple(dict.fromkeys(filter(None, (*ways, *characters))))
    return {*some, *map("".join, permutations(some[:4], 2))}


def _refused(items: Iterable[Any]) -> Iterator[str]:
    """The characters that a class excludes."""
    for kind, value in items:
        if kind is parts.NOT_LITERAL:
            yield chr(value)
        elif kind is parts.IN and value[0][0] is parts.NEGATE:
            yield from (chr(low) for low in list(_firsts(value))[:2])


def _repetitions(items: Iterable[Any], before: str) -> Iterator[tuple[str, Any]]:
    """What leads to each repetition, and what is repeated."""
    for kind, value in items:
        if kind in REPEATING and value[1] > 1:
            yield before, value[2]
        for body in _bodies(kind, value):
            yield from _repetitions(body, before)
        before += _fitting(kind, value, 0)


def _bodies(kind: Any, value: Any) -> tuple[Any, ...]:
    """The parts of a part, each one a way to go on."""
    if kind is parts.BRANCH:
        return tuple(value[1])
    if kind is parts.ATOMIC_GROUP:
        return (value,)
    if kind in REPEATING or kind in GROUPING:
        return (value[-1],)
    return ()


def _sample(items: Iterable[Any], choice: int) -> str:
    """A short text that fits. The first choice has in it what may be left out."""
    return "".join(_fitting(kind, value, choice) for kind, value in items)


def _fitting(kind: Any, value: Any, choice: int) -> str:
    if kind is parts.ASSERT and value[0] < 0:
        return _sample(value[1], choice)
    if kind in ASIDE:
        return ""
    times = max(choice == 0, value[0]) if kind in REPEATING else 1
    if bodies := _bodies(kind, value):
        return _sample(bodies[choice % len(bodies)], choice) * times
    return next(_single(kind, value), "")


def _characters(items: Iterable[Any]) -> Iterator[str]:
    """Each character that some place of it takes."""
    for kind, value in items:
        yield from _single(kind, value)
        for body in _bodies(kind, value):
            yield from _characters(body)


def _single(kind: Any, value: Any) -> Iterator[str]:
    if kind is parts.LITERAL:
        yield chr(value)
    elif kind in (parts.ANY, parts.NOT_LITERAL):
        yield from (character for character in USUAL if ord(character) != value)
    elif kind is parts.IN:
        negated = value[0][0] is parts.NEGATE
        candidates = USUAL + "".join(chr(low) for low in _firsts(value))
        yield from (one for one in candidates if any(_takes(one, *e) for e in value) is not negated)


def _firsts(entries: Iterable[Any]) -> Iterator[int]:
    for kind, value in entries:
        if kind in (parts.LITERAL, parts.RANGE):
            yield value if kind is parts.LITERAL else value[0]


def _takes(character: str, kind: Any, value: Any) -> bool:
    match kind:
        case parts.LITERAL:
            return ord(character) == value
        case parts.RANGE:
            return bool(value[0] <= ord(character) <= value[1])
        case parts.CATEGORY:
            return CATEGORIES[value].match(character) is not None
    return False
