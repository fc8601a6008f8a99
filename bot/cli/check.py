"""`meshmedic check`: run the health checks and print what is wrong."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from bot.cli.answer import Views, looked
from bot.cli.connection import connected, in_event_loop
from bot.cli.parser import EXIT, Parser, add_answer, add_scopes, add_watch, scopes
from bot.domain.report import Report
from bot.health.views import json, table

if TYPE_CHECKING:
    from rich.console import RenderableType


def add_arguments(parser: Parser) -> None:
    """The scopes, the output and the cluster."""
    parser.explain(
        "meshmedic check                       # everything",
        "meshmedic check po,cert -n media      # pods and certificates of one namespace",
        "meshmedic check -o wide               # with evidence and next steps",
        "meshmedic check hr -w                 # Flux, again every 10 seconds",
        "meshmedic check -o json | jq -r '.findings[].name'",
    )
    add_scopes(parser)
    add_answer(parser, namespace=True)
    add_watch(parser)
    parser.set_defaults(command=run)


@in_event_loop
async def run(arguments: argparse.Namespace) -> int:
    """Print a report of the cluster."""
    async with connected(arguments) as connection:

        async def look() -> Report:
            health = await connection.health()
            return await health.ask(scopes(arguments), arguments.namespace)

        return await looked(arguments, look, VIEWS, _code, connection.progress)


def _code(report: Report) -> int:
    return EXIT[report.verdict]


def _whole(report: Report) -> RenderableType:
    from bot.health.views import terminal  # noqa: PLC0415  # it draws, and the table does not

    return terminal.report(report)


VIEWS = Views(json.report, _whole, table.report)
