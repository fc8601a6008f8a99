"""An Ingress hands over to IngressRoutes and back, with every part real: never Traefik's own 404.

Traefik reads the two kinds by two providers; here one of them may be some seconds behind.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.remediation.change.change import Change
from bot.remediation.change.plan import Method
from bot.remediation.change.states import ChangeState
from tests.cluster.broken_path import HOME, BrokenPath
from tests.cluster.test_fix import (
    DONE,
    INGRESSES,
    NAME,
    ROUTES,
    a_route,
    an_ingress,
    approved,
    fixed,
    live,
    proposed,
    rolled_back,
    routed,
    states,
)
from tests.clusters.real import RealCluster
from tests.lab import faults
from tests.lab.world import PORT, VIP

SLOW = {
    "as it is": (),
    "Ingresses late": ("--providers.kubernetesingress.throttleduration=4s",),
    "IngressRoutes late": ("--providers.kubernetescrd.throttleduration=4s",),
}
SETTLED = 8.0
"""Seconds in which the slowest Traefik here has loaded what was written last."""


@dataclass
class Met:
    """What requests met, by what went on."""

    phase: str = "there"
    statuses: dict[str, Counter[int]] = field(default_factory=dict)

    def note(self, status: int) -> None:
        """One more."""
        self.statuses.setdefault(self.phase, Counter())[status] += 1


async def hammered(broken: BrokenPath, met: Met) -> None:
    """One request after the other, until it is cancelled."""
    while True:
        met.note(await broken.status())


@asynccontextmanager
async def hammering(broken: BrokenPath) -> AsyncIterator[Met]:
    """Requests all the while, and on until everything was loaded."""
    met = Met()
    task = asyncio.create_task(hammered(broken, met))
    try:
        yield met
        await asyncio.sleep(SETTLED)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def neighbours(broken: BrokenPath, number: int) -> None:
    """Other routes are written just now: from here on Traefik gathers what comes, for its time."""
    made = (an_ingress(), a_route())
    for route in made:
        route["metadata"]["name"] = f"neighbour-{number}"
    made[0]["spec"]["rules"][0]["host"] = f"neighbour-{number}.example.org"
    made[1]["spec"]["routes"][0]["match"] = f"Host(`neighbour-{number}.example.net`)"
    await asyncio.to_thread(broken.real.apply, *made)


@pytest.mark.parametrize("how", SLOW)
async def test_an_ingress_hands_over_and_no_request_is_unserved(
    real: RealCluster, data: Path, tmp_path: Path, how: str
) -> None:
    """Way 3: at no moment Traefik's own 404, neither on the way there nor on the way back."""
    async with (
        fixed(real, data, tmp_path, *SLOW[how]) as (broken, fix),
        routed(broken, an_ingress()),
    ):
        await broken.until(200)
        await faults.redirect()(broken.world)
        await broken.until(502)
        before = live(broken, INGRESSES, NAME)
        change = await proposed(fix, Method.CONVERSION, "ingress")
        async with hammering(broken) as met:
            await neighbours(broken, 1)
            done = await approved(fix, change)
            handed_over(broken, done)
            met.phase = "back"
            await neighbours(broken, 2)
            returned = await rolled_back(fix, done)
        print(f"hand-over, {how}: {met.statuses}")  # noqa: T201  # what was seen
        assert states(returned) == [*DONE, "RolledBack"], returned.history.entries
        assert {frozenset(counted) for counted in met.statuses.values()} == {frozenset({200, 502})}
        assert written(broken, ROUTES) == []
        (restored,) = written(broken, INGRESSES)
        assert restored["metadata"]["annotations"] == {"meshmedic.dev/change": change.name}
        assert restored["spec"] == before["spec"]


def written(broken: BrokenPath, kind: str) -> list[dict[str, Any]]:
    """What there is of a kind, without the neighbours."""
    items = broken.real.read(kind, "-n", HOME)["items"]
    return [route for route in items if "neighbour" not in route["metadata"]["name"]]


def handed_over(broken: BrokenPath, done: Change) -> None:
    """The IngressRoutes are there without a priority of their own, and nothing else."""
    assert states(done) == DONE, done.history.entries
    assert written(broken, INGRESSES) == []
    rules = [rule for route in written(broken, ROUTES) for rule in route["spec"]["routes"]]
    assert rules
    assert all("priority" not in rule for rule in rules), rules
    assert all("invalid" not in rule["match"] for rule in rules), rules
    assert f"{VIP}:{PORT}" in done.notes.proof[-1], done.notes.proof


async def test_both_stay_where_traefik_is_not_seen_to_serve_the_ingress(
    real: RealCluster, data: Path, tmp_path: Path
) -> None:
    """Its class is not Traefik's any more: the requests go on by the IngressRoutes."""
    async with fixed(real, data, tmp_path) as (broken, fix), routed(broken, an_ingress()):
        await broken.until(200)
        await faults.redirect()(broken.world)
        await broken.until(502)
        done = await approved(fix, await proposed(fix, Method.CONVERSION, "ingress"))
        assert states(done) == DONE, done.history.entries
        somebody = an_ingress()
        somebody["spec"]["ingressClassName"] = "somebody-elses"
        broken.real.apply(somebody)
        async with hammering(broken) as met:
            ended = await fix.executor.take_back(done, "meshmedic", "It was rolled back.")
        print(f"not seen: {met.statuses}")  # noqa: T201  # what was seen
        assert ended.state is ChangeState.FAILED, ended.history.entries
        note = ended.history.entries[-1].note
        assert f"Traefik didn't serve Ingress {HOME}/{NAME} in time." in note
        assert "Delete it once the other one is served." in note
        assert set(met.statuses["there"]) == {200}
        assert written(broken, ROUTES)
