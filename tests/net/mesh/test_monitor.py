"""Rounds, looked at by the clock: remembered over a restart, and never taken for well unseen."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.snapshot import Gap, Why
from bot.errors import ClusterError, MeshmedicError, StateError
from bot.health.service import Health
from bot.history.recorder import HistoryRecorder
from bot.net.mesh.history import LINKS
from bot.net.mesh.monitor import CALM, NOT_YET, STANDING, Rounds
from bot.net.mesh.rounds import BACKGROUND_PROBES, Witness
from bot.runtime.memory_store import Unkept
from tests.fakes import FakeCluster
from tests.health.checks.test_connectivity import a_node
from tests.led import Led
from tests.net.mesh.witnesses import INTERVAL, NAMES, NOW, witnesses


@dataclass
class FakeReader:
    """The Reader protocol: what agents told, or why nobody knows."""

    told: Iterable[Witness] | MeshmedicError | None = None

    async def witnesses(self) -> tuple[Witness, ...] | None:
        if isinstance(self.told, MeshmedicError):
            raise self.told
        return None if self.told is None else tuple(self.told)


@dataclass
class Locked(Unkept):
    """Records that cannot be read for a while."""

    locked: bool = True
    _texts: dict[str, str] = field(default_factory=dict)

    async def read(self, record_type):  # type: ignore[no-untyped-def]
        if self.locked:
            raise StateError("the API server does not answer")
        return await super().read(record_type)


def a_bot(reader: FakeReader, store: Unkept, at: datetime = NOW) -> tuple[Rounds, Health]:
    """As it is wired; its clock stands."""
    cluster = FakeCluster([a_node(name) for name in NAMES])
    rounds = Rounds(cluster, reader, store, clock=lambda: at)
    return rounds, Health(cluster, rounds=lambda: rounds.links)


async def connectivity(health: Health) -> list[str]:
    found = (await health.check(("nodes",))).findings
    return [f"{each.verdict} {each.reason}" for each in found if each.check == "connectivity"]


PAIR = {("a", "b")}


async def test_what_the_rounds_found_is_in_the_report() -> None:
    """And in the one by which alerts look."""
    now = (await FakeCluster().snapshot(())).taken_at
    reader = FakeReader(witnesses(PAIR, at=now))
    rounds, health = a_bot(reader, Unkept(), now)
    await rounds.look()
    assert await connectivity(health) == ["failed OneWay"]
    assert [each.reason for each in (await health.look()).findings if each.check != "nodes"] == [
        "OneWay"
    ]


async def test_without_agents_nothing_is_known_and_nothing_is_said() -> None:
    """Also while nobody can tell whether that is still so."""
    reader = FakeReader(None)
    rounds, health = a_bot(reader, Unkept())
    for told in (None, ClusterError("away")):
        reader.told = told
        await rounds.look()
        assert rounds.links is None
        assert await connectivity(health) == []


async def test_where_rounds_cannot_be_read_nodes_are_not_seen() -> None:
    reader = FakeReader(ClusterError("away"))
    rounds, _ = a_bot(reader, Unkept())
    await rounds.look()
    assert rounds.links is not None
    assert {each.why for each in rounds.links.unseen} == {"away"}


async def test_a_break_outlives_a_restart_and_a_time_without_sight() -> None:
    store, reader = Unkept(), FakeReader(witnesses(PAIR))
    rounds, health = a_bot(reader, store)
    await rounds.look()
    await HistoryRecorder(health, store, Led(), health.rounds).record()
    later = NOW + 30 * INTERVAL
    reader = FakeReader(witnesses(at=later, blind={"a"}))
    again, _ = a_bot(reader, store, later)
    await again.look()
    assert again.links is not None
    assert [each.pair for each in again.links.faults] == sorted(PAIR) * 3
    reader.told = witnesses(at=later)
    await again.look()
    assert again.links.faults == ()


async def test_what_was_broken_is_not_written_over_before_it_was_read() -> None:
    store = Locked(locked=False)
    first, health = a_bot(FakeReader(witnesses(PAIR)), store)
    await first.look()
    await HistoryRecorder(health, store, Led(), health.rounds).record()
    store.locked = True
    rounds, health = a_bot(FakeReader(witnesses()), store)
    await rounds.look()
    store.locked = False
    await HistoryRecorder(health, store, Led(), health.rounds).record()
    kept = await store.read(LINKS)
    assert len(kept.faults) == 3


async def test_only_who_leads_writes_the_history() -> None:
    store = Unkept()
    rounds, health = a_bot(FakeReader(witnesses()), store)
    await rounds.look()
    await HistoryRecorder(health, store, Led(leads=False), health.rounds).record()
    assert await store.read(LINKS) is None


async def test_without_the_nodes_what_is_known_grows_old() -> None:
    """Nobody knows whom a round is about."""
    rounds, _ = a_bot(FakeReader(witnesses(PAIR)), Unkept())
    await rounds.look()
    assert isinstance(rounds.cluster, FakeCluster)
    rounds.cluster.gaps = (Gap("Node", Why.STALE),)
    rounds.clock = lambda: NOW + timedelta(hours=1)
    before = rounds.links
    await rounds.look()
    assert rounds.links is before
    assert before is not None
    assert before.breaks[0].words == "a -> b by pod IP: timeout."


async def test_who_may_not_read_nodes_says_so_and_not_that_rounds_are_to_come() -> None:
    """A temporary gap holds alerts back: one that stays must not look like it."""
    rounds, _ = a_bot(FakeReader(witnesses()), Unkept())
    assert rounds.gaps == (NOT_YET,)
    assert isinstance(rounds.cluster, FakeCluster)
    rounds.cluster.gaps = (Gap("Node", Why.FORBIDDEN, "list nodes"),)
    await rounds.look()
    assert rounds.gaps == (Gap(BACKGROUND_PROBES, Why.FORBIDDEN, "list nodes"),)
    rounds.cluster.gaps = ()
    await rounds.look()
    assert rounds.gaps == ()


@dataclass
class CountingReader(FakeReader):
    """A Reader that counts how often it is asked."""

    asked: int = 0

    async def witnesses(self) -> tuple[Witness, ...] | None:
        self.asked += 1
        return await super().witnesses()


async def test_what_is_broken_is_looked_at_in_each_turn_and_what_is_well_in_some() -> None:
    """So a mend is told within a minute, and a cluster at rest is asked once in a minute."""
    reader = CountingReader(witnesses())
    rounds, _ = a_bot(reader, Unkept())
    for _ in range(2 * CALM):
        await rounds.turn()
    assert reader.asked == 2
    reader.told = witnesses(PAIR)
    for _ in range(CALM):
        await rounds.turn()
    assert reader.asked == 2 + CALM


async def test_a_fault_that_stands_is_looked_at_as_rarely_as_what_is_well() -> None:
    """A node may be off for weeks. Another fault beside it is looked at in each turn again."""
    reader = CountingReader(witnesses(PAIR))
    rounds, _ = a_bot(reader, Unkept())
    for _ in range(2 * STANDING):
        await rounds.turn()
    before = reader.asked
    for _ in range(4 * CALM):
        await rounds.turn()
    assert reader.asked == before + 4
    reader.told = witnesses(PAIR | {("c", "d")})
    for _ in range(CALM):
        await rounds.turn()
    before = reader.asked
    for _ in range(CALM):
        await rounds.turn()
    assert reader.asked == before + CALM
    assert rounds.links is not None
    assert {each.pair for each in rounds.links.faults} == PAIR | {("c", "d")}
