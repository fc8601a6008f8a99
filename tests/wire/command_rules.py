"""What Discord demands of commands and autocomplete beyond its API description.

Source: Discord's application command reference.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.wire.world import Json

NAME = re.compile(r"[-'\w]{1,32}")
CHAT_INPUT = 1
SUBCOMMANDS = (1, 2)
MOST_CHARACTERS = 8000
MOST_CHOICES = 25
LONGEST_CHOICE = 100


def problems(commands: list[Json]) -> Iterator[str]:
    """What is wrong with the commands that are registered together."""
    chat = [each for each in commands if (each.get("type") or CHAT_INPUT) == CHAT_INPUT]
    yield from _twice("command", chat)
    for each in chat:
        yield from _named(each, f"/{each.get('name')}")
        characters = _characters(each)
        if characters > MOST_CHARACTERS:
            yield f"/{each.get('name')} has {characters:,} characters: at most {MOST_CHARACTERS:,}"


def _named(level: Json, path: str) -> Iterator[str]:
    """A command or option, and all beneath it."""
    name = str(level.get("name"))
    if not NAME.fullmatch(name) or name != name.lower():
        yield f"{path}: the name is not 1 to 32 lower-case letters, digits, - or _"
    if not 1 <= len(level.get("description") or "") <= 100:
        yield f"{path}: the description is not 1 to 100 characters long"
    options = level.get("options") or []
    yield from _twice(f"{path}: option", options)
    yield from _ordered(options, path)
    yield from _choices(level, path)
    for each in options:
        yield from _named(each, f"{path} {each.get('name')}")


def _ordered(options: list[Json], path: str) -> Iterator[str]:
    required = [bool(each.get("required")) for each in options]
    if required != sorted(required, reverse=True):
        yield f"{path}: a required option stands after an optional one"
    grouped = [each.get("type") in SUBCOMMANDS for each in options]
    if any(grouped) and not all(grouped):
        yield f"{path}: subcommands stand beside options"


def _choices(level: Json, path: str) -> Iterator[str]:
    choices = level.get("choices") or []
    if choices and level.get("autocomplete"):
        yield f"{path}: both choices and autocomplete"
    for problem in choice_problems(choices):
        yield f"{path}: {problem}"


def choice_problems(choices: list[Json]) -> Iterator[str]:
    """What is wrong with the choices of an option, or of an answer to autocomplete."""
    if len(choices) > MOST_CHOICES:
        yield f"{len(choices)} choices: at most {MOST_CHOICES}"
    for each in choices:
        if not 1 <= len(each.get("name") or "") <= LONGEST_CHOICE:
            yield f"a choice's name is not 1 to {LONGEST_CHOICE} characters long"
        if len(str(each.get("value"))) > LONGEST_CHOICE:
            yield f"a choice's value has more than {LONGEST_CHOICE} characters"


def _twice(what: str, named: list[Json]) -> Iterator[str]:
    for name, times in Counter(each.get("name") for each in named).items():
        if times > 1:
            yield f"{what} {name} is there {times} times"


def _characters(level: Json) -> int:
    """Names, descriptions and values together, of this level and all beneath."""
    own: list[Any] = [level.get("name"), level.get("description"), level.get("value")]
    beneath = [*(level.get("options") or []), *(level.get("choices") or [])]
    return sum(len(str(each)) for each in own if each is not None) + sum(map(_characters, beneath))
