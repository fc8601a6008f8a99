"""`meshmedic traefik`: what Traefik serves, and what its logs show."""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from bot.cli.answer import show
from bot.cli.connection import connected, in_event_loop
from bot.cli.parser import EXIT, Parser, add_answer
from bot.errors import InputError
from bot.routing.instance import configs_of
from bot.traefik.domain import log_report
from bot.traefik.domain.answers import LogsAnswer
from bot.traefik.domain.log_summary import LogSummarizer, LogSummary
from bot.traefik.domain.routes import READS, read_routes
from bot.traefik.service import Traefik, since_of
from bot.traefik.views import json as json_traefik
from bot.traefik.views import terminal as terminal_traefik

CHUNK = 1024 * 1024
MOST = 2 * 1024 * 1024 * 1024
"""Bytes of a saved log that are read; it streams, so this bounds time and not memory."""


def add_arguments(group: Parser) -> None:
    """The questions: `routes`, `describe` and `logs`."""
    questions = group.add_subparsers(required=True, metavar="COMMAND")
    codes = "exit code: as check, by the worst verdict"
    parser = questions.add_parser("routes", help="every route and its servers", epilog=codes)
    add_answer(parser)
    parser.set_defaults(command=routes)
    parser = questions.add_parser("describe", help="one route in full", epilog=codes)
    parser.add_argument("route", nargs="+", help="kind/namespace/name, namespace/name, or its host")
    add_answer(parser)
    parser.set_defaults(command=describe)
    parser = questions.add_parser(
        "logs", help="failures by route, servers, refused objects", epilog=codes
    )
    parser.add_argument("route", nargs="?", help="only this route")
    parser.add_argument("--since", help="how far back, such as 15m, 2h or 1d; default: 1h")
    parser.add_argument("--previous", action="store_true", help="the run before the last restart")
    parser.add_argument(
        "--file", help="a saved log in place of the cluster's; - for standard input"
    )
    add_answer(parser)
    parser.set_defaults(command=logs)


@in_event_loop
async def routes(arguments: argparse.Namespace) -> int:
    """Print what Traefik serves."""
    async with _traefik(arguments) as traefik:
        answer = await traefik.routes()
    show(arguments, answer, json_traefik.routes, terminal_traefik.routes)
    return EXIT[answer.verdict]


@in_event_loop
async def describe(arguments: argparse.Namespace) -> int:
    """Print one route in full."""
    async with _traefik(arguments) as traefik:
        route, answer = await traefik.describe(" ".join(arguments.route))
    show(
        arguments,
        answer,
        lambda answer: json_traefik.route(route, answer),
        lambda answer: terminal_traefik.route(route, answer),
    )
    return EXIT[route.verdict]


@in_event_loop
async def logs(arguments: argparse.Namespace) -> int:
    """Print what a saved log tells, or those of all replicas.

    Raises:
        InputError: A saved log cannot be read, or only a part of it is asked for.
    """
    if arguments.file is None:
        async with _traefik(arguments) as traefik:
            since = since_of(arguments.since) if arguments.since else None
            answer = await traefik.logs(arguments.route, since, previous=arguments.previous)
    elif arguments.route or arguments.since or arguments.previous:
        msg = "With --file the whole file is read: leave route, --since and --previous out."
        raise InputError(msg)
    else:
        answer = await _saved(arguments)
    show(arguments, answer, json_traefik.logs, terminal_traefik.logs)
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
        yield await connection.traefik()


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
