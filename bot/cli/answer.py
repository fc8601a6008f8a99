"""How a subcommand shows its answer: as a table, in full, or as JSON; once, or again and again."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from bot.cli.progress import ProgressLine
from bot.errors import InputError, MeshmedicError
from bot.log_setup import farewell
from bot.render.prose import plain
from bot.render.table import PIPE, Screen

if TYPE_CHECKING:
    from rich.console import RenderableType

T = TypeVar("T")

CLEAR = "\x1b[H\x1b[J"
"""To the first line, and clear from there. Source: ECMA-48."""


@dataclass(frozen=True, slots=True)
class Views(Generic[T]):
    """The views of an answer. Without a `table` the whole answer is shown in its place."""

    json: Callable[[T], bytes]
    whole: Callable[[T], RenderableType]
    table: Callable[[T, Screen], str] | None = None


def screen() -> Screen:
    """Standard output: how wide it is, and whether it shows colours."""
    if not sys.stdout.isatty():
        return PIPE
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return Screen(shutil.get_terminal_size().columns, colours=not plain)


def show(arguments: argparse.Namespace, answer: T, views: Views[T]) -> None:
    """Print an answer in the format that `--output` names."""
    if arguments.output == "json":
        _write(views.json(answer))
    elif views.table and arguments.output == "table":
        _write(views.table(answer, screen()).encode())
    else:
        # It draws, and takes longer to import than a table takes.
        from bot.render import terminal  # noqa: PLC0415

        terminal.answer(views.whole(answer))


async def looked(
    arguments: argparse.Namespace,
    look: Callable[[], Awaitable[T]],
    views: Views[T],
    code: Callable[[T], int],
    progress: ProgressLine,
) -> int:
    """Look and show it; with `--watch` again and again, until Ctrl-C.

    A look that fails ends no watch: its error is printed, and the next look may succeed. Only what
    was mistyped ends it, which the first look finds.
    """
    first = True
    while True:
        try:
            answer = await look()
        except MeshmedicError as error:
            if not arguments.watch or (first and isinstance(error, InputError)):
                raise
            progress.end()
            farewell(plain(str(error)))
        else:
            progress.end()
            _begin(arguments, first=first)
            show(arguments, answer, views)
            if not arguments.watch:
                return code(answer)
            first = False
        await asyncio.sleep(arguments.interval)


def _begin(arguments: argparse.Namespace, *, first: bool) -> None:
    """Part an answer from the one before it."""
    if arguments.watch and sys.stdout.isatty():
        _write(CLEAR.encode())
    elif not first:
        _write(b"\n")


def _write(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.flush()
