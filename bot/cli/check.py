"""`meshmedic check`: run the health checks once and print the report."""

from __future__ import annotations

import argparse
import gc

from bot.cli.answer import show
from bot.cli.connection import connected, in_event_loop
from bot.cli.parser import EXIT, EXIT_CODES, Parser, add_answer, add_scopes, scopes
from bot.health.views import json, terminal


def add_arguments(parser: Parser) -> None:
    """The scopes, the output and the cluster."""
    parser.epilog = EXIT_CODES
    add_scopes(parser)
    add_answer(parser, namespace=True)
    parser.set_defaults(command=run)


@in_event_loop
async def run(arguments: argparse.Namespace) -> int:
    """Print a report of the cluster."""
    # A process of a second leaves no garbage that its end does not collect faster.
    gc.disable()
    async with connected(arguments) as connection:
        health = await connection.health()
        report = await health.ask(scopes(arguments), arguments.namespace)
    show(arguments, report, json.report, terminal.report)
    return EXIT[report.verdict]
