"""`meshmedic why`: the story of one finding."""

from __future__ import annotations

import argparse

from bot.cli.connection import connected, in_event_loop
from bot.cli.parser import EXIT, Parser, add_cluster
from bot.health.views import terminal as views
from bot.render import terminal


def add_arguments(parser: Parser) -> None:
    """The finding and the cluster."""
    parser.add_argument("code", help="the finding's code, as check prints it")
    add_cluster(parser, namespace=True)
    parser.set_defaults(command=run)


@in_event_loop
async def run(arguments: argparse.Namespace) -> int:
    """Print the story of a finding."""
    async with connected(arguments) as connection:
        story = await (await connection.health()).why(arguments.code)
    terminal.show(terminal.console(), views.story(story))
    return EXIT[story.finding.verdict]
