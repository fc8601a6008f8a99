"""`meshmedic traefik`: what Traefik serves, and what its logs show."""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from bot.cli import namespaces, typed_object
from bot.cli.answer import Views, looked, show
from bot.cli.connection import connected, in_event_loop
from bot.cli.parser import EXIT, Parser, add_answer, add_commands, add_namespace, add_watch
from bot.errors import InputError
from bot.routing.instance import configs_of
from bot.traefik.domain import log_report
from bot.traefik.domain.answers import LogsAnswer, RoutesAnswer
from bot.traefik.domain.log_summary import LogSummarizer, LogSummary
from bot.traefik.domain.routes import READS, read_routes
from bot.traefik.service import Traefik, since_of
from bot.traefik.views import json as json_traefik
from bot.traefik.views import table as table_traefik
from bot.traefik.views import terminal as terminal_traefik

CHUNK = 1024 * 1024
MOST = 2 * 1024 * 1024 * 1024
"""Bytes of a saved log that are read; it streams, so this bounds time and not memory."""


def add_arguments(group: Parser) -> None:
    """The questions: `routes`, `describe` and `logs`."""
    parsers = add_commands(group, COMMANDS)
    for parser, add in zip(parsers, (_add_routes, _add_describe, _add_logs), strict=True):
        add(parser)


COMMANDS = {
    "routes": "List Traefik's routes and what is wrong with them",
    "describe": "Show one route in full",
    "logs": "Show failed requests by route, servers, and refused objects",
}


def _add_routes(parser: Parser) -> None:
    parser.explain(
        "meshmedic traefik routes              # one line a route",
        "meshmedic traefik routes -n media -w  # of one namespace, again every 10 seconds",
        "meshmedic traefik routes -o wide      # with rules, Services and servers",
    )
    add_answer(parser, namespace=True)
    add_watch(parser)
    parser.set_defaults(command=routes)


def _add_describe(parser: Parser) -> None:
    parser.explain(
        "meshmedic traefik describe jellyfin.lab.example.org",
        "meshmedic traefik describe ing/jellyfin -n media",
    )
    parser.add_argument(
        "route",
        nargs="+",
        help="a host, namespace/name, or kind/namespace/name such as ing/media/a",
    )
    add_answer(parser, namespace=True, wide=False)
    parser.set_defaults(command=describe)


def _add_logs(parser: Parser) -> None:
    parser.explain(
        "meshmedic traefik logs --since 15m",
        "kubectl logs -n kube-system deploy/traefik | meshmedic traefik logs --file -",
    )
    parser.add_argument("route", nargs="?", help="only this route")
    parser.add_argument("--since", help="how far back, such as 15m, 2h or 1d (default: 1h)")
    parser.add_argument("--previous", action="store_true", help="the run before the last restart")
    parser.add_argument("--file", help="a saved log instead of the cluster's; - for standard input")
    add_namespace(parser, "the namespace of the route")
    add_answer(parser, wide=False)
    parser.set_defaults(command=logs)


ROUTES = Views(json_traefik.routes, terminal_traefik.routes, table_traefik.routes)
LOGS = Views(json_traefik.logs, terminal_traefik.logs)


@in_event_loop
async def routes(arguments: argparse.Namespace) -> int:
    """Print what Traefik serves."""
    async with connected(arguments) as connection:

        async def look() -> RoutesAnswer:
            traefik = Traefik(await connection.health(), connection.traefik_reader)
            answer = await traefik.routes()
            if not arguments.namespace:
                return answer
            answer = answer.within(arguments.namespace)
            found = bool(answer.routes)
            await namespaces.expect(connection.cluster, arguments.namespace, found=found)
            return answer

        return await looked(arguments, look, ROUTES, _code, connection.progress)


def _code(answer: RoutesAnswer) -> int:
    return EXIT[answer.verdict]


@in_event_loop
async def describe(arguments: argparse.Namespace) -> int:
    """Print one route in full."""
    typed = typed_object.route(arguments.route, arguments.namespace)
    async with _traefik(arguments) as traefik:
        route, answer = await traefik.describe(typed)
    views: Views[RoutesAnswer] = Views(
        lambda answer: json_traefik.route(route, answer),
        lambda answer: terminal_traefik.route(route, answer),
    )
    show(arguments, answer, views)
    return EXIT[route.verdict]


@in_event_loop
async def logs(arguments: argparse.Namespace) -> int:
    """Print what a saved log tells, or those of all replicas.

    Raises:
        InputError: A saved log cannot be read, or only a part of it is asked for.
    """
    if arguments.namespace and not arguments.route:
        raise InputError("Name a route, too: -n is the namespace that it is in.")
    if arguments.file is None:
        async with _traefik(arguments) as traefik:
            since = since_of(arguments.since) if arguments.since else None
            route = arguments.route and typed_object.route([arguments.route], arguments.namespace)
            answer = await traefik.logs(route, since, previous=arguments.previous)
    elif arguments.route or arguments.since or arguments.previous:
        msg = "With --file the whole file is read: leave route, --since and --previous out."
        raise InputError(msg)
    else:
        answer = await _saved(arguments)
    show(arguments, answer, LOGS)
    return EXIT[answer.verdict]


async def _saved(arguments: argparse.Namespace) -> LogsAnswer:
    """Only where a cluster is named are the addresses of a saved log looked up there."""
    summaries = {arguments.file: _read(arguments.file)}
    if not (arguments.kubeconfig or arguments.context):
        return log_report.logs(summaries, None)
    async with _traefik(arguments) as traefik:
        snapshot = await traefik.cluster.snapshot(READS)
        pods, unseen = await traefik.pods()
        live = read_routes(snapshot, configs_of(pods))
        return log_report.logs(summaries, snapshot, live, unseen=unseen)


@asynccontextmanager
async def _traefik(arguments: argparse.Namespace) -> AsyncIterator[Traefik]:
    async with connected(arguments) as connection:
        yield Traefik(await connection.health(), connection.traefik_reader)


def _read(file: str) -> LogSummary:
    """Stream a file, or standard input, in bounded memory.

    Raises:
        InputError: It cannot be read.
    """
    if file == "-":
        return _sum(sys.stdin.buffer)
    try:
        with Path(file).open("rb") as opened:
            return _sum(opened)
    except OSError as error:
        msg = f"{file}: it cannot be read ({error.strerror})."
        raise InputError(msg) from error


def _sum(opened: BinaryIO) -> LogSummary:
    summarizer = LogSummarizer()
    while summarizer.taken < MOST and (chunk := opened.read(CHUNK)):
        summarizer.feed(chunk)
    more = summarizer.taken >= MOST and opened.read(1)
    return summarizer.summary(f"Only the first {MOST:,} bytes were read." if more else "")
