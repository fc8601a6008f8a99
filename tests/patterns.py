"""Every pattern of the project: those that modules hold, and those that functions write down."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import bot
import commands

OWN = (bot.__name__, commands.__name__)

MAKING = frozenset(
    {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
)
"""What `re` is given a pattern by."""

AT_IMPORT = frozenset({"bot.domain.situation.phrase.phrase", "bot.health.next_steps.template.step"})
"""Functions that only tables of modules call. What they make is found in those tables."""

GIVEN = re.compile(r"^ .*\bre\.\w+\(", re.MULTILINE)
"""Stands in the text of a module whose functions give `re` a pattern."""

OTHER_WAYS = re.compile(r"from re import|import re as|fnmatch|regex")
"""What stands in a text that may make patterns without `re.` before them."""


class Written(NamedTuple):
    """A pattern, and where it is written."""

    where: str
    pattern: re.Pattern[Any]


class Call(NamedTuple):
    """A call inside of a function that gives `re` a pattern."""

    where: str
    function: str
    pattern: re.Pattern[Any] | None
    """None where it is not made of what the module writes down."""


def patterns() -> dict[re.Pattern[Any], str]:
    """Each pattern, and a place where it is written."""
    held = (written for module in modules() for written in _held(module))
    used = (Written(c.where, c.pattern) for m in modules() for c in calls(m) if c.pattern)
    return {written.pattern: written.where for written in (*held, *used)}


@functools.cache
def modules() -> tuple[ModuleType, ...]:
    """All of the project. Nothing but `__main__` does more than define when it is imported."""
    return tuple(
        importlib.import_module(module.name)
        for package in (bot, commands)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not module.name.endswith("__main__")
    )


def _held(module: ModuleType) -> Iterator[Written]:
    seen: set[int] = set()
    for name, value in vars(module).items():
        for pattern in held_by(value, seen):
            yield Written(f"{module.__name__}.{name}", pattern)


def held_by(value: object, seen: set[int]) -> Iterator[re.Pattern[Any]]:
    """The patterns that can be reached from a value: by items, fields, defaults and closures."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, re.Pattern):
            yield one
        elif id(one) not in seen:
            seen.add(id(one))
            waiting += _parts(one)


def _parts(value: object) -> Iterable[object]:
    match value:
        case tuple() | list() | set() | frozenset():
            return value
        case Mapping():
            return (*value.keys(), *value.values())
        case functools.partial():
            return (value.func, *value.args, *value.keywords.values())
        case FunctionType():
            return _of_function(value)
        case staticmethod() | classmethod() | functools.cached_property():
            return (getattr(value, "__func__", None) or getattr(value, "func", None),)
        case property():
            return (value.fget,)
        case type() if _is_own(value):
            return tuple(vars(value).values())
        case _ if _is_own(type(value)):
            return _fields(value)
        case functools._lru_cache_wrapper():
            return (value.__wrapped__,)
    return ()


def _of_function(function: FunctionType) -> Iterator[object]:
    if _is_own(function):
        yield from function.__defaults__ or ()
        yield from (function.__kwdefaults__ or {}).values()
        for cell in function.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:  # not filled
                continue


def _is_own(value: type | FunctionType) -> bool:
    return value.__module__.partition(".")[0] in (*OWN, "tests")


def _fields(value: object) -> Iterator[object]:
    """The fields of an instance, whether it is a struct, has slots, or a dictionary."""
    yield from getattr(value, "__dict__", {}).values()
    for class_ in filter(_is_own, type(value).__mro__):
        slots = class_.__dict__.get("__slots__", ())
        # A struct's fields are no slots.
        fields = class_.__dict__.get("__struct_fields__", ())
        for name in (*((slots,) if isinstance(slots, str) else slots), *fields):
            yield getattr(value, name, None)


def calls(module: ModuleType) -> Iterator[Call]:
    """The calls inside of a module's functions that give `re` a pattern."""
    text = Path(str(module.__file__)).read_text()
    if GIVEN.search(text):
        yield from calls_in(ast.parse(text), vars(module), module.__name__)


def calls_in(tree: ast.Module, names: Mapping[str, Any], module: str) -> Iterator[Call]:
    """The same of a syntax tree, with what its module's names stand for."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            name = f"{module}.{getattr(function, 'name', '<lambda>')}"
            yield from (
                Call(f"{module}, line {call.lineno}", name, _made(call, names))
                for call in ast.walk(function)
                if isinstance(call, ast.Call) and _gives_a_pattern(call)
            )


def _gives_a_pattern(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(value=ast.Name(id="re"), attr=attribute):
            return attribute in MAKING
    return False


def _made(call: ast.Call, names: Mapping[str, Any]) -> re.Pattern[Any] | None:
    parameters = inspect.signature(getattr(re, call.func.attr)).parameters  # type: ignore[attr-defined]
    given = dict(zip(parameters, call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    try:
        flags = _value(given["flags"], names) if "flags" in given else 0
        return re.compile(_value(given["pattern"], names), flags)
    except (NameError, KeyError, TypeError):
        return None


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """The value of an expression of constants and a module's names."""
    expression = compile(ast.Expression(node), "<pattern>", "eval")
    return eval(expression, dict(names))  # noqa: S307  # the project's own code


def other_ways(tree: ast.Module) -> Iterator[int]:
    """Lines that import `re` under another name, or what makes patterns of a text by itself."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="re" | "fnmatch" | "regex"):
                yield node.lineno
            case ast.Import(names=names):
                for name in names:
                    if name.name in ("fnmatch", "regex") or (name.name == "re" and name.asname):
                        yield node.lineno
