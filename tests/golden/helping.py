"""Each `--help` of the command line, found by walking the parser.

Python 3.13 writes `--namespace, -n NAMESPACE` where older ones name the value twice, and wraps long
usages elsewhere. So here a value is named once, and a usage is one line.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from functools import cache, partial

from bot.cli.parser import Parser, _HelpFormatter, build_parser
from tests.golden import Pages

COLUMNS = 80
MARGIN = 2
"""What argparse leaves free of the terminal's columns."""

TWICE = re.compile(r"(-[\w-]+) ([A-Z_]+), (-[\w-]+ \2)")


@cache
def _commands() -> dict[str, Parser]:
    """Every parser, by its words."""
    return {parser.prog: parser for parser in _walked(build_parser())}


def _walked(parser: Parser) -> Iterator[Parser]:
    parser.load()
    parser.formatter_class = partial(_HelpFormatter, width=COLUMNS - MARGIN)
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _walked(below)


def _help(prog: str) -> str:
    usage, blank, rest = _commands()[prog].format_help().partition("\n\n")
    return TWICE.sub(r"\1, \3", " ".join(usage.split()) + blank + rest)


PAGES: Pages = {
    f"{prog.replace(' ', '-')}.txt": lambda prog=prog: _help(prog) for prog in _commands()
}
