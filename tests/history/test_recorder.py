"""The history's eyes: only who leads looks, and only what happened is counted."""

from typing import Any

from bot.health.service import Health
from bot.history.domain.record import HISTORY
from bot.history.recorder import HistoryRecorder
from bot.runtime.memory_store import Unkept
from tests.builders import a_pod
from tests.fakes import FakeCluster
from tests.led import Led


def restarted(count: int) -> dict[str, Any]:
    pod = a_pod()
    for each in pod["status"]["containerStatuses"]:
        each["restartCount"] = count
    return pod


async def test_restarts_are_those_that_were_seen_to_happen() -> None:
    cluster, store = FakeCluster([restarted(7)]), Unkept()
    recorder = HistoryRecorder(Health(cluster), store, Led())
    for count in (7, 9, 9, 1, 2):
        cluster.set([restarted(count)])
        await recorder.record()
    history = await store.read(HISTORY)
    assert history is not None
    assert sum(each.restarts for each in history.points) == 3


async def test_who_does_not_lead_neither_looks_nor_writes() -> None:
    cluster, store = FakeCluster([a_pod()]), Unkept()
    await HistoryRecorder(Health(cluster), store, Led(leads=False)).record()
    assert cluster.asked == 0
    assert await store.read(HISTORY) is None
