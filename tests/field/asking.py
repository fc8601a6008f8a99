"""Asks about a field report as a person would: by the command line, over a simulated homelab."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bot.manifests import reader
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from bot.sandbox.scenarios.homelab import healthy
from tests.cli.test_check import Done, meshmedic
from tests.field.cases import Ask
from tests.places import DATA

FIELD = DATA / "field"
AT = "2025-03-10T12:00:00Z"
OFFLINE = {
    "judge": ("judge", "{file}", "--now", AT),
    "logs": ("traefik", "logs", "--file", "{file}"),
    "convert": ("route", "convert", "{file}", "--traefik-version", "3.3.6"),
    "edit": ("route", "edit", "{file}"),
}
LIVE = {"check": ("check", "-o", "wide"), "routes": ("traefik", "routes", "-o", "wide")}


async def answer(front: str, file: Path, folder: Path) -> Done:
    """What the command prints; a live question is asked of a homelab with the file's objects."""
    if front in OFFLINE:
        return await meshmedic(*(part.format(file=file) for part in OFFLINE[front]))
    cluster = SimulatedCluster(list(healthy(datetime.now(UTC)).objects))
    for item in reader.read_all([str(file)]).objects:
        assert isinstance(item, dict)
        cluster.put(item)
    async with serve(cluster) as url:
        write_kubeconfig(folder / "kubeconfig", url, None)
        return await meshmedic(*LIVE[front], "--kubeconfig", str(folder / "kubeconfig"))


def faults(ask: Ask, done: Done) -> Iterator[str]:
    """What is wrong about an answer, in words; nothing where it is right."""
    text = re.sub(r"\s+", " ", done.out + done.err)
    if ask.codes and done.code not in ask.codes:
        yield f"{ask.front} ended with {done.code}"
    for pattern in ask.must:
        if not re.search(pattern, text):
            yield f"{ask.front} does not say {pattern!r}"
    for pattern in ask.must_not:
        if re.search(pattern, text):
            yield f"{ask.front} says {pattern!r}"
