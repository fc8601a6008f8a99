"""`meshmedic run`: answer on Discord, about the real cluster."""

from __future__ import annotations

import argparse

from bot.app import bootstrap
from bot.cli.parser import Parser


def add_arguments(parser: Parser) -> None:
    """None; the log of a service is where its traces belong."""
    parser.set_defaults(command=run, raises=True)


def run(_arguments: argparse.Namespace) -> int:
    """Answer until SIGTERM or SIGINT."""
    return bootstrap.run()
