"""Two processes, an API server that comes and goes, and kills at any step: told once, and ended.

Each use of the store and of Discord is a step at which the other process may go on, or either is
killed. An outage has one message at most, whoever posted it; and once all is well, each message
is an incident that is over, with one answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.alerting.domain.incident import ALERTS, Alerts
from bot.alerting.domain.outage import FoundOutage, is_outage
from bot.domain.record import RecordType
from bot.errors import ClusterError
from bot.runtime.memory_store import Unkept
from tests.alerting.outage_world import RETRY, Cluster, Process
from tests.alerting.test_state_machine import Discord, Stepping, _Inside, _now
from tests.examples import examples

T = TypeVar("T")
WHICH = st.sampled_from((0, 1))


class Stored(Stepping):
    """A store that is away with the API server, also in the middle of a change."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__()
        self.cluster = cluster

    async def read(self, record_type: RecordType[T]) -> T | None:
        kept = await super().read(record_type)
        if not self.cluster.up:
            msg = "The API server is away."
            raise ClusterError(msg)
        return kept

    async def change(
        self, record_type: RecordType[T], change: Callable[[T | None], T]
    ) -> tuple[T | None, T]:
        self._answers()
        changed = await super().change(record_type, change)
        self._answers()
        return changed

    def _answers(self) -> None:
        if not (self.cluster.up and self.cluster.writes):
            msg = "The API server is away."
            raise ClusterError(msg)


class Searched(Discord):
    """A search takes its steps, too."""

    async def find_outages(
        self, channel: int, stems: tuple[str, ...], since: datetime
    ) -> tuple[FoundOutage, ...]:
        return await self._stepping(super().find_outages(channel, stems, since))


@dataclass
class Lasted:
    """An outage as it really was."""

    began: datetime
    ended: datetime | None = None

    def holds(self, opened: datetime) -> bool:
        """Whether a message is about it: it begins with the last request that succeeded."""
        earliest = self.began - timedelta(seconds=RETRY)
        return earliest <= opened <= (self.ended or opened)


class Outages(RuleBasedStateMachine):
    """A and B, which are restarted under other names."""

    def __init__(self) -> None:
        super().__init__()
        self.cluster = Cluster()
        self.cluster.channel = self.discord = Searched(clock=lambda: self.cluster.world.now)
        self.store = Stored(self.cluster)
        self.names = iter(range(1000))
        self.processes = [self._process(), self._process()]
        self.going: list[Coroutine[Any, Any, None] | None] = [None, None]
        self.lasted: list[Lasted] = []

    def _process(self) -> Process:
        return Process(self.cluster, f"process-{next(self.names)}", store=self.store)

    def _step(self, which: int) -> bool:
        """One step; whether the turn is over."""
        turn = self.going[which] = self.going[which] or self.processes[which].turn()
        try:
            turn.send(None)
        except StopIteration:
            self.going[which] = None
            return True
        return False

    def _passes(self, seconds: int) -> None:
        for _ in range(seconds // RETRY):
            self.cluster.world.now += timedelta(seconds=RETRY)
            for process in self.processes:
                process.attempt()

    def _well(self, minutes: int, *which: int) -> None:
        for _ in range(4 * minutes):
            self._passes(15)
            for each in which:
                while not self._step(each):
                    pass

    @rule(which=WHICH, steps=st.integers(1, 9))
    def goes_on(self, which: int, steps: int) -> None:
        for _ in range(steps):
            self._step(which)

    @rule(which=WHICH)
    def is_killed_and_starts_anew(self, which: int) -> None:
        if turn := self.going[which]:
            turn.close()
        self.going[which] = None
        self.processes[which] = self._process()

    @rule(seconds=st.sampled_from((5, 15, 35, 60, 170)))
    def time_passes(self, seconds: int) -> None:
        self._passes(seconds)

    @rule(minutes=st.sampled_from((1, 4)))
    def both_go_on_for_minutes(self, minutes: int) -> None:
        self._well(minutes, 0, 1)

    @precondition(lambda self: self.cluster.up)
    @rule()
    def the_api_server_goes(self) -> None:
        self.cluster.up = False
        self.lasted.append(Lasted(self.cluster.world.now))

    @precondition(lambda self: not self.cluster.up)
    @rule()
    def the_api_server_returns(self) -> None:
        """For long enough that each process notices, or it would be one outage for it."""
        self.cluster.up = True
        self.lasted[-1].ended = self.cluster.world.now
        self._passes(RETRY)

    @rule(first=st.booleans())
    def they_change_places(self, *, first: bool) -> None:
        """Who asks first for a Lease that has run out gets it."""
        if first:
            self.processes.reverse()
            self.going.reverse()

    @rule(away=st.booleans())
    def discord_is_away(self, *, away: bool) -> None:
        self.discord.away = away

    @precondition(lambda self: not self.discord.lost)
    @rule()
    def an_answer_gets_lost(self) -> None:
        self.discord.lost = True

    @invariant()
    def no_outage_is_told_twice(self) -> None:
        opened = [said.incidents[0].opened for said in self.cluster.told()]
        for outage in self.lasted:
            assert sum(map(outage.holds, opened)) <= 1, (outage, opened)
        marks = Counter(each.mark for each in self.discord.messages.values())
        assert max(marks.values(), default=1) == 1, marks

    @invariant()
    def none_is_told_that_was_short(self) -> None:
        for outage in self.lasted:
            lasted = (outage.ended or self.cluster.world.now) - outage.began
            if lasted < timedelta(minutes=2, seconds=50):
                assert not any(
                    outage.holds(said.incidents[0].opened) for said in self.cluster.told()
                )

    def teardown(self) -> None:
        """All is well for half an hour: each message is an incident that is over."""
        if not self.cluster.up:
            self.the_api_server_returns()
        self.cluster.writes = True
        for process in self.processes:
            process.cut = False
        self.discord.away = self.discord.lost = False
        self._well(30, 0, 1)
        self.no_outage_is_told_twice()
        state = _now(Unkept.read(_Inside(self.store), ALERTS)) or Alerts()
        incidents = {one.id: one for one in state.incidents if is_outage(one)}
        assert set(incidents) == {said.mark for said in self.cluster.told()}
        assert all(one.ended for one in incidents.values())
        ends = {said.incidents[0].id for said in self.cluster.told("end")}
        assert ends == set(incidents)


class Worse(Outages):
    """Also a datastore that takes no writes, and a process that alone is cut off.

    Then two processes may tell it, and so one outage may have two messages; yet each is ended.
    """

    @rule(writes=st.booleans())
    def the_datastore_is_full(self, *, writes: bool) -> None:
        self.cluster.writes = writes

    @rule(which=WHICH, cut=st.booleans())
    def one_is_cut_off(self, which: int, *, cut: bool) -> None:
        self.processes[which].cut = cut

    @invariant()
    def no_outage_is_told_twice(self) -> None:
        """Only the same message is not."""
        marks = Counter(each.mark for each in self.discord.messages.values())
        assert max(marks.values(), default=1) == 1, marks

    @invariant()
    def none_is_told_that_was_short(self) -> None:
        """It may have lasted for one process alone."""


TestWorse = Worse.TestCase
TestWorse.settings = settings(max_examples=examples(40), stateful_step_count=40)
TestOutages = Outages.TestCase
TestOutages.settings = settings(max_examples=examples(60), stateful_step_count=40)
