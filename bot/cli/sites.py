"""`meshmedic sites`: which sites answer, since when not, and why."""

from __future__ import annotations

import argparse

from bot.cli import namespaces
from bot.cli.answer import Views, looked
from bot.cli.connection import connected, in_event_loop
from bot.cli.parser import EXIT, Parser, add_answer, add_watch
from bot.domain.verdict import Verdict
from bot.routing.site_state import SiteState
from bot.sites.domain.site import Sites
from bot.sites.views import json, table, terminal


def add_arguments(parser: Parser) -> None:
    """The output and the cluster."""
    parser.explain(
        "meshmedic sites                # each site that was tested, those that fail first",
        "meshmedic sites -n media -w    # of one namespace, again every 10 seconds",
        "meshmedic sites -o json | jq -r '.sites[] | select(.state != \"answers\") | .host'",
        codes="Exit code: 0 no tested site fails, 1 a site doesn't answer, 3 routes or Traefik not "
        "seen.",
    )
    add_answer(parser, namespace=True)
    add_watch(parser)
    parser.set_defaults(command=run)


@in_event_loop
async def run(arguments: argparse.Namespace) -> int:
    """Print the sites of the cluster."""
    async with connected(arguments) as connection:

        async def look() -> Sites:
            sites = await (await connection.health()).sites(arguments.namespace)
            await namespaces.expect(connection.cluster, arguments.namespace, found=bool(sites.all))
            return sites

        return await looked(arguments, look, VIEWS, code_of, connection.progress)


def code_of(sites: Sites) -> int:
    """What was not tested counts neither way."""
    if sites.of(SiteState.FAILS):
        return EXIT[Verdict.DEGRADED]
    return EXIT[Verdict.HEALTHY if sites.seen_whole else Verdict.UNKNOWN]


VIEWS = Views(json.sites, terminal.sites, table.sites)
