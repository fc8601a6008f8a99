"""Every pattern of the project, and texts that would make a backtracking one take its time."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import signal
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from re import _constants as parts  # type: ignore[attr-defined]  # what hypothesis reads too
from re import _parser as parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any, NamedTuple, NoReturn

import bot
import commands

REPEATS = (60, 3000)
"""Some patterns look at short texts only, which may be long enough never to end."""

FEW = 30
"""Repetitions up to this many are bounded well enough."""

SECONDS = 0.5
"""CPU time that one text may take."""

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

ASKED = re.compile(r"\b([A-Z_]+)\.(match|fullmatch|search|findall|finditer|sub|split)\(")

ENDS = ("", "\x00", "!\n")
"""What follows a repetition: nothing, and what fits few patterns."""


class Used(NamedTuple):
    """A pattern, and how the code asks it."""

    where: str
    pattern: re.Pattern[Any]
    method: str


def patterns() -> Collection[Used]:
    """Those that modules, classes and tables hold, and those that functions write down."""
    found: list[Used] = []
    for package in (bot, commands):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            # Nothing else does more than define when it is imported.
            if not module.name.endswith("__main__"):
                loaded = importlib.import_module(module.name)
                found += _named(loaded)
                found += _inside(loaded)
    return {(each.pattern, each.method): each for each in found}.values()


def _named(module: ModuleType) -> Iterator[Used]:
    methods = _methods()
    for name, value in vars(module).items():
        for pattern in _held(value):
            for method in methods.get(name, {"search"}):
                yield Used(f"{module.__name__}.{name}", pattern, method)


@cache
def _methods() -> Mapping[str, set[str]]:
    """How patterns of a name are asked anywhere; what is asked by no name may be searched."""
    found: dict[str, set[str]] = {}
    for package in (bot, commands):
        for path in Path(package.__path__[0]).rglob("*.py"):
            for name, method in ASKED.findall(path.read_text()):
                found.setdefault(name, set()).add(_method(method))
    return found


def _method(method: str) -> str:
    return method if method in ("match", "fullmatch") else "search"


def _held(value: object) -> Iterator[re.Pattern[Any]]:
    match value:
        case re.Pattern():
            yield value
        case tuple() | list() | set() | frozenset():
            for item in value:
                yield from _held(item)
        case dict():
            yield from _held(tuple(value.values()))
        case type():
            yield from (kept for kept in vars(value).values() if isinstance(kept, re.Pattern))


def _inside(module: ModuleType) -> Iterator[Used]:
    for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="re"), attr=method),
                args=[ast.Constant(value=str(pattern)), *_],
            ) if method != "compile":
                where = f"{module.__name__}, line {node.lineno}"
                yield Used(where, re.compile(pattern), _method(method))


def slow(pattern: re.Pattern[Any], method: str) -> Iterator[str]:
    """What a pattern takes longer for than it may, shortened."""
    for text in _pumped(pattern):
        try:
            with limited(SECONDS):
                getattr(pattern, method)(text)
        except _TooSlowError:
            yield f"{text[:40]!r} and so on, {len(text)} characters"


class _TooSlowError(Exception):
    """The time is over."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """CPU time, however busy the machine is. Python's `re` looks for signals while it matches."""

    def stop(*_: object) -> NoReturn:
        raise _TooSlowError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _pumped(pattern: re.Pattern[Any]) -> Iterator[str | bytes]:
    """Texts that lead to each repetition of a pattern, and then repeat what it repeats."""
    source = pattern.pattern
    tree = parser.parse(source, pattern.flags)
    texts = {
        f"{before}{body * repeats}{end}"
        for before, bodies in _repetitions(tree, "")
        for body in bodies
        for repeats in REPEATS
        for end in ENDS
    }
    for text in sorted(texts):
        yield text.encode("latin-1", "replace") if isinstance(source, bytes) else text


def _repetitions(items: Iterable[Any], before: str) -> Iterator[tuple[str, set[str]]]:
    """What leads to each long repetition, and the texts that it may repeat."""
    for kind, value in items:
        if kind in REPEATING and value[1] > FEW:
            yield before, {_sample(value[2]), *_characters(value[2])}
        for body in _bodies(kind, value):
            yield from _repetitions(body, before)
        before += _fitting(kind, value)


def _bodies(kind: Any, value: Any) -> Iterable[Any]:
    """The parts of a part, each one a way to go on."""
    if kind is parts.BRANCH:
        return tuple(value[1])
    if kind is parts.ATOMIC_GROUP:
        return (value,)
    if kind in REPEATING or kind in GROUPING:
        return (value[-1],)
    return ()


def _sample(items: Iterable[Any]) -> str:
    """A short text that fits, with what may be left out in it."""
    return "".join(_fitting(kind, value) for kind, value in items)


def _fitting(kind: Any, value: Any) -> str:
    if kind in ASIDE:
        return ""
    times = max(1, value[0]) if kind in REPEATING else 1
    if bodies := _bodies(kind, value):
        return _sample(bodies[0]) * times
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
