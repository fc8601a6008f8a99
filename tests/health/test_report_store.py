"""The last report is kept beside the answers, by the leader alone, and recalled."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.record import RecordType
from bot.domain.report import Report, examine
from bot.errors import ClusterError, StateError
from bot.health.checks import CHECKS
from bot.health.report_store import Remembered, ReportStore, remembered
from bot.health.service import Health
from bot.net.diagnosis.service import Diagnose
from tests.builders import a_pod
from tests.fakes import FakeCluster, snapshot_of
from tests.led import Led

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@dataclass
class FakeStore:
    """The Store protocol in memory; `fails` is raised by whatever is asked."""

    kept: dict[str, Any] = field(default_factory=dict)
    fails: Exception | None = None
    written: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, record_type: RecordType[Any]) -> Any:
        if self.fails:
            raise self.fails
        return self.kept.get(record_type.name)

    async def change(
        self, record_type: RecordType[Any], change: Callable[[Any], Any]
    ) -> tuple[Any, Any]:
        old = await self.read(record_type)
        value = change(old)
        self.written += value != old
        self.kept[record_type.name] = value
        self.news.set()
        return old, value


def a_report(minutes: int = 0) -> Report:
    pod = a_pod(waiting="CrashLoopBackOff")
    return examine(snapshot_of(pod, now=NOW + timedelta(minutes=minutes)), CHECKS)


def a_memory(store: FakeStore, led: Led | None = None) -> ReportStore:
    return ReportStore(store, led or Led())


async def test_a_report_of_everything_is_kept_and_one_of_a_part_is_not():
    """What people drill into after a restart."""
    store = FakeStore()
    memory = a_memory(store)
    health = Health(FakeCluster(), on_report=memory.note)
    running = asyncio.create_task(memory.run())
    await health.check(("pods",))
    await health.check(namespace="apps")
    whole = await health.check()
    await asyncio.wait_for(store.news.wait(), 10)
    running.cancel()
    assert store.kept["report"].taken_at == whole.taken_at


async def test_many_questions_are_one_write():
    """The newest is kept, and nobody waited for it."""
    store = FakeStore()
    memory = a_memory(store)
    for minutes in range(5):
        memory.note(a_report(minutes))
    await memory.keep()
    await memory.keep()
    assert store.written == 1
    assert store.kept["report"] == remembered(a_report(4))


async def test_a_standby_keeps_nothing():
    """The leader's report may be newer."""
    store = FakeStore()
    memory = a_memory(store, Led(leads=False))
    memory.note(a_report())
    await memory.keep()
    assert store.written == 0


async def test_an_older_report_is_not_written_over_a_newer_one():
    """As after a takeover, when the new leader's was faster."""
    store = FakeStore({"report": remembered(a_report(5))})
    memory = a_memory(store)
    memory.note(a_report())
    await memory.keep()
    assert store.kept["report"].taken_at == NOW + timedelta(minutes=5)


async def test_what_cannot_be_kept_is_said_once_and_ends_nothing(caplog):
    """A full ConfigMap, for one."""
    store = FakeStore(fails=StateError("The ConfigMap is full. Delete it."))
    memory = a_memory(store)
    for minutes in range(3):
        memory.note(a_report(minutes))
        await memory.keep()
    assert caplog.text.count("The ConfigMap is full. Delete it.") == 1
    store.fails = None
    memory.note(a_report(9))
    await memory.flush()
    assert isinstance(store.kept["report"], Remembered)


@pytest.mark.slow
async def test_a_store_that_hangs_does_not_hold_up_the_end(caplog):
    """SIGTERM: a moment for the last write, then the Lease goes to the next."""

    class Hanging(FakeStore):
        async def read(self, record_type: RecordType[Any]) -> Any:
            await asyncio.sleep(60)

    memory = a_memory(Hanging())
    memory.note(a_report())
    await memory.flush()
    assert "was not saved" in caplog.text


async def test_a_write_that_a_stop_cuts_off_is_made_by_the_last_word():
    """Else a process that is asked to stop right after an answer would forget its report."""
    store = FakeStore()
    memory = a_memory(store)
    memory.note(a_report())
    running = asyncio.create_task(memory.run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await memory.flush()
    assert store.written == 1


async def test_what_was_kept_is_recalled_unless_something_newer_is_known():
    """At a start, and at the beginning of each term."""
    store = FakeStore({"report": remembered(a_report(5))})
    memory, health, diagnose = a_memory(store), Health(FakeCluster()), Diagnose(FakeCluster())
    await memory.restore(health, diagnose)
    first = health.latest
    assert first is not None
    assert first.number == a_report(5).number
    store.kept["report"] = remembered(a_report(1))
    await memory.restore(health, diagnose)
    assert health.latest is first


async def test_a_store_that_is_away_leaves_what_is_known(caplog):
    """Said in the log, and no more."""
    memory = a_memory(FakeStore(fails=ClusterError("The API server cannot be reached.")))
    health = Health(FakeCluster())
    await memory.restore(health, Diagnose(FakeCluster()))
    assert health.latest is None
    assert "cannot be read back" in caplog.text
