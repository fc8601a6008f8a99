"""What is a break, what is none, and what was not seen."""

from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.net.mesh.matrix import WHOLE, By
from bot.net.mesh.rounds import KINDS, Links, Round, Try
from bot.net.mesh.state import settled, unread
from bot.net.probing.protocol import Outcome
from tests.net.mesh.witnesses import (
    INTERVAL,
    LONG_AGO,
    NAMES,
    NOW,
    a_round,
    a_witness,
    every_pair,
    links,
    witnesses,
)

PAIR = ("a", "b")


def words(known: Links) -> list[str]:
    return [each.words for each in known.breaks]


def after_once(*tests: By, now: datetime = NOW) -> Links:
    """After a first round that went well and one in which these tests of a -> b failed."""
    told = a_witness(
        "a",
        a_round("a", at=NOW - INTERVAL),
        a_round("a", {PAIR}, tests=tests),
    )
    return links(told, *witnesses()[1:], now=now)


@pytest.mark.parametrize("test", KINDS)
def test_what_failed_once_is_no_break(test: By):
    """It is tried again at once, and what was seen before stands until then: nothing is told."""
    known = after_once(test)
    assert (known.breaks, known.faults, known.told_doubts) == ((), (), ())
    assert [each.pair for each in known.doubts] == [PAIR]
    assert not known.settled


@pytest.mark.parametrize("test", KINDS)
def test_what_failed_once_and_was_not_tried_again_is_not_well(test: By):
    """An agent that ended meanwhile, or one of an older version."""
    known = after_once(test, now=NOW + timedelta(minutes=2))
    assert (known.breaks, known.faults) == ((), ())
    assert [each.pair for each in known.told_doubts] == [PAIR]
    assert (PAIR, test) not in {(each.pair, each.test) for each in known.cells}


def test_what_works_when_it_is_tried_again_was_never_told():
    rounds = (a_round("a", {PAIR}, at=NOW - timedelta(seconds=25)), a_round("a"))
    known = links(a_witness("a", *rounds), *witnesses()[1:])
    assert (known.breaks, known.faults, known.doubts) == ((), (), ())
    assert known.settled


def test_a_first_round_that_failed_is_awaited_and_not_told_as_a_failure():
    """All nodes were started again, and the overlay is not up yet."""
    told = [a_witness(name, a_round(name, set(every_pair()))) for name in NAMES]
    known = links(*told)
    assert (known.breaks, known.faults) == ((), ())
    assert len(known.told_doubts) == len(list(every_pair())) * len(KINDS)


def test_what_failed_in_two_rounds_running_is_a_break():
    """Since the first of the two."""
    known = links(*witnesses({PAIR}, tests=(By.UDP,)))
    assert words(known) == ["a -> b by UDP: timeout."]
    assert [each.since for each in known.faults] == [NOW - INTERVAL]


def test_what_failed_in_two_rounds_with_one_between_them_is_no_break():
    """One lost datagram now and then is a network as they are."""
    rounds = (
        a_round("a", {PAIR}, tests=(By.UDP,), at=NOW - 2 * INTERVAL),
        a_round("a", at=NOW - INTERVAL),
        a_round("a", {PAIR}, tests=(By.UDP,)),
    )
    assert links(a_witness("a", *rounds), *witnesses()[1:]).breaks == ()


def test_what_could_not_be_tried_says_nothing_of_the_network():
    """The prober could not even begin."""
    told = a_witness("a", *(a_round("a", {PAIR}, outcome=Outcome.UNTRIED),) * 2)
    known = links(told, *witnesses()[1:])
    assert (known.breaks, known.doubts) == ((), ())
    assert PAIR not in {each.pair for each in known.cells}


def test_a_node_that_nobody_reaches_is_one_break():
    """It cannot be read either, and is not said to reach nobody."""
    bad = {pair for pair in every_pair() if pair[1] == "d"}
    known = links(*witnesses(bad, blind={"d"}), down={"d"})
    assert words(known) == ["Nothing gets to d by pod IP: timeout."]
    assert [each.node for each in known.unseen] == ["d"]


def test_large_payloads_alone_are_told_as_that():
    known = links(*witnesses({PAIR}, tests=(By.LARGE,)))
    assert words(known) == ["a -> b by large payload: timeout."]


def test_a_break_that_cannot_be_looked_at_stays_one():
    """Neither new nor recovered: with the time at which it was last seen."""
    broken = links(*witnesses({PAIR}))
    blind = links(
        *witnesses(at=NOW + INTERVAL, blind={"a"}), before=broken.faults, now=NOW + INTERVAL
    )
    assert words(blind) == ["a -> b by pod IP: timeout."]
    assert blind.carried == {PAIR}
    assert {each.seen for each in blind.faults} == {NOW}
    later = NOW + 9 * INTERVAL
    nothing = unread(blind.faults, "forbidden", dict.fromkeys(NAMES, True), later)
    assert words(nothing) == ["a -> b by pod IP: timeout."]
    assert [each.why for each in nothing.unseen] == ["forbidden"] * 4
    well = links(*witnesses(at=later), before=nothing.faults, now=later)
    assert (well.breaks, well.faults, well.unseen) == ((), (), ())


def test_a_break_that_fails_once_more_keeps_its_beginning():
    broken = links(*witnesses({PAIR}))
    at = NOW + 3 * INTERVAL
    again = links(*witnesses({PAIR}, at=at), before=broken.faults, now=at)
    assert {(each.since, each.seen) for each in again.faults} == {(NOW - INTERVAL, at)}


def test_a_break_of_a_node_that_is_gone_is_none():
    broken = links(*witnesses({PAIR}))
    rest = ("a", "c", "d")
    assert links(*witnesses(names=rest), before=broken.faults, names=rest).faults == ()


def test_a_break_that_nobody_is_to_try_any_more_is_none():
    """Of many nodes each tries a few, and others once there are more nodes."""
    names = tuple(f"n{number}" for number in range(WHOLE + 2))
    ring = {name: names[at + 1 : at + 11] or names[:10] for at, name in enumerate(names)}
    told = [a_witness(name, a_round(name, names=(name, *ring[name]))) for name in names]
    broken = links(*witnesses({("n0", "n40")}, names=("n0", "n40")), names=("n0", "n40"))
    assert len(broken.faults) == 3
    known = links(*told, before=broken.faults, names=names)
    assert (known.faults, known.unseen) == ((), ())


def test_an_agent_that_has_just_begun_is_not_yet_missed():
    """Others still try the address of the one before it."""
    young = msgspec.structs.replace(a_witness("b", a_round("b")), since=NOW - timedelta(minutes=3))
    bad = {pair for pair in every_pair() if pair[1] == "b"}
    others = [each for each in witnesses(bad) if each.node != "b"]
    assert links(young, *others).breaks == ()
    elder = msgspec.structs.replace(young, since=LONG_AGO)
    assert words(links(elder, *others)) == ["Nothing gets to b by pod IP: timeout."]


def test_an_agent_that_is_not_ready_on_a_ready_node_says_nothing_of_the_network():
    bad = {pair for pair in every_pair() if pair[1] == "b"}
    others = [each for each in witnesses(bad) if each.node != "b"]
    crashing = a_witness("b", unread="its container does not run", ready=False)
    assert links(crashing, *others).breaks == ()
    assert len(links(crashing, *others, down={"b"}).breaks) == 1


@pytest.mark.parametrize(
    ("age", "why"),
    [
        (timedelta(minutes=16), "its last round is 16 min old, by its own clock"),
        (-timedelta(minutes=9), "its clock is 9 min ahead, so the age of its round is unknown"),
    ],
)
def test_a_round_of_another_time_is_none(age: timedelta, why: str):
    """It would be called healthy for ever."""
    stale = a_witness("a", a_round("a", at=NOW - age))
    known = links(stale, *witnesses()[1:])
    assert [(each.node, each.why) for each in known.unseen] == [("a", why)]
    assert not [each for each in known.cells if each.source == "a"]


def test_a_node_without_an_agent_is_not_seen():
    """Nor is one that says nothing; one that has just begun is waited for."""
    rest = witnesses()[1:]
    assert links(*rest).unseen[0].why == "no agent runs there"
    assert links(a_witness("a"), *rest).unseen[0].why == "its agent is silent"
    young = msgspec.structs.replace(a_witness("a"), since=NOW - timedelta(minutes=9))
    assert links(young, *rest).unseen[0].waiting


def test_an_agent_that_is_told_to_make_no_rounds_is_not_missed():
    """That is the owner's choice."""
    mute = msgspec.structs.replace(a_witness("a"), every=0.0)
    assert links(mute, *witnesses()[1:]).unseen == ()


def test_whom_a_round_left_out_is_not_seen():
    """A list that has not come yet is no success."""
    known = links(a_witness("a", Round(NOW)), *witnesses()[1:])
    assert [each.why for each in known.unseen] == ["its last round did not try b, c, d"]
    only = a_witness("a", a_round("a", names=("a", "b")))
    assert [each.why for each in links(only, *witnesses()[1:]).unseen] == [
        "its last round did not try c, d"
    ]


def test_a_node_alone_has_nobody_to_try():
    assert links(a_witness("a", Round(NOW)), names=("a",)).unseen == ()


pairs = st.sets(st.sampled_from(sorted(every_pair())))
tests = st.sets(st.sampled_from(KINDS), min_size=1)


@given(pairs, tests, st.sets(st.sampled_from(NAMES)))
def test_nothing_unseen_begins_or_ends_a_break(bad: set[tuple[str, str]], failing: set[By], blind):
    """Whoever cannot be read, the breaks of his pairs are what they were; all others are seen."""
    before = links(*witnesses(bad, tests=failing))
    assert {each.pair for each in before.faults} == bad
    later: datetime = NOW + INTERVAL
    well = links(*witnesses(at=later, blind=blind), before=before.faults, now=later)
    assert {each.pair for each in well.faults} == {pair for pair in bad if pair[0] in blind}
    worse = links(*witnesses(bad, tests=failing, at=later, blind=blind), now=later)
    assert {each.pair for each in worse.faults} == {pair for pair in bad if pair[0] not in blind}


@given(
    st.lists(
        st.builds(
            Try, st.sampled_from((*NAMES, "x")), st.sampled_from(By), st.sampled_from(Outcome)
        )
    )
)
def test_any_round_is_taken(tries: list[Try]):
    """A log is somebody else's words."""
    told = a_witness("a", Round(NOW, tuple(tries)), Round(NOW, tuple(tries)))
    known = settled((), [told], dict.fromkeys(NAMES, True), NOW)
    assert {name for each in known.faults for name in each.pair} <= set(NAMES)
