"""The terminal's commands about the network: `meshmedic net`."""

from __future__ import annotations

import asyncio
import sys

from bot.cli import Where, read_settings
from bot.core.network.diagnosis import Diagnosis
from bot.core.verdict import Verdict
from bot.diagnose import Diagnose
from bot.kube.connect import connect
from bot.kube.own_image import OwnImage
from bot.kube.probe_jobs import ProbeJobs
from bot.kube.reader import ClusterReader
from bot.render import diagnosis as told
from bot.render import json_diagnosis, terminal, terminal_diagnosis, words

__all__ = ["Where", "diagnose"]

PROGRESS = 78


def diagnose(asked: str, where: Where, *, as_json: bool) -> Verdict:
    """Print the diagnosis of one route."""
    found = asyncio.run(_diagnose(asked, where))
    if as_json:
        terminal.write(json_diagnosis.diagnosis(found))
    else:
        terminal.show(terminal.console(), terminal_diagnosis.diagnosis(found))
    return told.verdict(found)


async def _diagnose(asked: str, where: Where) -> Diagnosis:
    read = read_settings()
    async with connect(
        kubeconfig=where.kubeconfig or read.kubeconfig, context=where.context or read.context
    ) as api:
        image = OwnImage(api, read.probe_image)
        prober = ProbeJobs(api, image, host_network=read.probe_host_network)
        return await Diagnose(ClusterReader(api), prober).diagnose(asked, _progress)


def _progress(said: str) -> None:
    """Only for a person who looks on."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{words.line(said, PROGRESS)}\n")
