"""The sandbox's homelabs on both clusters: what is played there could stand in a real cluster."""

from datetime import UTC, datetime

import pytest

from bot.domain.report import Report, examine
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from bot.health.service import Health
from bot.kube.connect import connect
from bot.kube.one_shot_reader import ClusterReader
from bot.sandbox.opening import find
from bot.sandbox.scenarios.plain import Plain
from tests.clusters import Cluster
from tests.fakes import TYPES, snapshot_of

PLAYED = ("homelab", "healthy", "flux-broken", "certificates", "secrets", "node-down")
"""Not `hostile`: a real API server takes no such names; nor those that only play with the API."""


def told(report: Report) -> dict[tuple[str, str, str], Verdict]:
    """What a report says, without the moments in it."""
    return {(each.check, str(each.subject), each.reason): each.verdict for each in report.findings}


async def reported(cluster: Cluster) -> Report:
    async with connect(kubeconfig=cluster.kubeconfig) as api:
        return await Health(ClusterReader(api, secret_inventory=True)).check((), None)


def expected(objects: list[Plain]) -> Report:
    """What the checks say of the plain objects, without any API in between."""
    read = [each for each in objects if each["kind"] in TYPES]
    return examine(snapshot_of(*read), CHECKS)


@pytest.mark.parametrize("name", PLAYED)
async def test_a_scenario_reads_the_same_from_an_api_server(cluster: Cluster, name: str) -> None:
    """Every object is accepted, and every finding is the one that the objects call for."""
    homelab = find(name).build(datetime.now(UTC))
    await cluster.put(*homelab.objects)
    report = await reported(cluster)
    live, called_for = told(report), told(expected(homelab.objects))
    assert live.keys() == called_for.keys()
    # A real server says itself when an object was made: just now, so some are in their grace.
    assert all(live[key] in (called_for[key], Verdict.PROGRESSING) for key in live)
    assert not report.unseen
    assert (name == "healthy") == (not report.findings)
