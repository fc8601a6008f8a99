"""`meshmedic version`: the version, and the Python that runs it."""

from __future__ import annotations

import argparse
import json
import platform
import sys

from bot import __version__
from bot.cli.parser import Parser, add_output


def add_arguments(parser: Parser) -> None:
    """The format."""
    parser.explain("meshmedic version", "meshmedic version -o json", codes="")
    add_output(parser, ("table", "json"))
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the version."""
    python = platform.python_version()
    if arguments.output == "json":
        shown = json.dumps({"version": __version__, "python": python}, indent=2)
    else:
        shown = f"meshmedic {__version__} (Python {python})"
    sys.stdout.write(f"{shown}\n")
    return 0
