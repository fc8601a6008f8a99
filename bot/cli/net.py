"""`meshmedic net`: test the network between the nodes."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot import log_setup as logs
from bot import settings
from bot.charts.process import Artist
from bot.charts.spec import Undrawn
from bot.cli import typed_object
from bot.cli.answer import Views, screen, show
from bot.cli.connection import ClusterConnection, connected, in_event_loop
from bot.cli.parser import EXIT, Parser, add_answer, add_commands
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
from bot.traefik.service import Traefik

COMMANDS = {
    "diagnose": "Find out why a route fails, and whether nativeLB would fix it",
    "matrix": "Test the links between all nodes",
    "test": "Make one request, and show DNS, connection, TLS and HTTP apart",
}


def add_arguments(group: Parser) -> None:
    """The tests: `diagnose`, `matrix` and `test`."""
    parsers = add_commands(group, COMMANDS)
    for parser, add in zip(parsers, (_add_diagnose, _add_matrix, _add_test), strict=True):
        add(parser)


def _add_diagnose(parser: Parser) -> None:
    parser.explain(
        "meshmedic net diagnose jellyfin.lab.example.org",
        "meshmedic net diagnose ing/jellyfin -n media",
        "meshmedic net diagnose all -n media -o json",
        codes="Exit code: 0 it works, 1 in part, 2 it is broken, 3 inconclusive; the worst of all.",
    )
    parser.add_argument(
        "route", nargs="+", help="a host, a route or a Service; all for every route (up to 50)"
    )
    add_answer(parser, namespace=True, wide=False)
    parser.set_defaults(command=diagnose)


def _add_matrix(parser: Parser) -> None:
    parser.explain(
        "meshmedic net matrix",
        "meshmedic net matrix home-1 --picture matrix.png",
        codes="Exit code: 0 all got through, 1 in part, 2 some not at all, 3 not all was seen.",
    )
    parser.add_argument("node", nargs="?", default="", help="only to and from this node")
    parser.add_argument("--picture", type=Path, help="draw it into this file too, as a PNG")
    add_answer(parser, wide=False)
    parser.set_defaults(command=matrix)


def _add_test(parser: Parser) -> None:
    parser.explain(
        "meshmedic net test edge jellyfin.media:80",
        "meshmedic net test kube-system/traefik https://jellyfin.lab.example.org",
        codes="Exit code: 0 it answers, 1 with 5xx or in part, 2 it doesn't, 3 nothing was tried.",
    )
    parser.add_argument("begin", metavar="FROM", help="a node or a pod: edge, kube-system/traefik")
    parser.add_argument("end", metavar="TO", help="a URL, service.namespace[:port], address:port")
    add_answer(parser, wide=False)
    parser.set_defaults(command=test)


ONE = Views(net_json.diagnosis, net_terminal.diagnosis)
ALL = Views(net_json.diagnoses, net_terminal.diagnoses)
REQUEST = Views(net_json.request, net_terminal.request)


@in_event_loop
async def diagnose(arguments: argparse.Namespace) -> int:
    """Print the diagnosis of one route, or of all."""
    typed = typed_object.route(arguments.route, None)
    namespace = namespace_of(typed)
    if namespace is None:
        typed = typed_object.route(arguments.route, arguments.namespace)
    elif not namespace:
        namespace = arguments.namespace or ""
    async with _connected(arguments) as (connection, cluster, prober):
        health = await connection.health()
        traefik = Traefik(health, connection.traefik_reader)
        service = Diagnose(
            cluster, prober, traefik, objects=health.of_objects, states=health.route_states
        )
        if namespace is not None:
            found = await service.diagnose_all(namespace, connection.progress.step)
            connection.progress.end()
            show(arguments, found, ALL)
            return EXIT[found.verdict]
        diagnosis = (await service.diagnose(typed, connection.progress.step)).diagnosis
    show(arguments, diagnosis, ONE)
    return EXIT[diagnosis.verdict]


@in_event_loop
async def matrix(arguments: argparse.Namespace) -> int:
    """Print what gets from node to node, and draw it into a file.

    Raises:
        InputError: The file cannot be written.
    """
    async with _connected(arguments) as (connection, cluster, prober):
        step = connection.progress.step
        measured = await Mesh(cluster, prober).measure(step, arguments.node)
    if arguments.picture:
        _write(await Artist().draw(heat_map(measured)), arguments.picture)
    width = screen().width or net_terminal.PAGE
    show(arguments, measured, Views(net_json.matrix, lambda it: net_terminal.matrix(it, width)))
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
        result = await reach.test(arguments.begin, arguments.end, connection.progress.step)
    show(arguments, result, REQUEST)
    return EXIT[result.verdict]


@asynccontextmanager
async def _connected(
    arguments: argparse.Namespace,
) -> AsyncIterator[tuple[ClusterConnection, ClusterReader, AdmittedProber]]:
    """The connection, the cluster over it, and the prober."""
    async with connected(arguments) as connection:
        api, read = connection.api, settings.load()
        prober = ProbeJobs(
            api,
            OwnImage(api, read.probe_image, connection.bot_namespace),
            traefik=read.traefik_namespaces,
            host_network=read.probe_host_network,
            pull=read.image_pull_seconds,
            source=ImageSource.of_prober(read.probe_image),
        )
        admissions = Admissions(connection.cluster, targets.allowed(read.net_targets))
        yield connection, connection.cluster, AdmittedProber(prober, admissions)
