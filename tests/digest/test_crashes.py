"""Processes die between any two steps of sending a digest: each date is out once at most."""

import asyncio
from collections import Counter
from datetime import date, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.digest.domain.records import DIGESTS, DigestState, RunStage
from bot.errors import MeshmedicError
from tests.digest.world import BERLIN, START, World
from tests.examples import examples


class Crashes(RuleBasedStateMachine):
    """Days pass, processes die between any two steps, requests and replies are lost."""

    @initialize()
    def begin(self) -> None:
        self.world = World()
        self.loop = asyncio.new_event_loop()
        self.digests = self.world.process("0")
        self.number = 0
        self.loop.run_until_complete(self.digests.turn())

    @rule(
        hours=st.integers(1, 30),
        trouble=st.sampled_from(["", "", "before", "after"]),
        writes=st.sampled_from([0, 1, 2, 3, float("inf"), float("inf")]),
        restarts=st.booleans(),
    )
    def time_passes(self, hours: int, trouble: str, writes: float, restarts: bool) -> None:
        self.world.now += timedelta(hours=hours)
        self.world.channel.trouble, self.world.store.writes_left = trouble, writes
        self._turn()
        if restarts:
            self.number += 1
            self.digests = self.world.process(str(self.number))

    @rule()
    def all_is_well_again(self) -> None:
        """Two turns later the latest date is out, once, and the book says so."""
        self.world.channel.trouble, self.world.store.writes_left = "", float("inf")
        for _ in range(2):
            self.world.now += timedelta(minutes=2)
            self._turn()
        book: DigestState = (
            self.loop.run_until_complete(self.world.store.read(DIGESTS)) or DigestState()
        )
        latest = _latest(self.world.now)
        if latest:
            turn = book.run("daily", latest)
            assert turn is not None
            assert turn.stage is RunStage.SENT
            assert self.world.channel.messages[turn.message] == f"meshmedic:digest:daily:{latest}"

    @invariant()
    def no_date_is_out_twice(self) -> None:
        counted = Counter(self.world.channel.messages.values())
        assert all(count == 1 for count in counted.values()), counted

    def teardown(self) -> None:
        self.loop.close()

    def _turn(self) -> None:
        # The fixed part of a turn may fail too: the schedule says so in the log, and goes on.
        try:
            self.loop.run_until_complete(self.digests.turn())
        except MeshmedicError:
            return


def _latest(now: datetime) -> date | None:
    local = now.astimezone(BERLIN)
    day = local.date() if (local.hour, local.minute) >= (2, 30) else local.date() - timedelta(1)
    if day == date(2026, 3, 29) and local.hour < 4 and local.date() == day:
        day -= timedelta(1)
    return day if day > START.date() else None


TestCrashes = Crashes.TestCase
TestCrashes.settings = settings(max_examples=examples(40), stateful_step_count=20)
