"""Events on the pod that the bot runs in, recorded over the wire."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ClusterError
from bot.kube.connect import connect
from bot.kube.own_pod_events import OwnPodEvents
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from tests.builders import a_pod

PLACE, POD = "meshmedic", "meshmedic-6d5f-x2x4z"


async def record(cluster: SimulatedCluster, folder: Path, place: str = PLACE) -> None:
    async with serve(cluster) as url:
        write_kubeconfig(folder / "kubeconfig", url, None)
        async with connect(kubeconfig=folder / "kubeconfig") as api:
            events = OwnPodEvents(api, place, POD)
            await events.record("NotReady", "Not ready. Why.", warning=True)


def recorded(cluster: SimulatedCluster) -> list[Mapping[str, Any]]:
    return [each.plain() for each in cluster.in_order("events")]


async def test_an_event_is_on_the_pod_of_this_name_with_its_uid(tmp_path: Path):
    """By the uid `kubectl describe` finds it; another pod that is there has none."""
    cluster = SimulatedCluster([a_pod(POD, namespace=PLACE), a_pod("other", namespace=PLACE)])
    await record(cluster, tmp_path)
    (event,) = recorded(cluster)
    pod = cluster.get("Pod", PLACE, POD)
    assert pod is not None
    assert event["involvedObject"]["uid"] == pod["metadata"]["uid"]
    assert event["involvedObject"]["name"] == POD
    assert (event["type"], event["reason"]) == ("Warning", "NotReady")
    assert event["message"] == "Not ready. Why."


@pytest.mark.parametrize("place", ["", "elsewhere"])
async def test_outside_a_pod_nothing_is_recorded(tmp_path: Path, place: str):
    """A laptop has a host's name too, and no pod of that name is there."""
    cluster = SimulatedCluster([a_pod(POD, namespace=PLACE)])
    await record(cluster, tmp_path, place)
    assert recorded(cluster) == []


async def test_a_refusal_is_raised(tmp_path: Path):
    """Whoever tells tries again later."""
    cluster = SimulatedCluster([a_pod(POD, namespace=PLACE)])
    cluster.forbid("create", "events")
    with pytest.raises(ClusterError):
        await record(cluster, tmp_path)
