"""Two processes that both believe that they lead, stopped and killed at any step: one digest a day.

Each use of the store and of Discord is a step at which the other one may go on. A request that does
not arrive within its time is given up, as `bot.mailing` does; two messages with the same nonce
within some minutes are one, as Discord promises (`enforce_nonce`, "Create Message").
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.core.digest.schedule import BOOK, Book, Stage
from bot.digest import Digests
from bot.errors import MeshmedicError
from bot.mailing import SECONDS
from bot.postbox import Letter, Lost
from bot.unkept import Unkept
from tests.test_digest import BERLIN, Channel, World, a_schedule

NONCE = timedelta(minutes=3)


@dataclass
class Gate:
    """Where a process waits until it may go on."""

    waiting: asyncio.Future[None] | None = None

    async def wait(self) -> None:
        self.waiting = asyncio.get_running_loop().create_future()
        await self.waiting


class GatedStore(Unkept):
    """The common store, as one process reaches it: each change is one step."""

    def __init__(self, common: Unkept, gate: Gate) -> None:
        super().__init__()
        self._texts, self._gate = common._texts, gate

    async def change(self, shelf: Any, change: Any) -> Any:
        await self._gate.wait()
        made = await super().change(shelf, change)
        await self._gate.wait()
        return made


@dataclass
class Discord(Channel):
    """What stands in the channel, and when it was sent."""

    nonces: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def arrives(self, letter: Letter, now: datetime) -> int:
        number, at = self.nonces.get(letter.nonce, (0, now))
        if number and now - at < NONCE:
            return number
        number = len(self.messages) + 1
        self.messages[number] = letter.carried
        self.nonces[letter.nonce] = (number, now)
        return number


@dataclass
class Wire:
    """The Postbox protocol of one process: a request arrives a step later, its answer two."""

    discord: Discord
    gate: Gate
    clock: Callable[[], datetime]

    async def send(self, channel: int, letter: Letter) -> int | Lost:
        began = self.clock()
        await self.gate.wait()
        self._in_time(began)
        number = self.discord.arrives(letter, self.clock())
        await self.gate.wait()
        self._in_time(began)
        return number

    async def edit(self, channel: int, message: int, letter: Letter) -> bool | Lost:
        return message in self.discord.messages

    async def renew(self, channel: int, message: int, at: datetime) -> bool | Lost:
        return message in self.discord.messages

    async def find(self, channel: int, carried: str) -> int | Lost | None:
        await self.gate.wait()
        return await self.discord.find(channel, carried)

    async def tell(self, channel: int, text: str) -> None:
        raise AssertionError("no channel is lost here")

    def _in_time(self, began: datetime) -> None:
        if (self.clock() - began).total_seconds() > SECONDS:
            raise MeshmedicError("Discord gave no answer in time.")


class Processes(RuleBasedStateMachine):
    """A and B, one store, one channel, one digest a day."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = World(channel=Discord())
        self.gates = [Gate(), Gate()]
        self.going: list[asyncio.Task[None] | None] = [None, None]
        self.made = [self._process(which) for which in (0, 1)]
        for which in (0, 1):
            self._whole_turn(which)

    def _process(self, which: int) -> Digests:
        gate = self.gates[which] = Gate()
        made = self.world.process(f"{which}-{self.world.now:%d%H%M}", a_schedule())
        made.store = GatedStore(self.world.store, gate)
        assert isinstance(self.world.channel, Discord)
        made.postbox = Wire(self.world.channel, gate, lambda: self.world.now)
        return made

    def _step(self, which: int) -> bool:
        """One step; whether its turn is over."""
        gate, task = self.gates[which], self.going[which]
        if task is None:
            task = self.going[which] = self.loop.create_task(self.made[which].turn())
        elif gate.waiting:
            gate.waiting.set_result(None)
            gate.waiting = None
        self.loop.run_until_complete(_settled(task, gate))
        if not task.done():
            return False
        self.going[which] = None
        error = task.exception()
        assert error is None or isinstance(error, MeshmedicError), error
        return True

    def _whole_turn(self, which: int) -> None:
        while not self._step(which):
            pass

    @rule(which=st.sampled_from((0, 1)), steps=st.integers(1, 6))
    def goes_on(self, which: int, steps: int) -> None:
        for _ in range(steps):
            self._step(which)

    @rule(which=st.sampled_from((0, 1)))
    def is_killed(self, which: int) -> None:
        if task := self.going[which]:
            task.cancel()
            self.loop.run_until_complete(asyncio.wait([task]))
        self.going[which] = None
        self.made[which] = self._process(which)

    @rule(seconds=st.sampled_from((1, 20, 61, 130, 400)))
    def a_while_passes(self, seconds: int) -> None:
        self.world.now += timedelta(seconds=seconds)

    @rule()
    def the_next_one_is_due(self) -> None:
        local = self.world.now.astimezone(BERLIN) + timedelta(days=1)
        due = local.replace(hour=2, minute=30, second=1)
        self.world.now = due.astimezone(self.world.now.tzinfo)

    @invariant()
    def no_date_is_out_twice(self) -> None:
        counted = Counter(self.world.channel.messages.values())
        assert all(count == 1 for count in counted.values()), counted

    def teardown(self) -> None:
        """Whoever is left sends what is owed."""
        self.the_next_one_is_due()
        self.is_killed(1)
        for _ in range(5):
            self._whole_turn(0)
            self.world.now += timedelta(seconds=61)
        self.no_date_is_out_twice()
        book = self.loop.run_until_complete(self.world.store.read(BOOK)) or Book()
        turn = book.turn("daily", self.world.now.astimezone(BERLIN).date())
        assert turn is not None
        assert turn.stage is Stage.SENT
        self.loop.close()


async def _settled(task: asyncio.Task[None], gate: Gate) -> None:
    while not task.done() and gate.waiting is None:  # noqa: ASYNC110  # a thread may be at work
        await asyncio.sleep(0)


TestProcesses = Processes.TestCase
TestProcesses.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
