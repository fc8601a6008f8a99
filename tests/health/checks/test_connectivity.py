"""Connectivity: what the rounds say of each node, in a report and as an alarm."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerting.domain.incident import Alerts
from bot.alerting.domain.rules import Rules
from bot.alerting.domain.transitions import advance
from bot.domain.finding import Finding
from bot.domain.report import Report, examine
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS, connectivity
from bot.health.next_steps.steps import next_step
from bot.history.domain.record import History, noted
from bot.net.mesh.health import subjects
from bot.net.mesh.matrix import By, Pair
from bot.net.mesh.rounds import EVERY, Fault, Links, Unseen
from bot.net.mesh.state import unread
from tests.builders import a_pod, an_object
from tests.fakes import snapshot_of
from tests.net.mesh.witnesses import INTERVAL, NAMES, NOW, every_pair, links, witnesses

SOON = timedelta(minutes=1)


def a_node(name: str, *, ready: bool = True, at: datetime = NOW, **spec: Any) -> dict[str, Any]:
    condition = {
        "type": "Ready",
        "status": str(ready) if ready else "Unknown",
        "lastTransitionTime": (NOW - timedelta(minutes=1)).isoformat(),
        "lastHeartbeatTime": at.isoformat(),
    }
    return an_object("Node", name, namespace="", spec=spec, status={"conditions": [condition]})


def a_report(
    known: Links | None,
    *,
    at: datetime = NOW,
    down: Collection[str] = (),
    cordoned: Collection[str] = (),
    names: Collection[str] = NAMES,
) -> Report:
    nodes = [
        a_node(
            name,
            ready=name not in down,
            at=at,
            **({"unschedulable": True} if name in cordoned else {}),
        )
        for name in names
    ]
    return examine(replace(snapshot_of(*nodes, now=at), supplements={Links: known}), CHECKS)


def found(report: Report) -> list[Finding]:
    return [each for each in report.findings if each.check == connectivity.CHECK.name]


def only(known: Links | None, **rest: Any) -> Finding:
    (one,) = found(a_report(known, **rest))
    return one


def to(node: str) -> set[Pair]:
    return {pair for pair in every_pair() if pair[1] == node}


def about(node: str) -> set[Pair]:
    return {pair for pair in every_pair() if node in pair}


def test_without_agents_nothing_is_said():
    """They are installed by choice."""
    report = a_report(None)
    assert (report.findings, report.gaps, report.verdict) == ((), (), Verdict.HEALTHY)


def test_a_mesh_that_carries_everything_is_healthy():
    assert found(a_report(links(*witnesses()))) == []


def test_a_broken_pair_is_one_finding_with_its_verdict_and_what_to_ask_next():
    said = only(links(*witnesses({("a", "b"), ("b", "a")})))
    assert (str(said.subject), said.verdict, said.reason) == (
        "Node a",
        Verdict.FAILED,
        "PairBroken",
    )
    assert said.message.startswith("a <-> b by pod IP: timeout. Both nodes reach others")
    assert "/net matrix of node a" in next_step(said).text
    assert said.since == NOW - INTERVAL


def test_a_node_that_nothing_gets_to_or_from_is_one_finding_of_that_node():
    said = only(links(*witnesses(about("c"))))
    assert (said.subject.name, said.reason) == ("c", "OverlayDown")
    assert said.message.startswith("Nothing gets to or from c by pod IP: timeout. The overlay")


@pytest.mark.parametrize(
    ("bad", "tests", "reason", "verdict", "words"),
    [
        ({("a", "b")}, (By.LARGE,), "Mtu", Verdict.DEGRADED, "large payloads do not pass"),
        ({("a", "b")}, (By.UDP,), "DatagramsLost", Verdict.DEGRADED, "datagrams do not pass"),
        ({("a", "b")}, (By.POD, By.LARGE), "OneWay", Verdict.FAILED, "works the other way"),
        (to("a"), tuple(By), "OneWay", Verdict.FAILED, "works the other way"),
        (every_pair(), tuple(By), "OverlayDown", Verdict.FAILED, "from any node to any other"),
    ],
)
def test_each_break_says_what_it_means(
    bad: set[Pair], tests: tuple[By, ...], reason: str, verdict: Verdict, words: str
):
    said = only(links(*witnesses(bad, tests=tests)))
    assert (said.subject.name, said.reason, said.verdict) == ("a", reason, verdict)
    assert words in said.message


def test_several_broken_pairs_are_put_to_the_node_that_they_share():
    said = only(links(*witnesses({("a", "d"), ("b", "d")}, names=NAMES)))
    assert (said.subject.name, said.reason) == ("d", "PairsBroken")
    assert [each.label for each in said.evidence][:2] == ["a -> d by pod IP", "b -> d by pod IP"]


def test_a_node_that_is_not_ready_is_the_cause_of_its_broken_pairs():
    """One root, whatever pairs there are."""
    report = a_report(links(*witnesses(to("d"), blind={"d"}), down={"d"}), down={"d"})
    assert [str(each.subject) for each in report.roots] == ["Node d"]
    assert [each.check for each in report.roots] == ["nodes"]
    one = a_report(links(*witnesses({("a", "d")}, blind={"d"}), down={"d"}), down={"d"})
    assert [each.check for each in one.roots] == ["nodes"]
    assert [each.subject.name for each in found(one)] == ["d"]


def test_a_cordoned_node_is_no_cause():
    """Somebody's intention breaks no network."""
    report = a_report(links(*witnesses({("a", "b")})), cordoned={"a", "b"})
    assert all(each.cause is None for each in report.findings)


def test_what_cannot_be_read_is_unknown_and_said_once():
    """The others follow from the first."""
    known = unread((), "Forbidden", dict.fromkeys(NAMES, True), NOW)
    report = a_report(known, cordoned={"a"})
    assert report.verdict is Verdict.UNKNOWN
    assert {each.verdict for each in found(report)} == {Verdict.UNKNOWN}
    roots = [each for each in found(report) if each in report.roots]
    assert [each.subject.name for each in roots] == ["b"]


def test_a_node_without_an_agent_is_unknown():
    said = only(links(*witnesses()[1:]))
    assert (said.subject.name, said.verdict) == ("a", Verdict.UNKNOWN)
    assert said.message == "Connectivity from a: no agent runs there."


def test_rounds_that_nobody_read_for_long_are_unknown():
    """Whoever reads them may have stopped."""
    late = NOW + timedelta(seconds=3 * EVERY) + SOON
    assert {each.verdict for each in found(a_report(links(*witnesses()), at=late))} == {
        Verdict.UNKNOWN
    }


def test_a_node_that_joined_since_is_not_healthy_yet():
    said = only(links(*witnesses()), names=(*NAMES, "e"))
    assert (said.subject.name, said.verdict) == ("e", Verdict.PROGRESSING)


@given(st.sets(st.sampled_from(sorted(every_pair()))), st.sampled_from([(By.POD,), tuple(By)]))
def test_every_break_is_in_one_finding(bad: set[Pair], tests: tuple[By, ...]):
    """None is lost, and none is told twice."""
    known = links(*witnesses(bad, tests=tests))
    put = [each for every in subjects(known.breaks).values() for each in every]
    assert sorted(map(str, put)) == sorted(map(str, known.breaks))
    told = [each for each in found(a_report(known)) if each.verdict is Verdict.FAILED]
    assert bool(told) == bool(bad)


# --- as alarms

RULES = Rules()


def watched(*looks: tuple[float, Links | None], until: float, **rest: Any) -> Alerts:
    """The state of the alerts after looks every half a minute; each is the last one of minutes."""
    state = None
    for half in range(int(2 * until) + 1):
        minutes = half / 2
        known = next(each for at, each in reversed(looks) if at <= minutes)
        at = NOW + timedelta(minutes=minutes)
        state = advance(state, a_report(known, at=at, **rest), RULES)
    assert state is not None
    return state


def seen(minutes: float, bad: Collection[Pair] = (), before: Links | None = None, **rest: Any):
    """What is known after a look so many minutes on."""
    at = NOW + timedelta(minutes=minutes)
    faults: tuple[Fault, ...] = before.faults if before else ()
    down = rest.pop("down", ())
    return links(*witnesses(bad, at=at, **rest), before=faults, now=at, down=down)


def test_a_broken_pair_is_one_incident():
    """It recovers by being seen to work."""
    bad = {("a", "b"), ("b", "a")}
    well, broken = seen(0), seen(1, bad)
    state = watched((0, well), (1, broken), until=12)
    assert [each.head.subject.name for each in state.incidents] == ["a"]
    assert state.incidents[0].ended is None
    state = watched((0, well), (1, broken), (12, seen(12, (), broken)), until=20)
    assert [each.ended for each in state.incidents] == [NOW + timedelta(minutes=12)]


def test_while_rounds_cannot_be_read_an_open_incident_does_not_recover():
    """Not seen is neither new nor recovered: one agent, all of them, or a bot that just began."""
    bad = {("a", "b")}
    well, broken = seen(0), seen(1, bad)
    for blind in (
        seen(12, (), broken, blind={"a"}),
        unread(broken.faults, "Forbidden", dict.fromkeys(NAMES, True), NOW + timedelta(minutes=12)),
        unread((), "not read yet", dict.fromkeys(NAMES, True), NOW + timedelta(minutes=12)),
        broken,
    ):
        state = watched((0, well), (1, broken), (12, blind), until=90)
        assert [each.ended for each in state.incidents] == [None]
        state = watched((0, well), (1, broken), (12, blind), (80, seen(80)), until=90)
        assert [each.ended for each in state.incidents] == [NOW + timedelta(minutes=80)]


def test_what_is_not_seen_is_no_alarm():
    blind = unread((), "Forbidden", dict.fromkeys(NAMES, True), NOW)
    assert watched((0, seen(0)), (1, blind), until=60).incidents == ()


def test_a_node_that_nobody_reaches_is_one_incident_though_others_notice_one_by_one():
    """Each agent has its round at a time of its own: before that, it looks like pairs."""
    parts = [sorted(to("d"))[:count] for count in (1, 2, 3)]
    first, second, third = (set(each) for each in parts)
    looks = (seen(1, first), seen(3, second), seen(5, third))
    told = zip((1, 3, 5), looks, strict=True)
    state = watched((0, seen(0)), *told, until=15)
    assert [each.head.subject.name for each in state.incidents] == ["d"]
    assert state.incidents[0].keys == ("connectivity/Node//d",)


def test_a_node_that_is_gone_and_its_pairs_are_one_incident():
    """Named after the node, by the check that sees it first."""
    state = None
    broken = seen(1, to("d"), blind={"d"}, down={"d"})
    for half in range(40):
        at = NOW + timedelta(minutes=half / 2)
        gone = {"d"} if half else set()
        report = a_report(broken if half > 4 else seen(0), at=at, down=gone)
        state = advance(state, report, RULES)
    assert state is not None
    assert [each.head.check for each in state.incidents] == ["nodes"]
    assert state.incidents[0].keys == ("nodes/Node//d", "connectivity/Node//d")


def test_the_history_does_not_end_what_it_cannot_see():
    broken = seen(1, {("a", "b")})
    blind = unread((), "not read yet", dict.fromkeys(NAMES, True), NOW + timedelta(minutes=12))
    history = History()
    for minutes, known in ((2, broken), (12, blind)):
        history = noted(history, a_report(known, at=NOW + timedelta(minutes=minutes)))
    (incident,) = history.incidents
    assert (incident.key, incident.ended) == ("connectivity/Node//a", None)


@pytest.mark.parametrize("waiting", [True, False], ids=["soon", "not seen"])
def test_a_node_from_which_nobody_looked_explains_no_pod_that_fails_on_it(*, waiting: bool):
    """An image that cannot be pulled is told by its own name, beside what was not seen."""
    node = NAMES[0]
    known = Links(
        taken_at=NOW,
        nodes=frozenset(NAMES),
        unseen=(Unseen(node, "its agent's first round is due", waiting),),
    )
    pod = a_pod("gallery", waiting="ErrImageNeverPull", node=node)
    snapshot = snapshot_of(*map(a_node, NAMES), pod, now=NOW)
    report = examine(replace(snapshot, supplements={Links: known}), CHECKS)
    assert {root.subject.kind for root in report.roots} == {"Node", "Pod"}


def test_a_node_that_was_seen_to_carry_nothing_explains_the_pods_that_fail_on_it():
    """What is broken may be why; only what nobody saw explains nothing."""
    pod = a_pod("gallery", waiting="ErrImagePull", node="c")
    snapshot = snapshot_of(*map(a_node, NAMES), pod, now=NOW)
    known = links(*witnesses(about("c")))
    report = examine(replace(snapshot, supplements={Links: known}), CHECKS)
    assert {root.subject.kind for root in report.roots} == {"Node"}
