"""`meshmedic sites`: which sites answer, since when not, and why."""

from __future__ import annotations

import argparse

from bot.cli.answer import show
from bot.cli.connection import connected, in_event_loop
from bot.cli.parser import EXIT, Parser, add_answer
from bot.domain.verdict import Verdict
from bot.routing.site_state import SiteState
from bot.sites.domain.site import Sites
from bot.sites.views import json, terminal


def add_arguments(parser: Parser) -> None:
    """The output and the cluster."""
    parser.epilog = (
        "exit code: 0 no tested site fails, 1 a site does not answer, 3 routes were not seen"
    )
    add_answer(parser, namespace=True)
    parser.set_defaults(command=run)


@in_event_loop
async def run(arguments: argparse.Namespace) -> int:
    """Print the sites of the cluster."""
    async with connected(arguments) as connection:
        health = await connection.health()
        sites = await health.sites(arguments.namespace)
    show(arguments, sites, json.sites, terminal.sites)
    return code_of(sites)


def code_of(sites: Sites) -> int:
    """What was not tested counts neither way."""
    if sites.of(SiteState.FAILS):
        return EXIT[Verdict.DEGRADED]
    return EXIT[Verdict.UNKNOWN if sites.unseen else Verdict.HEALTHY]
