"""The history between nodes: worst first, bounded, and what was not seen is not well."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.charts.spec import Level
from bot.digest.views.text import trend_lines
from bot.domain.record import read, written
from bot.history.domain.record import History, Point
from bot.history.domain.trends import trends
from bot.history.views import chart as timeline
from bot.net.mesh.history import FAULTS, HOURS, LINKS, LinkHistory, courses, letters, noted
from bot.net.mesh.matrix import By, Pair
from bot.net.mesh.rounds import Fault, Links
from bot.net.probing.protocol import Outcome
from tests.net.mesh.witnesses import NOW, every_pair, links, witnesses

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
UTC_ZONE = ZoneInfo("UTC")


def at(hours: float, bad: Collection[Pair] = (), **rest: Any) -> Links:
    """What is known so many hours on."""
    moment: datetime = NOW + hours * HOUR
    return links(*witnesses(bad, at=moment, **rest), now=moment)


def of(*looks: Links) -> LinkHistory:
    history = None
    for each in looks:
        history = noted(history, each)
    assert history is not None
    return history


def test_a_broken_pair_counts_for_both_of_its_nodes_and_a_broken_node_for_itself():
    assert letters(at(0, {("a", "b")})) == {"a": "f", "b": "f", "c": "h", "d": "h"}
    assert letters(at(0, {("a", "b")}, tests=(By.UDP,)))["a"] == "d"
    assert letters(at(0, {pair for pair in every_pair() if "d" in pair})) == {
        "a": "h",
        "b": "h",
        "c": "h",
        "d": "f",
    }


def test_who_was_not_seen_is_not_well():
    assert letters(at(0, blind={"c"}))["c"] == "?"
    (together, *worst) = courses(of(at(0, blind={"c"})), NOW, WEEK)
    assert (together.share, worst) == (None, [])


def test_an_hour_is_as_bad_as_its_worst_look_and_hours_without_one_are_not_seen():
    history = of(at(0), at(0.2, {("a", "b")}), at(0.4), at(3))
    assert history.nodes["a"] == "f??h"
    assert history.nodes["c"] == "h??h"


def test_the_worst_nodes_are_told_first_and_only_a_few():
    """Beside all of them together."""
    pairs = {("a", "b"), ("c", "d")}
    history = of(at(0, pairs), at(1, {("a", "b")}), at(2), at(3))
    told = courses(history, NOW + 3 * HOUR, WEEK)
    assert [(each.name, each.share) for each in told] == [
        ("between nodes", 0.5),
        ("a", 0.5),
        ("b", 0.5),
        ("c", 0.75),
    ]
    assert {len(each.letters) for each in told} == {168}


def test_nothing_is_told_where_nobody_ever_looked():
    assert courses(None, NOW, WEEK) == ()
    assert courses(LinkHistory(), NOW, WEEK) == ()


def test_a_node_that_is_gone_is_forgotten_when_its_hours_are():
    names = ("a", "b", "c", "e")
    moment = NOW + HOURS * HOUR
    history = of(at(0), links(*witnesses(names=names, at=moment), names=names, now=moment))
    assert sorted(history.nodes) == list(names)


def test_a_clock_that_was_ahead_does_not_stop_the_history():
    """What is of a time that has not come is dropped."""
    history = of(at(0), at(5000), at(1, {("a", "b")}))
    assert history.nodes["a"][-1] == "f"
    assert courses(history, NOW + HOUR, WEEK)[0].share == 0
    back = of(at(0, {("a", "b")}), at(2), at(1))
    assert back.nodes["a"] == "fh"


def test_it_fits_into_its_record_however_many_nodes_and_faults_there_are():
    """The oldest hours go first; what is broken stays, up to a bound."""
    names = [f"a-node-with-a-rather-long-name-{number}" for number in range(1500)]
    faults = tuple(
        Fault(name, names[0], By.POD, Outcome.TIMEOUT, NOW, NOW) for name in names[: FAULTS + 9]
    )
    full = LinkHistory(1, dict.fromkeys(names, "h" * HOURS), faults[:FAULTS])
    text = written(LINKS, full)
    assert isinstance(text, str)
    kept = read(LINKS, text)
    assert isinstance(kept, LinkHistory)
    assert len(kept.faults) == FAULTS
    assert 24 < len(kept.nodes[names[0]]) < HOURS
    assert len(noted(None, Links(taken_at=NOW, faults=faults)).faults) == FAULTS


looks = st.lists(
    st.tuples(
        st.floats(-300, 300),
        st.sets(st.sampled_from(sorted(every_pair()))),
        st.sets(st.sampled_from(("a", "b", "c", "d"))),
    ),
    min_size=1,
    max_size=6,
)


@given(looks)
def test_any_looks_are_kept_and_read_again(given: list[tuple[float, set[Pair], set[str]]]):
    history = of(*(at(hours, bad, blind=blind) for hours, bad, blind in given))
    text = written(LINKS, history)
    assert isinstance(text, str)
    assert read(LINKS, text) == history
    assert all(len(each) <= HOURS for each in history.nodes.values())
    for each in courses(history, NOW + given[-1][0] * HOUR, WEEK):
        assert len(each.letters) == 168
        assert each.share is None or 0 <= each.share <= 1


def test_the_network_between_nodes_has_lanes_in_the_picture_and_words_beside_it():
    """In the picture, in its alternative text, and in the trends as text."""
    history = of(at(0), at(1, {("a", "b")}), at(2))
    now = NOW + 2 * HOUR
    hour = int(now.timestamp()) // 3600
    points = History((Point(hour, "hhhhhhh"),))
    made = timeline.timeline(points, now, WEEK, UTC_ZONE, history)
    assert [lane.name for lane in made.lanes][-3:] == ["between nodes", "a", "b"]
    (lane,) = (each for each in made.lanes if each.name == "between nodes")
    assert [span.level for span in lane.spans] == [
        Level.UNSEEN,
        Level.WELL,
        Level.FAILED,
        Level.WELL,
    ]
    assert (lane.spans[0].end, lane.spans[-1].end) == (165, 168)
    assert "between nodes 66.7 %: failed for 1 h on Mon 23. a 66.7 %:" in timeline.alt(made)
    lines = list(trend_lines(trends(points, now, WEEK, history)))
    assert "network: between nodes 66.7 %, a 66.7 %, b 66.7 %" in lines


@pytest.mark.parametrize("kept", [None, LinkHistory()])
def test_without_its_history_nothing_is_said_of_it(kept: LinkHistory | None):
    assert not [
        each for each in trend_lines(trends(History(), NOW, WEEK, kept)) if "network" in each
    ]
