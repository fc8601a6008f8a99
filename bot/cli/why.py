"""`meshmedic why`: the story of one finding."""

from __future__ import annotations

import argparse
import re

from bot.cli import typed_object
from bot.cli.answer import Views, show
from bot.cli.connection import connected, in_event_loop
from bot.cli.parser import EXIT, Parser, add_answer
from bot.errors import InputError
from bot.health.views import story_json, terminal


def add_arguments(parser: Parser) -> None:
    """The finding and the cluster."""
    parser.explain(
        "meshmedic why pod/media/jellyfin     # an object, as check prints it; a part will do",
        "meshmedic why ks apps                # kind and name, as at kubectl",
        "meshmedic why x65ub4d                # the code of check -o wide, or from Discord",
    )
    parser.add_argument(
        "finding", nargs="+", help="an object such as pod/media/jellyfin, or the finding's code"
    )
    add_answer(parser, namespace=True, wide=False)
    parser.set_defaults(command=run)


@in_event_loop
async def run(arguments: argparse.Namespace) -> int:
    """Print the story of a finding."""
    typed = typed_object.searched(arguments.finding, arguments.namespace)
    code = typed_object.code(arguments.finding)
    async with connected(arguments) as connection:
        health = await connection.health()
        try:
            story = await health.why(typed, code=code)
        except InputError as error:
            # The bot's words name its own command.
            raise InputError(ASK.sub("`meshmedic check`", str(error))) from None
    show(arguments, story, VIEWS)
    return EXIT[story.finding.verdict]


ASK = re.compile(r"`?/health(?: all)?`?")

VIEWS = Views(story_json.story, terminal.story)
