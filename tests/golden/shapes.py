"""How a view becomes text: the payload of a Discord message, a terminal's page, JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from rich.console import Console, RenderableType

from bot.render import cards as discord
from bot.render import terminal
from bot.render.table import PIPE, Screen

T = TypeVar("T")

WIDTH = 80
BINARY = (".png",)


def pretty(value: Any) -> str:
    """JSON for readers: indented, in its own order, characters as they are if they can be seen."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return "".join(map(_visible, text))


def plain(value: Any) -> str:
    """The same of structs, as they are encoded."""
    return pretty(json.loads(msgspec.json.encode(value)))


def card(made: discord.Card) -> str:
    """The components exactly as they are sent, and the files.

    A text of several lines is a list of its lines here, and nothing else is different: so a
    changed word is one line of a diff.
    """
    shown: dict[str, Any] = {"components": _in_lines(made.view.to_components())}
    if made.files:
        shown["files"] = {file.name: _content(file) for file in made.files}
    return pretty(shown)


def page(shown: RenderableType) -> str:
    """What stands on a terminal of 80 columns without colour; trailing blanks are left out."""
    out = io.StringIO()
    terminal.show(Console(file=out, width=WIDTH, color_system=None), shown)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def on_screens(view: Callable[[T, Screen], str], answer: T) -> str:
    """A table in a pipe, and below it on a terminal of 80 columns without colour."""
    return "\n".join((view(answer, PIPE), f"{'-' * WIDTH}\n", view(answer, Screen(WIDTH))))


def _visible(char: str) -> str:
    return char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1]


def _in_lines(value: Any) -> Any:
    match value:
        case dict():
            return {key: _in_lines(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_in_lines(inner) for inner in value]
        case str() if "\n" in value:
            return value.split("\n")
        case _:
            return value


def _content(file: discord.Attachment) -> Any:
    if file.name.endswith(BINARY):
        return f"{len(file.content)} bytes"
    return file.content.decode().split("\n")
