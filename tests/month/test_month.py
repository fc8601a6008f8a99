"""Days of storms, flaps, outages and crashes between any two steps: one message an incident."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.month.simulation import Month


async def test_a_day_keeps_every_invariant():
    """At most start, updates in place and end; the whole month is `make month`."""
    month = Month(5, minutes=24 * 60)
    await month.run()
    assert month.broken_invariants() == []
    assert month.incidents


@settings(max_examples=8)
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
