"""The terminal's commands about Traefik: `meshmedic traefik`."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from bot.cli.check import Where, read_settings
from bot.domain.verdict import Verdict
from bot.errors import InputError
from bot.kube.connect import connect
from bot.kube.one_shot_reader import ClusterReader
from bot.kube.traefik_reader import TraefikReader
from bot.render import terminal
from bot.traefik.domain import log_report
from bot.traefik.domain.answers import LogsAnswer, RoutesAnswer, RouteView
from bot.traefik.domain.log_summary import LogSummarizer, LogSummary
from bot.traefik.domain.routes import READS, served
from bot.traefik.service import Traefik, reading, since_of
from bot.traefik.views import json as json_traefik
from bot.traefik.views import terminal as terminal_traefik

__all__ = ["Where", "describe", "logs", "routes", "saved"]

CHUNK = 1024 * 1024
MOST = 2 * 1024 * 1024 * 1024
"""Bytes of a saved log that are read; it streams, so this bounds time and not memory."""


def routes(where: Where, *, as_json: bool) -> Verdict:
    """Print what Traefik serves."""
    answer = asyncio.run(_routes(where))
    if as_json:
        terminal.write(json_traefik.routes(answer))
    else:
        terminal.show(terminal.console(), terminal_traefik.routes(answer))
    return answer.verdict


def describe(asked: str, where: Where, *, as_json: bool) -> Verdict:
    """Print one route in full."""
    found, whole = asyncio.run(_describe(asked, where))
    if as_json:
        terminal.write(json_traefik.route(found, whole))
    else:
        terminal.show(terminal.console(), terminal_traefik.route(found, whole))
    return found.verdict


def logs(
    route: str | None, since: str | None, where: Where, *, previous: bool, as_json: bool
) -> Verdict:
    """Print what the logs of all replicas tell."""
    return _show(asyncio.run(_logs(route, since, where, previous=previous)), as_json=as_json)


def saved(file: str, where: Where, *, as_json: bool) -> Verdict:
    """Print what a saved log tells. Only where a cluster is named are its addresses classified."""
    summary = _read(file)
    named = where.kubeconfig or where.context
    answer = asyncio.run(_classified(file, summary, where)) if named else None
    return _show(answer or log_report.logs({file: summary}, None), as_json=as_json)


def _show(answer: LogsAnswer, *, as_json: bool) -> Verdict:
    if as_json:
        terminal.write(json_traefik.logs(answer))
    else:
        terminal.show(terminal.console(), terminal_traefik.logs(answer))
    return answer.verdict


async def _routes(where: Where) -> RoutesAnswer:
    async with _traefik(where) as traefik:
        return await traefik.routes()


async def _describe(asked: str, where: Where) -> tuple[RouteView, RoutesAnswer]:
    async with _traefik(where) as traefik:
        return await traefik.describe(asked)


async def _logs(
    route: str | None, since: str | None, where: Where, *, previous: bool
) -> LogsAnswer:
    async with _traefik(where) as traefik:
        span = since_of(since) if since else None
        return await traefik.logs(route, span, previous=previous)


async def _classified(file: str, summary: LogSummary, where: Where) -> LogsAnswer:
    async with _traefik(where) as traefik:
        snapshot = await traefik.cluster.snapshot(READS)
        pods, unseen = await traefik.pods()
        found = served(snapshot, reading(pods))
        return log_report.logs({file: summary}, snapshot, found, unseen=unseen)


@contextlib.asynccontextmanager
async def _traefik(where: Where) -> AsyncIterator[Traefik]:
    read = read_settings()
    async with connect(
        kubeconfig=where.kubeconfig or read.kubeconfig, context=where.context or read.context
    ) as api:
        yield Traefik(ClusterReader(api), TraefikReader(api))


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
