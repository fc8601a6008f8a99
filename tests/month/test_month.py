"""Days of storms, flaps, outages and crashes between any two steps: one message an incident."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.alerting.domain.incident import Alerts, Incident
from bot.domain.finding import Finding
from bot.domain.verdict import Verdict
from tests.examples import examples
from tests.month.homelab import LOOPER, START, CrashLoop, World
from tests.month.simulation import Month
from tests.month.witness import Witness, subject_key


async def test_a_day_keeps_every_invariant():
    """At most start, updates in place and end; the whole month is `make month`."""
    month = Month(5, minutes=24 * 60)
    await month.run()
    assert month.broken_invariants() == []
    assert month.incidents
    assert month.witness.to_be_told > 10, "otherwise nothing could be missed"
    assert not month.witness.false_recoveries
    assert not month.witness.missed


@settings(max_examples=examples(20))
@given(seed=st.integers(0, 2**32))
async def test_any_hours_keep_every_invariant(seed: int):
    """Whatever the dice say."""
    month = Month(seed, minutes=300)
    await month.run()
    assert month.broken_invariants() == []


async def test_the_invariants_can_break():
    """A message that is sent twice is found."""
    month = Month(5, minutes=8 * 60)
    await month.run()
    first = next(each for each in month.channel.messages.values() if each.kind == "start")
    month.channel.messages[10_000] = first
    assert any("has 2 messages" in each for each in month.broken_invariants())


def test_a_false_recovery_and_a_missed_incident_are_found():
    """By who sees everything: also while it tries again, or runs between two crashes."""
    world, witness = World(), Witness()
    key = subject_key(LOOPER)
    head = Finding(
        check="pods", subject=LOOPER, verdict=Verdict.FAILED, reason="CrashLoopBackOff", message=""
    )
    over = Incident(id="1", head=head, keys=(key,), opened=START, worst=Verdict.FAILED, ended=START)
    world.looping = CrashLoop(START, waits=1, runs=1)
    for minute in range(20):
        world.now = START + timedelta(minutes=minute)
        witness.look(world, Alerts((over,) if minute == 15 else ()))
    assert len(witness.missed) == 1
    assert len(witness.false_recoveries) == 1
