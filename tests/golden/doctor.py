"""`/doctor`: a set-up without a fault, one with several, and one of which little can be seen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from bot.doctor.domain.diagnostic import DiagnosticReport
from bot.doctor.domain.facts import ClusterFacts, DiscordFacts, RegisteredCommands
from bot.doctor.service import Doctor
from bot.doctor.views import discord as discord_report
from bot.doctor.views import json as json_report
from bot.doctor.views import terminal as terminal_report
from bot.domain.refusal import NotObserved
from tests.doctor.domain.seen import DISCORD, SERVER, SETUP, a_cluster
from tests.doctor.test_service import ToldCluster, ToldDiscord
from tests.golden import Pages
from tests.golden.shapes import card, page


@cache
def _well() -> DiagnosticReport:
    return _examined(DISCORD, a_cluster())


@cache
def _wrong() -> DiagnosticReport:
    """No permission in the server, other commands, no Traefik, a slow clock and a lost right."""
    whole = a_cluster()
    rights = dict.fromkeys(whole.rights, True) | {next(iter(whole.rights)): False}
    bare = replace(SERVER, permissions=frozenset(), channels=())
    discord = replace(
        DISCORD, server=bare, registered=RegisteredCommands(()), members={}, skew=95.0
    )
    return _examined(discord, a_cluster(rights=rights, traefik=(), skew=-400.0, lease=None))


@cache
def _unseen() -> DiagnosticReport:
    cluster = ClusterFacts.unobserved("https://10.0.0.1:6443", "the API server does not answer")
    rights = dict.fromkeys(a_cluster().rights, None)
    return _examined(
        replace(DISCORD, server=NotObserved("Discord did not answer within 10 s.")),
        replace(cluster, rights=rights),
    )


def _examined(discord: DiscordFacts, cluster: ClusterFacts) -> DiagnosticReport:
    return asyncio.run(Doctor(ToldCluster(cluster), SETUP).examine(ToldDiscord(discord)))


CHECK_UPS: dict[str, Callable[[], DiagnosticReport]] = {
    "well": _well,
    "wrong": _wrong,
    "unseen": _unseen,
}


def _pages() -> dict[str, Callable[[], str]]:
    made: dict[str, Callable[[], str]] = {}
    for name, examine in CHECK_UPS.items():
        made[f"{name}-discord.json"] = lambda examine=examine: card(
            discord_report.report(examine())
        )
        made[f"{name}-terminal.txt"] = lambda examine=examine: page(
            terminal_report.report(examine())
        )
        made[f"{name}.json"] = lambda examine=examine: json_report.report(examine()).decode()
    return made


PAGES: Pages = _pages()
