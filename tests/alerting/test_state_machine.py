"""Two processes that both believe that they lead, stopped and killed at any step: said once.

Each use of the store and of Discord is a step at which the other one may go on, or either is
killed. What keeps a message from being sent twice is what is written down before it, the mark by
which it is found, and Discord's own promise: two messages of one author with the same nonce within
some minutes are one (`enforce_nonce`, Discord's "Create Message").
"""

import types
from collections import Counter
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.alerting.domain.incident import ALERTS, Alerts
from bot.alerting.service import AlertService
from bot.domain.record import RecordType
from bot.domain.verdict import Verdict
from bot.runtime.memory_store import Unkept
from tests.examples import examples
from tests.month.channel import FakeChannel, Said
from tests.month.homelab import PODS, START, World
from tests.month.simulation import BOARD, DATABASES, DEFAULT, a_delivery

T = TypeVar("T")
SOME = PODS[:4]
NONCE = timedelta(minutes=3)


@types.coroutine
def elsewhere() -> Generator[None, None, None]:
    """Here another process may go on."""
    yield


@dataclass
class Stepping(Unkept):
    """A store of which each change is one step, as the API server's compare-and-set makes it."""

    def __post_init__(self) -> None:
        super().__init__()

    async def read(self, record_type: RecordType[T]) -> T | None:
        await elsewhere()
        return await super().read(record_type)

    async def change(
        self, record_type: RecordType[T], change: Callable[[T | None], T]
    ) -> tuple[T | None, T]:
        await elsewhere()
        # The base class reads by `read`, which would be a step in the middle of it.
        kept = await Unkept.read(self, record_type)
        value = change(kept)
        await Unkept.change(_Inside(self), record_type, lambda _: value)
        await elsewhere()
        return kept, value


class _Inside(Unkept):
    """The same texts, without steps."""

    def __init__(self, outer: Unkept) -> None:
        self._texts = outer._texts


@dataclass
class Discord(FakeChannel):
    """Messages arrive a step after they were sent, and their answers a step later."""

    clock: Callable[[], datetime] = field(default=lambda: START)
    sent_at: dict[int, datetime] = field(default_factory=dict)

    async def post(self, *said: Any) -> int:
        return await self._stepping(super().post(*said))

    async def edit(self, *said: Any) -> bool:
        return await self._stepping(super().edit(*said))

    async def find(self, *said: Any) -> int | None:
        return await self._stepping(super().find(*said))

    async def _stepping(self, call: Coroutine[Any, Any, T]) -> T:
        try:
            await elsewhere()
            made = await call
        finally:
            call.close()
        await elsewhere()
        return made

    def _sent(self, said: Said) -> int:
        for number, each in self.messages.items():
            if each.mark == said.mark and self.clock() - self.sent_at[number] < NONCE:
                return number
        self.sent_at[len(self.messages) + 1] = self.clock()
        return super()._sent(said)


class Processes(RuleBasedStateMachine):
    """A and B, one store, one Discord."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.store = Stepping()
        self.discord = Discord(clock=lambda: self.world.now)
        self.going: list[Coroutine[Any, Any, None] | None] = [None, None]

    def _turn(self) -> Coroutine[Any, Any, None]:
        """A process that remembers nothing."""
        delivery = a_delivery(self.store, self.discord, lambda: self.world.now)
        return AlertService(self.world, delivery, BOARD).turn()

    def _step(self, which: int) -> bool:
        """One step; whether its turn is over."""
        turn = self.going[which] = self.going[which] or self._turn()
        try:
            turn.send(None)
        except StopIteration:
            self.going[which] = None
            return True
        return False

    def _kill(self, which: int) -> None:
        if turn := self.going[which]:
            turn.close()
        self.going[which] = None

    @rule(which=st.sampled_from((0, 1)), steps=st.integers(1, 12))
    def goes_on(self, which: int, steps: int) -> None:
        for _ in range(steps):
            self._step(which)

    @rule(which=st.sampled_from((0, 1)))
    def is_killed(self, which: int) -> None:
        self._kill(which)

    @rule(minutes=st.sampled_from((1, 1, 1, 2, 5)))
    def time_passes(self, minutes: int) -> None:
        self.world.now += timedelta(minutes=minutes)

    @rule(pod=st.sampled_from(SOME), verdict=st.sampled_from((Verdict.DEGRADED, Verdict.FAILED)))
    def breaks(self, pod: Any, verdict: Verdict) -> None:
        self.world.broken[pod] = verdict

    @rule(pod=st.sampled_from(SOME))
    def is_mended(self, pod: Any) -> None:
        self.world.broken.pop(pod, None)

    @rule()
    def an_hour_of_turns(self) -> None:
        """Nothing in the way: both go on, turn by turn."""
        for _ in range(12):
            self.world.now += timedelta(minutes=1)
            for which in (0, 1):
                while not self._step(which):
                    pass

    @rule(away=st.booleans())
    def discord_is_away(self, *, away: bool) -> None:
        self.discord.away = away

    @precondition(lambda self: not self.discord.lost)
    @rule()
    def an_answer_gets_lost(self) -> None:
        self.discord.lost = True

    @rule(channel=st.sampled_from((DEFAULT, DATABASES)), closed=st.booleans())
    def a_channel_is_closed(self, channel: int, *, closed: bool) -> None:
        (self.discord.closed.add if closed else self.discord.closed.discard)(channel)

    @invariant()
    def nothing_is_said_twice(self) -> None:
        marks = Counter(each.mark for each in self.discord.messages.values())
        assert max(marks.values(), default=1) == 1, marks

    def teardown(self) -> None:
        """What is begun is ended: each incident has its message, its end, and its lines once."""
        self.world.broken.clear()
        self.discord.away = self.discord.lost = False
        self.discord.closed.clear()
        for _ in range(60):
            self.world.now += timedelta(minutes=1)
            while not self._step(0):
                pass
        self._kill(1)
        self.nothing_is_said_twice()
        kept = _now(Unkept.read(_Inside(self.store), ALERTS)) or Alerts()
        said = {each.mark: each for each in self.discord.messages.values()}
        for one in kept.incidents:
            assert one.ended, "all was mended an hour ago"
            assert one.id in said or (one.held and one.posted and one.posted.message)


def _now(call: Coroutine[Any, Any, T]) -> T:
    """The result of what never waits."""
    try:
        call.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    raise AssertionError("it waits")


TestProcesses = Processes.TestCase
TestProcesses.settings = settings(max_examples=examples(60), stateful_step_count=40)
