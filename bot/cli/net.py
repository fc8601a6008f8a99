"""The terminal's commands about the network: `meshmedic net`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot import log_setup as logs
from bot.charts.process import Artist
from bot.charts.spec import Undrawn
from bot.cli.check import Where, read_settings
from bot.domain.verdict import Verdict
from bot.errors import InputError
from bot.kube.connect import connect
from bot.kube.one_shot_reader import ClusterReader
from bot.kube.own_image import OwnImage
from bot.kube.pod_commands import PodCommands
from bot.kube.prober_jobs import ProbeJobs
from bot.kube.traefik_reader import TraefikReader
from bot.net.diagnosis.diagnosis import Diagnosis
from bot.net.diagnosis.service import Diagnose
from bot.net.mesh.matrix import Matrix
from bot.net.mesh.service import Mesh
from bot.net.ports import Prober
from bot.net.request.result import Reached
from bot.net.request.service import Reach
from bot.net.views import chart as heat_map
from bot.net.views import json_diagnosis, json_matrix, terminal_diagnosis, terminal_matrix
from bot.net.views import json_request as json_reached
from bot.net.views import terminal_request as terminal_reached
from bot.net.views import text_diagnosis as told
from bot.render import terminal
from bot.render import text as words
from bot.traefik.service import Traefik

__all__ = ["Where", "diagnose", "matrix", "test"]

PROGRESS = 78


def diagnose(asked: str, where: Where, *, as_json: bool) -> Verdict:
    """Print the diagnosis of one route."""
    found = asyncio.run(_diagnose(asked, where))
    if as_json:
        terminal.write(json_diagnosis.diagnosis(found))
    else:
        terminal.show(terminal.console(), terminal_diagnosis.diagnosis(found))
    return told.verdict(found)


def matrix(node: str, where: Where, *, as_json: bool, picture: Path | None = None) -> Verdict:
    """Print what gets from node to node, and draw it into a file.

    Raises:
        InputError: The file cannot be written.
    """
    found = asyncio.run(_matrix(node, where))
    if picture:
        _draw(found, picture)
    if as_json:
        terminal.write(json_matrix.matrix(found))
    else:
        console = terminal.console()
        terminal.show(console, terminal_matrix.matrix(found, console.width))
    return found.verdict


def test(begin: str, end: str, where: Where, *, as_json: bool) -> Verdict:
    """Print how one request ended."""
    found = asyncio.run(_test(begin, end, where))
    if as_json:
        terminal.write(json_reached.reached(found))
    else:
        terminal.show(terminal.console(), terminal_reached.reached(found))
    return found.verdict


def _draw(found: Matrix, picture: Path) -> None:
    drawn = asyncio.run(Artist().draw(heat_map.heat_map(found)))
    if isinstance(drawn, Undrawn):
        logs.farewell(f"No picture: {drawn.why}")
        return
    try:
        picture.write_bytes(drawn)
    except OSError as error:
        raise InputError(f"{picture} cannot be written: {error.strerror}.") from error


async def _diagnose(asked: str, where: Where) -> Diagnosis:
    async with _connected(where) as there:
        diagnose = Diagnose(there.cluster, there.prober, there.traefik)
        return (await diagnose.diagnose(asked, _progress)).diagnosis


async def _matrix(node: str, where: Where) -> Matrix:
    async with _connected(where) as there:
        return await Mesh(there.cluster, there.prober).measure(_progress, node)


async def _test(begin: str, end: str, where: Where) -> Reached:
    async with _connected(where) as there:
        reach = Reach(there.cluster, there.prober, there.inside)
        return await reach.test(begin, end, _progress)


@dataclass(frozen=True, slots=True)
class Connected:
    """What the tests stand on."""

    cluster: ClusterReader
    prober: Prober
    traefik: Traefik
    inside: PodCommands


@asynccontextmanager
async def _connected(where: Where) -> AsyncIterator[Connected]:
    read = read_settings()
    async with connect(
        kubeconfig=where.kubeconfig or read.kubeconfig, context=where.context or read.context
    ) as api:
        image = OwnImage(api, read.probe_image)
        cluster = ClusterReader(api)
        traefik = Traefik(cluster, TraefikReader(api))
        prober = ProbeJobs(api, image, host_network=read.probe_host_network)
        yield Connected(cluster, prober, traefik, PodCommands(api))


def _progress(said: str) -> None:
    """Only for a person who looks on."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{words.line(said, PROGRESS)}\n")
