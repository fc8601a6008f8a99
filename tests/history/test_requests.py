"""Requests are stored once, over restarts, changes of the leader and writes of unknown outcome."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.record import RecordType
from bot.errors import ClusterError
from bot.health.service import Health
from bot.history.domain.record import HISTORY
from bot.history.domain.uptime import UPTIME, RequestCount, Totals, of_route_checks
from bot.history.recorder import HistoryRecorder
from bot.history.requests import RETRIED, RequestRecorder
from bot.net.route_checks.monitor import RouteMonitor
from bot.runtime.memory_store import Unkept
from tests.builders import a_pod
from tests.fakes import FakeCluster
from tests.led import Led
from tests.net.route_checks import traefik_answers as seen
from tests.net.route_checks.test_monitor import SITE, a_situation

SHOP = "shop.example.com"
TURN = timedelta(minutes=5)


@dataclass
class UnsureStore(Unkept):
    """A store of which the next write may fail, before or after it was done."""

    fails: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    async def change(self, record_type: RecordType[Any], change: Callable[[Any], Any]) -> Any:
        fails, self.fails = self.fails, ""
        if fails == "before":
            raise ClusterError("The API server is away.")
        result = await super().change(record_type, change)
        if fails == "after":
            raise ClusterError("The outcome is unknown.")
        return result

    async def total(self, host: str = SHOP) -> RequestCount:
        record = await self.read(UPTIME)
        return sum(record.hosts.get(host, ()) if record else (), RequestCount())


@dataclass
class Process:
    """A process that counts, and its recorder; `now` is the time of all of them."""

    store: UnsureStore
    now: list[datetime]
    totals: dict[str, RequestCount] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.recorder = RequestRecorder(self.store, (self.counted,), lambda: self.now[0])

    def counted(self) -> Totals:
        return self.totals

    def asks(self, seen: int, failed: int = 0, host: str = SHOP) -> None:
        before = self.totals.get(host, RequestCount())
        self.totals[host] = before + RequestCount(seen, failed)

    async def turn(self, fails: str = "") -> None:
        self.now[0] += TURN
        self.store.fails = fails
        try:
            await self.recorder.record()
        except ClusterError:
            assert fails


@pytest.fixture
def store() -> UnsureStore:
    return UnsureStore()


@pytest.fixture
def now() -> list[datetime]:
    return [datetime(2026, 11, 23, 12, tzinfo=UTC)]


async def test_a_turn_stores_what_was_counted_since_the_turn_before(store, now) -> None:
    process = Process(store, now)
    process.asks(5, 1)
    await process.turn()
    await process.turn()
    process.asks(4)
    await process.turn()
    assert await store.total() == RequestCount(9, 1)


async def test_a_restart_counts_nothing_twice_and_loses_the_last_turn_alone(store, now) -> None:
    old = Process(store, now)
    old.asks(100, 3)
    await old.turn()
    old.asks(5)
    new = Process(store, now)
    new.asks(7, 2)
    await new.turn()
    assert await store.total() == RequestCount(107, 5)


async def test_two_leaders_in_turn_each_store_what_they_have_counted(store, now) -> None:
    """Also what one of them counted right before the other began."""
    one, other = Process(store, now), Process(store, now)
    one.asks(10)
    await one.turn()
    one.asks(3)
    other.asks(20, 20)
    await other.turn()
    one.asks(4)
    await one.turn()
    await other.turn()
    assert await store.total() == RequestCount(37, 20)


@pytest.mark.parametrize("fails", ["before", "after"])
async def test_a_write_of_unknown_outcome_is_made_up_for_and_counts_once(store, now, fails) -> None:
    process = Process(store, now)
    process.asks(5)
    await process.turn(fails)
    process.asks(6)
    await process.turn()
    assert await store.total() == RequestCount(11)


async def test_a_batch_whose_id_may_be_forgotten_is_not_stored_again(store, now) -> None:
    """It would count twice: after an hour of another leader the record may not know it."""
    one, other = Process(store, now), Process(store, now)
    one.asks(5)
    await one.turn("after")
    for _ in range(20):
        other.asks(1)
        await other.turn()
    one.asks(2)
    await one.turn()
    assert await store.total() == RequestCount(5 + 20 + 2)


async def test_a_host_that_was_forgotten_meanwhile_is_counted_anew(store, now) -> None:
    """Its route was away for so long that the checks began again."""
    process = Process(store, now)
    process.asks(50)
    await process.turn()
    del process.totals[SHOP]
    await process.turn()
    process.asks(60)
    await process.turn()
    assert await store.total() == RequestCount(110)


async def test_of_several_sources_the_requests_add_up(store, now) -> None:
    """Each with its own restart: the totals of one fall, and those of the other do not."""
    first, second = {SHOP: RequestCount(5, 1)}, {SHOP: RequestCount(100), "b": RequestCount(1)}
    recorder = RequestRecorder(store, (lambda: first, lambda: second), lambda: now[0])
    await recorder.record()
    first[SHOP], second[SHOP] = RequestCount(2), RequestCount(110)
    await recorder.record()
    assert await store.total() == RequestCount(5 + 100 + 2 + 10, 1)
    assert await store.total("b") == RequestCount(1)


steps = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.integers(0, 5),
        st.sampled_from(("", "", "before", "after", "restart", "quiet")),
    ),
    max_size=40,
)


@given(steps)
def test_whatever_fails_no_request_counts_twice_and_only_so_many_are_lost(
    given_: list[tuple[int, int, str]],
) -> None:
    """Lost is at most what a process that ended, or gave a batch up, had not stored."""

    async def run() -> None:
        store, now = UnsureStore(), [datetime(2026, 11, 23, 12, tzinfo=UTC)]
        processes = [Process(store, now), Process(store, now)]
        asked = lost = 0
        open_: list[list[tuple[datetime, int]]] = [[], []]
        for number, seen_, what in given_:
            process, unstored = processes[number], open_[number]
            process.asks(seen_)
            asked += seen_
            unstored.append((now[0], seen_))
            if what == "restart":
                processes[number] = Process(store, now)
            elif what != "quiet":
                await process.turn(what)
            # As a bound: what fails stays open, and after this time it may be given up.
            given_up = what == "restart" or now[0] - unstored[0][0] > RETRIED
            if given_up:
                lost += sum(count for _, count in unstored)
            if given_up or not what:
                unstored.clear()
            stored = (await store.total()).seen
            assert stored <= asked
        for process in processes:
            await process.turn()
        stored = (await store.total()).seen
        assert asked - lost - sum(n for one in open_ for _, n in one) <= stored <= asked

    asyncio.run(run())


async def test_the_leader_stores_it_in_its_turn_and_nobody_else(store, now) -> None:
    process = Process(store, now)
    process.asks(5)
    led = Led(leads=False)
    health = Health(FakeCluster([a_pod()]))
    recorder = HistoryRecorder(health, store, led, requests=process.recorder)
    await recorder.record()
    assert await store.read(UPTIME) is None
    led.leads = True
    await recorder.record()
    assert await store.total() == RequestCount(5)
    assert await store.read(HISTORY)


async def test_where_nothing_was_asked_nothing_is_written(store, now) -> None:
    """A site that was not tested is none that answers, and none that fails."""
    process = Process(store, now)
    process.totals[SHOP] = RequestCount()
    await process.turn()
    assert await store.read(UPTIME) is None


async def test_route_checks_are_counted_as_they_were_answered(store, now) -> None:
    """What nobody could test counts for nothing, and a Traefik that is moved for no restart."""
    it = await asyncio.to_thread(a_situation, *SITE)
    recorder = RequestRecorder(
        store, (lambda: of_route_checks(it.monitor.remembered),), lambda: now[0]
    )
    for answer in (seen.FINE, seen.DEAD, seen.FINE):
        it.agents.answers["a.example"] = answer
        await it.after(60)
        await recorder.record()
    assert await store.total("a.example") == RequestCount(3, 1)
    it.agents.absent = frozenset({"edge"})
    await it.after(60)
    await recorder.record()
    assert await store.total("a.example") == RequestCount(3, 1)


async def test_a_process_that_recalls_what_route_checks_said_counts_its_own_alone(store) -> None:
    """What the process before it counted is stored already."""
    it = await asyncio.to_thread(a_situation, *SITE)
    it.agents.answers["a.example"] = seen.DEAD
    first = RequestRecorder(store, (lambda: of_route_checks(it.monitor.remembered),))
    for _ in range(4):
        await it.after(60)
    await first.record()
    other = RouteMonitor(
        it.cluster,
        it.agents,
        it.leading,
        it.monitor.settings,
        it.monitor.store,
        clock=it.clock.time,
        timer=it.clock,
    )
    await other.restore()
    await other.turn()
    second = RequestRecorder(store, (lambda: of_route_checks(other.remembered),))
    await second.record()
    it.clock.now += 150
    await other.turn()
    await second.record()
    assert await store.total("a.example") == RequestCount(5, 5)
    assert len(it.agents.asked()) == 5
