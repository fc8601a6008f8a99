"""`/net matrix`, `/net test` and `/net tool`, and the heat map as it is drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache

import msgspec

from bot.charts.spec import Undrawn
from bot.net.mesh.matrix import Matrix
from bot.net.mesh.service import Mesh
from bot.net.probing.protocol import Outcome
from bot.net.request.result import Attempt, Leg, RequestResult, RequestStep
from bot.net.request.service import Reach
from bot.net.tools.command import ToolRun
from bot.net.views import chart as heat_map
from bot.net.views import discord as net_cards
from bot.net.views import json as net_json
from bot.net.views import terminal as net_terminal
from bot.sandbox.network import Network
from commands.net import retest
from tests.fake_prober import FakeProber
from tests.fakes import TYPES, FakeCluster
from tests.golden import Pages
from tests.golden.moments import homelab
from tests.golden.shapes import card, page, plain
from tests.net.request.test_service import FakeInside

KINDS = ("Node", "Pod", "Service", "EndpointSlice")


def _world(name: str) -> tuple[FakeCluster, FakeProber]:
    lab = homelab(name)
    network = Network(lab.broken)
    network.learn(*(lab.of(kind) for kind in KINDS))
    cluster = FakeCluster([each for each in lab.objects if each["kind"] in TYPES])
    return cluster, FakeProber(network)


def _quiet(_: str) -> None:
    """Nobody waits."""


@cache
def measured(name: str) -> Matrix:
    """The matrix of a scenario."""
    return asyncio.run(Mesh(*_world(name)).measure(_quiet))


@cache
def tested(name: str, begin: str, end: str) -> RequestResult:
    """One request in a scenario, by a prober or by the pod's own wget."""
    cluster, prober = _world(name)
    return asyncio.run(Reach(cluster, prober, FakeInside()).test(begin, end, _quiet))


MATRICES: dict[str, Callable[[], Matrix]] = {
    "matrix-healthy": lambda: measured("healthy"),
    "matrix-broken": lambda: measured("overlay-down"),
    "matrix-not-all-seen": lambda: measured("node-down"),
}

WAY = "a prober in a pod on edge"
TLS = RequestStep(leg=Leg.TLS, outcome=Outcome.TLS, took=31.4, said="certificate has expired")
CONNECT = RequestStep(leg=Leg.CONNECT, took=12.5)
HTTP = RequestStep(leg=Leg.HTTP, took=20.25)
REFUSED = RequestStep(leg=Leg.CONNECT, outcome=Outcome.REFUSED, errno=111, took=12.34)
NO_NAME = RequestStep(leg=Leg.DNS, outcome=Outcome.NAME, errno=3, took=14.0, said="no such name")


def _reached(
    *attempts: Attempt, dns: RequestStep | None = None, goal: str = "https://web.apps"
) -> RequestResult:
    return RequestResult(start="edge", goal=goal, way=WAY, dns=dns, attempts=attempts)


REACHED: dict[str, Callable[[], RequestResult]] = {
    "test-healthy-from-a-node": lambda: tested("healthy", "edge", "nextcloud.productivity"),
    "test-healthy-from-a-pod": lambda: tested(
        "healthy", "traefik", "http://nextcloud.productivity"
    ),
    "test-refused": lambda: _reached(Attempt(address="10.43.0.7:443", steps=(REFUSED,))),
    "test-bad-tls": lambda: _reached(Attempt(address="10.43.0.7:443", steps=(CONNECT, TLS))),
    "test-answers-503": lambda: _reached(
        Attempt(address="10.43.0.7:80", steps=(CONNECT, HTTP), status=503, backend="web-1"),
        Attempt(address="10.43.0.8:80", steps=(CONNECT, HTTP), status=200, backend="web-2"),
    ),
    "test-no-name": lambda: _reached(dns=NO_NAME),
    "test-nothing-tried": lambda: msgspec.structs.replace(
        _reached(), untested=("may not create pods in meshmedic-probe",)
    ),
}

ARGV = ("dig", "+short", "web.apps.svc.cluster.local")
RUNS: dict[str, ToolRun] = {
    "tool-well": ToolRun(node="edge", argv=ARGV, output="10.43.0.7\n", exit_code=0),
    "tool-says-nothing": ToolRun(node="edge", argv=ARGV, output="", exit_code=9),
    "tool-cut": ToolRun(
        node="edge",
        argv=("ping", "-c", "5", "10.42.1.7"),
        output="".join(f"64 bytes from 10.42.1.7: icmp_seq={n}\n" for n in range(70)),
        cut=True,
    ),
    "tool-late": ToolRun(node="edge", argv=("mtr", "home-1"), output="waiting\n", late=True),
}


def _pages() -> dict[str, Callable[[], str]]:
    made: dict[str, Callable[[], str]] = {}
    for name, measure in MATRICES.items():
        made[f"{name}-discord.json"] = lambda measure=measure: card(
            net_cards.matrix(measure(), b"PNG", retest.rows("matrix", ""))
        )
        made[f"{name}-terminal.txt"] = lambda measure=measure: page(net_terminal.matrix(measure()))
        made[f"{name}.json"] = lambda measure=measure: net_json.matrix(measure()).decode()
        made[f"{name}-alt.txt"] = lambda measure=measure: f"{heat_map.alt(measure())}\n"
        made[f"{name}-drawing.json"] = lambda measure=measure: plain(heat_map.heat_map(measure()))
    for name, test in REACHED.items():
        made[f"{name}-discord.json"] = lambda test=test: card(
            net_cards.request(test(), retest.rows("test", "edge web.apps"))
        )
        made[f"{name}-terminal.txt"] = lambda test=test: page(net_terminal.request(test()))
        made[f"{name}.json"] = lambda test=test: net_json.request(test()).decode()
    for name, run in RUNS.items():
        made[f"{name}-discord.json"] = lambda run=run: card(
            net_cards.tool(run, retest.rows("tool", "dig edge apps/web +short"))
        )
    return made


PAGES: Pages = {
    **_pages(),
    "matrix-undrawn-discord.json": lambda: card(
        net_cards.matrix(measured("healthy"), Undrawn("The picture took too long."))
    ),
}
