"""Records: what is written is read again, what does not fit is cut down, and nothing is guessed."""

import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.record import RecordType, TooLarge, Unreadable, read, written


class Trend(msgspec.Struct, frozen=True):
    entries: tuple[str, ...] = ()


def without_the_oldest(trend: Trend) -> Trend | None:
    return Trend(trend.entries[1:]) if trend.entries else None


BOUNDED = RecordType("trend", Trend, spare=without_the_oldest, most=120)
WHOLE = RecordType("trend", Trend, most=120)
ENTRIES = st.lists(st.text(max_size=20), max_size=12).map(tuple)


@given(ENTRIES)
def test_what_is_written_is_read_again_and_what_was_dropped_is_the_oldest(entries):
    """Whatever stands in it; never larger than allowed."""
    text = written(BOUNDED, Trend(entries))
    assert isinstance(text, str)
    assert len(text.encode()) <= BOUNDED.most
    kept = read(BOUNDED, text)
    assert isinstance(kept, Trend)
    assert entries[len(entries) - len(kept.entries) :] == kept.entries
    if len(written_size(entries)) <= BOUNDED.most:
        assert kept.entries == entries


def written_size(entries: tuple[str, ...]) -> bytes:
    return msgspec.json.encode({"schema": 1, "value": {"entries": entries}})


def test_what_may_not_be_cut_down_is_refused_with_its_size():
    """A value, not an exception: its caller has the words."""
    assert written(WHOLE, Trend(("x" * 200,))) == TooLarge(
        len(written_size(("x" * 200,))), WHOLE.most
    )


@given(st.text(max_size=50) | st.recursive(st.none() | st.integers(), st.lists).map(json.dumps))
def test_a_mangled_text_is_no_record(text: str):
    """Whatever somebody wrote into the ConfigMap."""
    found = read(WHOLE, text)
    assert isinstance(found, Unreadable)
    assert not found.newer


def test_a_deeply_nested_text_is_no_crash():
    """Nor does it end the process."""
    assert isinstance(read(WHOLE, '{"schema":1,"value":' + "[" * 100_000), Unreadable)


def test_another_version_is_not_read_as_this_one():
    """And a later one is told apart: it must not be overwritten."""
    text = written(RecordType("trend", Trend, schema=2), Trend(("a",)))
    assert isinstance(text, str)
    older, newer = read(RecordType("trend", Trend, schema=3), text), read(WHOLE, text)
    assert isinstance(older, Unreadable)
    assert isinstance(newer, Unreadable)
    assert (older.newer, newer.newer) == (False, True)
