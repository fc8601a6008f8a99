"""No pattern takes its time, whatever text somebody writes for it."""

import ast
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from tests.patterns import (
    AT_IMPORT,
    OTHER_WAYS,
    calls,
    calls_in,
    held_by,
    modules,
    other_ways,
    patterns,
)
from tests.pumping import TooSlowError, limited, slow

NEEDLE = re.compile("needle")


def test_no_pattern_of_the_project_takes_longer_than_its_text_is_long() -> None:
    """Searched for, and held against the whole, whatever the code asks now."""
    every = patterns()
    assert len(every) > 250
    assert {where: first for pattern, where in every.items() for first in slow(pattern)} == {}


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?=.{1,253}\.?$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.?)+",
        r"(.*)*x",
        rb"(?:a|a)*b",
        r"(?:b|a|ab)*c",
        r"(?:x+x+)+y",
        r"x\s*(?:\s+([a-z,\s-]+))?\s*",
        r"[a-z]+[a-z0-9]+[a-z0-9-]+!",
        r"(\w+\s?)*:",
        r"(?i)(?:0|[0-9a-f])+h",
        r"(?:a{1,8}){1,8}b",
        r"(?:a?){25}a{25}b",
        r"(?<=a)(?:b+)+c",
        r"(?>x)(?:y+)*z",
        # No more than the square of the length
        r"[a-z]+!",
        r"\s*x",
        r"--name=.*?:",
        r".*\.\w+$",
        r"(?:<!--.*?-->)",
        r"^\s+|\s+$",
    ],
)
def test_a_pattern_that_backtracks_is_noticed(pattern: str | bytes) -> None:
    """Also where it ends after a while; where it does not, it is stopped and the tests go on."""
    assert next(slow(re.compile(pattern), seconds=0.05), "")


@pytest.mark.parametrize(
    "pattern",
    [
        r"[a-z]{1,63}!",
        r"\A(?:[a-z]++!)++\d",
        r"\A(?>a+)b{0,30}c",
        r"x[a-z]+",
        r'"[^"]*x',
        r"\A(?:(?:a|b)\.)*c",
        r"\A\s*x",
    ],
)
def test_a_pattern_that_goes_on_is_left_alone(pattern: str) -> None:
    """Bounded, possessive, atomic, or with one way alone to read a text."""
    assert list(slow(re.compile(pattern))) == []


def test_no_function_makes_a_pattern_of_what_somebody_wrote() -> None:
    """What a module does not write down itself is not run by `re`: nobody could have tried it."""
    made = {call.function for module in modules() for call in calls(module) if not call.pattern}
    assert made == AT_IMPORT


def test_no_module_makes_patterns_in_another_way() -> None:
    """By which they would not be found here."""
    sources = {module.__name__: Path(str(module.__file__)).read_text() for module in modules()}
    trees = {name: ast.parse(text) for name, text in sources.items() if OTHER_WAYS.search(text)}
    assert {name: line for name, tree in trees.items() for line in other_ways(tree)} == {}


@pytest.mark.parametrize(
    "code",
    [
        "def f(text): return re.search(text, 'x')",
        "def f(text): return re.compile(f'a{text}')",
        "async def f(text): return re.sub(pattern=text, repl='', string='x')",
        "f = lambda text: re.fullmatch('a' + text, 'b')",
        "class C:\n  def f(self): return re.split(self.pattern, 'x')",
    ],
)
def test_a_pattern_of_unknown_text_is_noticed(code: str) -> None:
    assert [call.pattern for call in calls_in(ast.parse(code), {"re": re}, "m")] == [None]


@pytest.mark.parametrize(
    ("code", "pattern"),
    [
        ("def f(t): return re.search('a', t)", re.compile("a")),
        ("def f(t): return re.sub('a', '', t, flags=re.A)", re.compile("a", re.ASCII)),
        (
            "def f(t): return re.match('a', t, re.A | re.M)",
            re.compile("a", re.ASCII | re.MULTILINE),
        ),
        ("def f(): return re.compile(rf'{PART}b')", re.compile("ab")),
        ("def f(t): return [re.split('a', i) for i in t]", re.compile("a")),
    ],
)
def test_a_pattern_in_a_function_is_found_with_its_flags(
    code: str, pattern: re.Pattern[str]
) -> None:
    names = {"re": re, "PART": "a"}
    assert [call.pattern for call in calls_in(ast.parse(code), names, "m")] == [pattern]


@pytest.mark.parametrize("code", ["import re as r", "from re import compile", "import fnmatch"])
def test_another_way_to_make_patterns_is_noticed(code: str) -> None:
    assert list(other_ways(ast.parse(code))) == [1]


class Struct(msgspec.Struct):
    """A struct with a pattern."""

    pattern: re.Pattern[str] = NEEDLE


@dataclass(slots=True)
class Slotted:
    """An object with a pattern in a slot."""

    pattern: re.Pattern[str]


class Holding:
    """A class with one."""

    PATTERN: ClassVar = {"deep": [NEEDLE]}

    @property
    def asked(self) -> Callable[[], Any]:
        """One in a default."""
        return lambda pattern=NEEDLE: pattern


def by_default(text: str = "", *, pattern: re.Pattern[str] = NEEDLE) -> object:
    return pattern.search(text)


def closing() -> Callable[[], object]:
    pattern = re.compile("needle")
    return lambda: pattern


@functools.cache
def cached(pattern: re.Pattern[str] = NEEDLE) -> object:
    return pattern


@pytest.mark.parametrize(
    "held",
    [
        NEEDLE,
        ({"key": [NEEDLE]},),
        {NEEDLE: 1},
        Struct(),
        Slotted(NEEDLE),
        Holding,
        by_default,
        closing(),
        cached,
        functools.partial(by_default, pattern=NEEDLE),
        (Struct(),),
    ],
    ids=lambda held: getattr(held, "__name__", type(held).__name__),
)
def test_a_pattern_is_found_wherever_a_module_holds_it(held: object) -> None:
    assert NEEDLE in set(held_by(held, set()))


def test_a_time_limit_ends_a_match_that_would_not() -> None:
    """Python's `re` looks for signals while it matches."""
    with pytest.raises(TooSlowError), limited(0.05):
        re.fullmatch(r"(a|a)*b", "a" * 60)
