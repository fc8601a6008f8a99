"""The history's eyes: only who leads looks, and only what happened is counted."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.errors import ClusterError
from bot.health.service import Health
from bot.history.domain.record import HISTORY
from bot.history.recorder import HistoryRecorder
from bot.runtime.memory_store import Unkept
from tests.builders import a_kustomization, a_pod
from tests.fakes import FakeCluster
from tests.health.test_report_store import FakeStore
from tests.led import Led


def restarted(count: int) -> dict[str, Any]:
    pod = a_pod()
    for each in pod["status"]["containerStatuses"]:
        each["restartCount"] = count
    return pod


def a_kustomization_at(status: str) -> dict[str, Any]:
    plain = a_kustomization()
    renewed = datetime.now(UTC).isoformat()
    plain["status"]["conditions"][0] |= {"status": status, "lastTransitionTime": renewed}
    return plain


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


async def test_what_tries_again_has_failed_since_it_was_first_seen_failing() -> None:
    """Over a restart: Flux renews the time of Ready with every try."""
    cluster, store = FakeCluster([a_kustomization_at("False")]), Unkept()
    first = HistoryRecorder(Health(cluster), store, Led())
    await first.record()
    began = first.failing["flux-kustomizations/Kustomization/flux-system/apps"]
    cluster.later = timedelta(minutes=5)
    await HistoryRecorder(Health(cluster), store, Led()).record()
    second = HistoryRecorder(Health(cluster), store, Led())
    await second.restore()
    health = Health(cluster, failing_since=lambda: second.failing)
    for status in ("False", "Unknown"):
        cluster.set([a_kustomization_at(status)])
        (finding,) = (await health.check()).findings
        assert finding.since == began, status
    cluster.set([a_kustomization_at("True")])
    assert (await health.check()).findings == ()


async def test_since_when_anything_fails_is_not_known_where_the_state_cannot_be_read() -> None:
    """A process begins all the same."""
    store = FakeStore(fails=ClusterError("The API server is away."))
    recorder = HistoryRecorder(Health(FakeCluster()), store, Led())
    await recorder.restore()
    assert recorder.failing == {}
