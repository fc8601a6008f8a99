"""The terminal's commands about the network: `meshmedic net`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.cli import Where, read_settings
from bot.core.network.diagnosis import Diagnosis
from bot.core.network.matrix import Matrix
from bot.core.verdict import Verdict
from bot.diagnose import Diagnose
from bot.kube.connect import connect
from bot.kube.own_image import OwnImage
from bot.kube.probe_jobs import ProbeJobs
from bot.kube.reader import ClusterReader
from bot.kube.traefik import TraefikReader
from bot.matrix import Mesh
from bot.render import diagnosis as told
from bot.render import (
    json_diagnosis,
    json_matrix,
    terminal,
    terminal_diagnosis,
    terminal_matrix,
    words,
)
from bot.traefik import Traefik

__all__ = ["Where", "diagnose", "matrix"]

PROGRESS = 78


def diagnose(asked: str, where: Where, *, as_json: bool) -> Verdict:
    """Print the diagnosis of one route."""
    found = asyncio.run(_diagnose(asked, where))
    if as_json:
        terminal.write(json_diagnosis.diagnosis(found))
    else:
        terminal.show(terminal.console(), terminal_diagnosis.diagnosis(found))
    return told.verdict(found)


def matrix(node: str, where: Where, *, as_json: bool) -> Verdict:
    """Print what gets from node to node."""
    found = asyncio.run(_matrix(node, where))
    if as_json:
        terminal.write(json_matrix.matrix(found))
    else:
        terminal.show(terminal.console(), terminal_matrix.matrix(found))
    return found.verdict


async def _diagnose(asked: str, where: Where) -> Diagnosis:
    async with _connected(where) as there:
        diagnose = Diagnose(there.cluster, there.prober, there.traefik)
        return await diagnose.diagnose(asked, _progress)


async def _matrix(node: str, where: Where) -> Matrix:
    async with _connected(where) as there:
        return await Mesh(there.cluster, there.prober).measure(_progress, node)


@dataclass(frozen=True, slots=True)
class Connected:
    """What the tests stand on."""

    cluster: ClusterReader
    prober: ProbeJobs
    traefik: Traefik


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
        yield Connected(cluster, prober, traefik)


def _progress(said: str) -> None:
    """Only for a person who looks on."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{words.line(said, PROGRESS)}\n")
