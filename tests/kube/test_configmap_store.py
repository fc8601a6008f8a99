"""The store on a real wire: compare-and-set, nothing for nothing, and words for what is refused.

These take the fixture `cluster`, and run on a real API server in `make test-cluster`.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from bot.domain.record import RecordType
from bot.errors import ClusterError, Conflict, Forbidden, NotLeading, StateError
from bot.kube.client import Api
from bot.kube.configmap_store import ConfigMapStore
from bot.kube.connect import connect
from tests.clusters import Cluster, ask
from tests.led import Led

PLACE = "kept"


class Tally(msgspec.Struct, frozen=True):
    numbers: tuple[int, ...] = ()
    ballast: str = ""

    def plus(self, number: int) -> "Tally":
        return Tally((*self.numbers, number), self.ballast)


TALLY = RecordType("tally", Tally)
PATH = f"/api/v1/namespaces/{PLACE}/configmaps/meshmedic-tally"


@dataclass
class Desk:
    api: Api
    led: Led
    state: ConfigMapStore


@pytest.fixture
async def desk(cluster: Cluster) -> AsyncIterator[Desk]:
    """A namespace of its own, with nothing kept."""
    await cluster.put(a_config_map("of-somebody", {}))
    for verb in ("create", "update"):
        await cluster.allow(verb, "configmaps", namespace=PLACE)
    async with connect(kubeconfig=cluster.kubeconfig) as api:
        led = Led()
        yield Desk(api, led, ConfigMapStore(api, PLACE, led))
    status, _ = await ask(cluster, PATH)
    if status == 200:
        await cluster.put(a_config_map("meshmedic-tally", {}))
        await cluster.delete("ConfigMap", PLACE, "meshmedic-tally")


def a_config_map(name: str, data: dict[str, str], **more: Any) -> dict[str, Any]:
    meta = {"name": name, "namespace": PLACE}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data} | more


async def stored(cluster: Cluster) -> dict[str, Any]:
    status, body = await ask(cluster, PATH)
    assert status == 200
    return body


async def test_what_is_kept_is_read_again(cluster: Cluster, desk: Desk) -> None:
    """By another process too; the text tells its version, and kubectl whose it is."""
    assert await desk.state.read(TALLY) is None
    await desk.state.change(TALLY, lambda kept: (kept or Tally()).plus(1))
    await desk.state.change(TALLY, lambda kept: (kept or Tally()).plus(2))
    assert await ConfigMapStore(desk.api, PLACE, Led()).read(TALLY) == Tally((1, 2))
    body = await stored(cluster)
    assert json.loads(body["data"]["record"])["schema"] == 1
    assert body["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "meshmedic"}


async def test_what_is_there_already_is_not_written(cluster: Cluster, desk: Desk) -> None:
    """The version stays, so nobody who watches is woken; not even leadership is needed."""
    await desk.state.change(TALLY, lambda _: Tally((1,)))
    before = await stored(cluster)
    desk.led.leads = False
    await desk.state.change(TALLY, lambda _: Tally((1,)))
    after = await stored(cluster)
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


async def test_of_many_at_once_none_is_lost_and_none_counts_twice(desk: Desk) -> None:
    """Each is made anew of what somebody else was faster with."""

    async def add(number: int) -> None:
        while True:
            try:
                await desk.state.change(TALLY, lambda kept: (kept or Tally()).plus(number))
            except Conflict:
                continue
            return

    await asyncio.gather(*(add(number) for number in range(8)))
    kept = await desk.state.read(TALLY)
    assert kept is not None
    assert sorted(kept.numbers) == list(range(8))


async def test_who_does_not_lead_writes_nothing(desk: Desk) -> None:
    """It says why, and what to do."""
    desk.led.leads = False
    with pytest.raises(NotLeading, match=r"Nothing was changed: .* Try again"):
        await desk.state.change(TALLY, lambda _: Tally((1,)))
    assert await desk.state.read(TALLY) is None


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_a_full_config_map_is_said_with_its_cure(cluster: Cluster, desk: Desk) -> None:
    """Somebody filled it: what, why and what to do; after that it works again."""
    ballast = {"other": "x" * (1024 * 1024 - 10)}
    await cluster.put(a_config_map("meshmedic-tally", ballast))
    with pytest.raises(StateError) as caught:
        await desk.state.change(TALLY, lambda _: Tally((1,)))
    said = str(caught.value)
    assert f"ConfigMap {PLACE}/meshmedic-tally is full or locked" in said
    assert "Too long" in said
    assert f"kubectl -n {PLACE} delete configmap meshmedic-tally" in said
    await cluster.delete("ConfigMap", PLACE, "meshmedic-tally")
    assert await desk.state.change(TALLY, lambda _: Tally((1,))) == (None, Tally((1,)))


async def test_what_others_put_beside_it_stays(cluster: Cluster, desk: Desk) -> None:
    """Unless it is ours, it is not our affair."""
    await cluster.put(a_config_map("meshmedic-tally", {"note": "by hand"}))
    await desk.state.change(TALLY, lambda _: Tally((1,)))
    assert (await stored(cluster))["data"]["note"] == "by hand"


async def test_a_record_that_is_too_large_is_refused_before_it_is_sent(desk: Desk) -> None:
    """A quarter of what the API server would take, and what was kept before stays."""
    await desk.state.change(TALLY, lambda _: Tally((1,)))
    with pytest.raises(StateError, match=r"it has 29\d KiB, and 256 KiB .* are for it"):
        await desk.state.change(TALLY, lambda _: Tally((2,), "x" * 300_000))
    assert await desk.state.read(TALLY) == Tally((1,))


async def test_what_a_newer_version_keeps_is_neither_read_nor_lost(
    cluster: Cluster, desk: Desk
) -> None:
    """After a step back to an older version; what nobody can read is written over."""
    newer = {"record": '{"schema":2,"value":{"sums":[1]}}'}
    await cluster.put(a_config_map("meshmedic-tally", newer))
    assert await desk.state.read(TALLY) is None
    with pytest.raises(StateError, match="was written by a newer meshmedic"):
        await desk.state.change(TALLY, lambda _: Tally((1,)))
    assert (await stored(cluster))["data"] == newer
    await cluster.put(a_config_map("meshmedic-tally", {"record": "mangled"}))
    assert await desk.state.change(TALLY, lambda kept: kept or Tally((3,))) == (
        None,
        Tally((3,)),
    )


async def test_a_missing_permission_is_an_error_in_the_servers_words(
    cluster: Cluster, desk: Desk
) -> None:
    """For whoever asks `/doctor`, which names what grants it."""
    await cluster.forbid("get", "configmaps")
    with pytest.raises(Forbidden, match='cannot get resource "configmaps"'):
        await desk.state.read(TALLY)


async def test_an_api_server_that_hangs_costs_a_bounded_time(cluster: Cluster, desk: Desk) -> None:
    """Nobody knows then whether it was written, and it is not said to be."""
    await cluster.hang()
    with pytest.raises(ClusterError, match="did not answer in time"):
        await desk.state.change(TALLY, lambda _: Tally((1,)))
    await cluster.come_back()
