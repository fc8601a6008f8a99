"""`meshmedic schema`: the JSON Schema of a report."""

from __future__ import annotations

import argparse

from bot.cli.parser import Parser
from bot.health.views import json
from bot.render import terminal
from bot.render.json_text import indented


def add_arguments(parser: Parser) -> None:
    """No arguments."""
    parser.set_defaults(command=run)


def run(_arguments: argparse.Namespace) -> int:
    """Print the schema."""
    terminal.write(indented(json.schema()))
    return 0
