"""Plays all sites at once: each must be told as it is, then some are broken, and mended."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.nodes import installing, leader
from tests.nodes.bot import Bot
from tests.nodes.cluster import RealNodes
from tests.nodes.editing import Choices
from tests.nodes.faults.fault import together
from tests.nodes.faults.programs import cut_power
from tests.nodes.faults.rules import REDIRECT
from tests.nodes.sites import objects, staging, witness
from tests.nodes.sites.situations import (
    CERTIFICATES,
    EXCEPTED,
    FAILS,
    ONCE_MENDED,
    SITUATIONS,
    WHILE_BROKEN,
    WITHOUT_TRAEFIK,
)
from tests.nodes.sites.telling import NOTHING, findings, said_of_sites
from tests.nodes.sites.witness import Heard
from tests.nodes.table import Table

TURN = 10.0
INTERVAL = 66.0
"""Seconds from one check of a host to the next, at the most."""

FIRST = 2 * 60.0 + 30.0 + 2 * TURN + 30.0
"""Seconds until all hosts were checked: a process that begins to lead waits for two minutes."""

AGAIN = INTERVAL + 2 * TURN + 30.0
"""Seconds until all of them were checked again; one that stalls keeps others waiting."""

RESTARTED = AGAIN + 90.0
"""The same once the pods of a node without power run again."""

GREEN_WITHIN = 2 * INTERVAL
"""Seconds for which a site may still be called well once Traefik is gone."""

EVERY = 5.0
DARK = "n3"
"""The node that loses its power."""


@dataclass
class Player:
    """Whoever asks, and what the backends have heard so far."""

    table: Table
    cluster: RealNodes
    bot: Bot
    heard: set[Heard] = field(default_factory=set)

    async def play(self, *, whole: bool) -> None:
        """All situations; where it is the `whole`, also what becomes of them."""
        every = {situation.name: situation.says for situation in SITUATIONS}
        await self._until("", every, FIRST)
        await self._certificates()
        if whole:
            await self._broken()
            await self._without_traefik(every)
        await self._witnessed(whole=whole)

    async def _certificates(self) -> None:
        began = time.monotonic()
        told = await findings(self.bot)
        took = time.monotonic() - began
        for name, want in CERTIFICATES.items():
            said = told.get(name, NOTHING)
            self.table.row(f"{name}: /health", said, seconds=took, want=want)

    async def _broken(self) -> None:
        await self._listen()
        make = together(REDIRECT.make, staging.kill, cut_power)
        mend = await asyncio.to_thread(make, self.cluster)
        try:
            await self._until(", broken", WHILE_BROKEN, AGAIN)
            await self._listen(but=DARK)
        finally:
            await asyncio.to_thread(mend)
        await self._until(", mended", ONCE_MENDED, RESTARTED)

    async def _without_traefik(self, every: Mapping[str, str]) -> None:
        await asyncio.to_thread(staging.scale_traefik, 0)
        try:
            none = {
                situation.name: FAILS if situation.heard else WITHOUT_TRAEFIK
                for situation in SITUATIONS
            }
            await self._until(" without Traefik", none, GREEN_WITHIN)
        finally:
            await asyncio.to_thread(staging.scale_traefik, 1)
        await self._heard_since(time.time())
        await self._until(" with Traefik again", every, AGAIN)

    async def _heard_since(self, then: float) -> None:
        """Wait until each backend that is asked was asked again: what is told is no older then."""
        asked = {situation.host for situation in SITUATIONS if situation.heard}
        began = time.monotonic()
        while True:
            await self._listen()
            again = {one.host for one in self.heard if one.at > then and one.host in asked}
            took = time.monotonic() - began
            if again == asked or took > AGAIN:
                break
            await asyncio.sleep(EVERY)
        missing = ", ".join(sorted(asked - again)) or "none"
        self.table.row("sites not asked again", missing, seconds=took, want="^none$")

    async def _until(self, when: str, wanted: Mapping[str, str], seconds: float) -> None:
        """Ask until each site is told as it must be, or the time is over; then a row for each."""
        began = time.monotonic()
        took: dict[str, float] = {}
        hosts = [objects.host_of(name) for name in wanted]
        while True:
            said = await said_of_sites(self.bot, hosts)
            now = time.monotonic() - began
            for name, want in wanted.items():
                right = re.search(want, said[objects.host_of(name)])
                took = {**took, name: took.get(name, now)} if right else _without(took, name)
            if len(took) == len(wanted) or now > seconds:
                break
            await asyncio.sleep(EVERY)
        for name, want in wanted.items():
            told = said[objects.host_of(name)]
            self.table.row(f"{name}{when}", told, seconds=took.get(name, now), want=want)

    async def _listen(self, *, but: str = "") -> None:
        """Keep what the backends have printed before their pods are gone, `but` on one node."""
        self.heard |= await asyncio.to_thread(staging.heard, but)

    async def _witnessed(self, *, whole: bool) -> None:
        await self._listen()
        wrong = list(witness.breaches(self.heard))
        for situation in SITUATIONS:
            checks = witness.checks(self.heard, situation.host)
            methods = tuple(dict.fromkeys(one.method for one in checks))
            want = tuple(situation.heard)
            # A site that refuses HEAD is asked by GET a minute later.
            if methods != want and (whole or methods != want[:1]):
                wrong.append(f"{situation.host} heard {methods}, and not {want}")
        hosts = {one.host for one in self.heard}
        what = f"what the backends of {len(hosts)} hosts heard in {len(self.heard)} requests"
        said = "\n".join(wrong) or "nothing but route checks as they should be"
        self.table.row(what, said, seconds=0, want="^nothing but")


def _without(took: Mapping[str, float], name: str) -> dict[str, float]:
    return {other: seconds for other, seconds in took.items() if other != name}


async def run(table: Table, cluster: RealNodes, bot: Bot, choices: Choices, *, whole: bool) -> None:
    """With route checks on for as long as it takes."""
    checked = {
        "MESHMEDIC_ROUTE_CHECKS": "on",
        "MESHMEDIC_ROUTE_CHECKS_EXCEPT": objects.host_of(EXCEPTED),
    }
    settings = {**choices.settings, **checked}
    try:
        await asyncio.to_thread(staging.make)
        await asyncio.to_thread(installing.change_settings, replace(choices, settings=settings))
        await asyncio.to_thread(leader.away_from, DARK)
        await Player(table, cluster, bot).play(whole=whole)
    finally:
        await asyncio.to_thread(staging.remove)
        await asyncio.to_thread(installing.change_settings, choices)
