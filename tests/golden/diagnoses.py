"""`/net diagnose`: every row of the decision table, and real diagnoses of the sandbox's network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache

from bot.net.diagnosis.all_routes import ALL, DiagnosedRoutes
from bot.net.diagnosis.diagnosis import Diagnosis, Row
from bot.net.diagnosis.observation import Belief
from bot.net.diagnosis.service import Diagnose
from bot.net.views import discord as net_cards
from bot.net.views import json as net_json
from bot.net.views import terminal as net_terminal
from bot.sandbox.network import Network
from commands.net import retest
from tests.fake_prober import FakeProber
from tests.fakes import TYPES, FakeCluster
from tests.golden import Pages
from tests.golden.moments import homelab
from tests.golden.shapes import card, page
from tests.net.diagnosis.probing_world import diagnosed
from tests.net.diagnosis.test_table import TABLE, told
from tests.net.diagnosis.world import World, a_subject

KINDS = ("Node", "Pod", "Service", "EndpointSlice")
ROUTE = "ingressroute/media/immich"
CUT_OFF = "ingressroute/monitoring/uptime-kuma"


@cache
def of_row(row: Row) -> Diagnosis:
    """The first world of the decision table's tests that has this row."""
    if row is Row.STALE_ENDPOINTS:
        believed = Belief(servers=(("10.42.2.7", 80),), of="API")
        return diagnosed(World(a_subject()), believed)
    return told(next(expected for expected in TABLE if expected.row is row))


@cache
def of_scenario(name: str, route: str, *, probed: bool = True) -> Diagnosis:
    """What a diagnosis makes of the sandbox's network, as a scenario broke it."""
    lab = homelab(name)
    network = Network(lab.broken)
    network.learn(*(lab.of(kind) for kind in KINDS))
    cluster = FakeCluster([each for each in lab.objects if each["kind"] in TYPES])
    prober = FakeProber(network) if probed else None
    return asyncio.run(Diagnose(cluster, prober).diagnose(route)).diagnosis


@cache
def all_of_scenario(name: str) -> DiagnosedRoutes:
    """What a diagnosis of all routes makes of it."""
    lab = homelab(name)
    network = Network(lab.broken)
    network.learn(*(lab.of(kind) for kind in KINDS))
    cluster = FakeCluster([manifest for manifest in lab.objects if manifest["kind"] in TYPES])
    return asyncio.run(Diagnose(cluster, FakeProber(network)).diagnose_all())


REAL: dict[str, Callable[[], Diagnosis]] = {
    "real-redirect": lambda: of_scenario("homelab", ROUTE),
    "real-healthy": lambda: of_scenario("healthy", ROUTE),
    "real-overlay-down": lambda: of_scenario("overlay-down", CUT_OFF),
    "real-inconclusive": lambda: of_scenario("homelab", ROUTE, probed=False),
}


def _pages() -> dict[str, Callable[[], str]]:
    made: dict[str, Callable[[], str]] = {
        f"row-{row}-terminal.txt": lambda row=row: page(net_terminal.diagnosis(of_row(row)))
        for row in Row
    }
    for name, diagnose in REAL.items():
        made[f"{name}-discord.json"] = lambda diagnose=diagnose: _as_card(diagnose())
        made[f"{name}-terminal.txt"] = lambda diagnose=diagnose: page(
            net_terminal.diagnosis(diagnose())
        )
        made[f"{name}.json"] = lambda diagnose=diagnose: net_json.diagnosis(diagnose()).decode()
    return made


def _as_card(found: Diagnosis) -> str:
    return card(net_cards.diagnosis(found, retest.rows("diagnose", found.subject)))


def _all_as_card(name: str) -> str:
    return card(net_cards.diagnoses(all_of_scenario(name), retest.rows("diagnose", ALL)))


def _all_pages(name: str) -> dict[str, Callable[[], str]]:
    return {
        f"all-{name}-discord.json": lambda: _all_as_card(name),
        f"all-{name}-terminal.txt": lambda: page(net_terminal.diagnoses(all_of_scenario(name))),
    }


PAGES: Pages = {
    **_pages(),
    **_all_pages("homelab"),
    **_all_pages("healthy"),
    "progress.json": lambda: card(net_cards.progress(ROUTE, "Starting pods on edge and home-1.")),
}
