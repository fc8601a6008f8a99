"""How a subcommand shows its answer: as JSON, or for people."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeVar

from rich.console import RenderableType

from bot.render import terminal

T = TypeVar("T")


def show(
    arguments: argparse.Namespace,
    answer: T,
    as_json: Callable[[T], bytes],
    as_text: Callable[[T], RenderableType],
) -> None:
    """Print an answer in the format that `--output` names."""
    if arguments.output == "json":
        terminal.write(as_json(answer))
    else:
        terminal.show(terminal.console(), as_text(answer))
