"""`meshmedic net`: test the network between the nodes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot import log_setup as logs
from bot.charts.process import Artist
from bot.charts.spec import Undrawn
from bot.cli.answer import show
from bot.cli.connection import ClusterConnection, connected, in_event_loop
from bot.cli.parser import EXIT, Parser, add_answer
from bot.errors import InputError
from bot.kube.exec import PodCommands
from bot.kube.one_shot_reader import ClusterReader
from bot.kube.pods import OwnImage
from bot.kube.prober_jobs import ProbeJobs
from bot.net.admitted_prober import Admissions, AdmittedProber
from bot.net.diagnosis.all_routes import namespace_of
from bot.net.diagnosis.service import Diagnose
from bot.net.mesh.service import Mesh
from bot.net.probing.manifests import ImageSource
from bot.net.request.service import Reach
from bot.net.tools import targets
from bot.net.views import json as net_json
from bot.net.views import terminal as net_terminal
from bot.net.views.chart import heat_map
from bot.render import terminal
from bot.render import text as words
from bot.traefik.service import Traefik

PROGRESS = 78
"""Characters of a line of progress."""


def add_arguments(group: Parser) -> None:
    """The tests: `diagnose`, `matrix` and `test`."""
    tests = group.add_subparsers(required=True, metavar="COMMAND")
    parser = tests.add_parser(
        "diagnose",
        help="where a route breaks, and whether nativeLB would help",
        epilog="exit code: 0 it works, 1 in part, 2 it is broken, 3 inconclusive; the worst of all",
    )
    parser.add_argument(
        "route",
        nargs="+",
        help="a route, its host, or a Service; all for every route, or all and a namespace",
    )
    add_answer(parser)
    parser.set_defaults(command=diagnose)
    parser = tests.add_parser(
        "matrix",
        help="what gets from node to node",
        epilog="exit code: 0 everything, 1 not all, 2 some not at all, 3 not everything was seen",
    )
    parser.add_argument("node", nargs="?", default="", help="only to and from this node")
    parser.add_argument("--picture", type=Path, help="draw it into this file too, as a PNG")
    add_answer(parser)
    parser.set_defaults(command=matrix)
    parser = tests.add_parser(
        "test",
        help="one request, with DNS, connection, TLS and HTTP step by step",
        epilog="exit code: 0 it is reached, 1 it answers 5xx or in part, 2 not, 3 nothing tried",
    )
    parser.add_argument("begin", metavar="FROM", help="a node or a pod: edge, kube-system/traefik")
    parser.add_argument("end", metavar="TO", help="a URL, service.namespace[:port], address:port")
    add_answer(parser)
    parser.set_defaults(command=test)


@in_event_loop
async def diagnose(arguments: argparse.Namespace) -> int:
    """Print the diagnosis of one route, or of all."""
    typed = " ".join(arguments.route)
    namespace = namespace_of(typed)
    async with _connected(arguments) as (connection, cluster, prober):
        health = await connection.health()
        traefik = Traefik(health, connection.traefik_reader)
        service = Diagnose(
            cluster, prober, traefik, objects=health.of_objects, states=health.route_states
        )
        if namespace is not None:
            found = await service.diagnose_all(namespace, _progress)
            show(arguments, found, net_json.diagnoses, net_terminal.diagnoses)
            return EXIT[found.verdict]
        diagnosis = (await service.diagnose(typed, _progress)).diagnosis
    show(arguments, diagnosis, net_json.diagnosis, net_terminal.diagnosis)
    return EXIT[diagnosis.verdict]


@in_event_loop
async def matrix(arguments: argparse.Namespace) -> int:
    """Print what gets from node to node, and draw it into a file.

    Raises:
        InputError: The file cannot be written.
    """
    async with _connected(arguments) as (_, cluster, prober):
        measured = await Mesh(cluster, prober).measure(_progress, arguments.node)
    if arguments.picture:
        _write(await Artist().draw(heat_map(measured)), arguments.picture)
    width = terminal.console().width
    show(arguments, measured, net_json.matrix, lambda _: net_terminal.matrix(measured, width))
    return EXIT[measured.verdict]


def _write(drawn: bytes | Undrawn, picture: Path) -> None:
    if isinstance(drawn, Undrawn):
        logs.farewell(f"No picture: {drawn.why}")
        return
    try:
        picture.write_bytes(drawn)
    except OSError as error:
        raise InputError(f"{picture} cannot be written: {error.strerror}.") from error


@in_event_loop
async def test(arguments: argparse.Namespace) -> int:
    """Print how one request ended."""
    async with _connected(arguments) as (connection, cluster, prober):
        reach = Reach(
            cluster,
            prober.for_people(),
            PodCommands(connection.api),
            prober.admissions.also,
        )
        result = await reach.test(arguments.begin, arguments.end, _progress)
    show(arguments, result, net_json.request, net_terminal.request)
    return EXIT[result.verdict]


@asynccontextmanager
async def _connected(
    arguments: argparse.Namespace,
) -> AsyncIterator[tuple[ClusterConnection, ClusterReader, AdmittedProber]]:
    """The connection, the cluster over it, and the prober."""
    async with connected(arguments) as connection:
        api, settings = connection.api, connection.settings
        prober = ProbeJobs(
            api,
            OwnImage(api, settings.probe_image, connection.bot_namespace),
            traefik=settings.traefik_namespaces,
            host_network=settings.probe_host_network,
            pull=settings.image_pull_seconds,
            source=ImageSource.of_prober(settings.probe_image),
        )
        admissions = Admissions(connection.cluster, targets.allowed(settings.net_targets))
        yield connection, connection.cluster, AdmittedProber(prober, admissions)


def _progress(step: str) -> None:
    """Print a step, only for a person who looks on."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{words.line(step, PROGRESS)}\n")
