"""The history: an hour is as bad as its worst look, and what was not seen is not up."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.charts.spec import Level
from bot.domain.check import SCOPES
from bot.domain.finding import Ref
from bot.domain.record import read, written
from bot.domain.report import Report, examine
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from bot.history.domain.record import (
    HISTORY,
    INCIDENTS,
    POINTS,
    History,
    PastIncident,
    Point,
    areas,
    failing_since,
    noted,
)
from bot.history.domain.trends import trends
from bot.history.views import chart as timeline
from bot.routing.traefik_word import TRAEFIK_WORD
from tests.builders import a_kustomization, a_pod
from tests.examples import examples
from tests.fakes import snapshot_of
from tests.render.strategies import NOW, reports

UTC_ZONE = ZoneInfo("UTC")
WEEK = timedelta(days=7)


def a_look(at: datetime, *, broken: bool = False, blind: bool = False) -> Report:
    pod = a_pod(waiting="CrashLoopBackOff") if broken else a_pod()
    gaps = (Gap("Pod", Why.UNREACHABLE),) if blind else ()
    return examine(snapshot_of(*([] if blind else [pod]), now=at, gaps=gaps), CHECKS)


def of(history: History, *looks: Report) -> History:
    for each in looks:
        history = noted(history, each)
    return history


def test_an_incident_has_a_beginning_an_end_and_a_duration() -> None:
    times = [NOW + timedelta(minutes=10 * number) for number in range(6)]
    looks = [a_look(at, broken=1 <= number < 4) for number, at in enumerate(times)]
    history = of(History(), *looks)
    (incident,) = history.incidents
    assert (incident.began, incident.ended) == (times[1], times[4])
    told = trends(history, times[-1], WEEK)
    assert told.incidents == 1
    assert told.recovery == timedelta(minutes=30)


def test_an_incident_that_is_not_seen_goes_on() -> None:
    looks = (a_look(NOW, broken=True), a_look(NOW + timedelta(hours=1), blind=True))
    history = of(History(), *looks)
    assert [each.ended for each in history.incidents] == [None]
    letter = history.points[-1].areas[SCOPES.index("pods")]
    assert letter == "?"
    pods = trends(history, NOW + timedelta(hours=1), WEEK).areas[SCOPES.index("pods")]
    assert (pods.seen, pods.well) == (1, 0)


def test_what_fails_and_tries_in_turn_is_one_incident_and_no_recovery() -> None:
    """A health check that never passes is under way while it is tried again, and so for ever."""
    looks = []
    for number in range(12):
        at = NOW + timedelta(minutes=5 * number)
        plain = a_kustomization()
        failed = {"status": "False", "reason": "HealthCheckFailed"}
        trying = {
            "status": "Unknown",
            "reason": "Progressing",
            "lastTransitionTime": f"{at:%FT%TZ}",
        }
        plain["status"]["conditions"][0] |= trying if number % 2 else failed
        looks.append(examine(snapshot_of(plain, now=at), CHECKS))
    history = of(History(), *looks)
    assert [each.ended for each in history.incidents] == [None]
    told = trends(history, NOW + timedelta(hours=1), WEEK)
    assert (told.recovery, told.flapping) == (None, ())
    well = examine(snapshot_of(a_kustomization(), now=NOW + timedelta(hours=1)), CHECKS)
    (incident,) = noted(history, well).incidents
    assert incident.ended == NOW + timedelta(hours=1)


def test_an_hour_is_as_bad_as_its_worst_look() -> None:
    looks = (
        a_look(NOW),
        a_look(NOW + timedelta(minutes=9), broken=True),
        a_look(NOW + timedelta(minutes=20)),
    )
    (point,) = of(History(), *looks).points
    assert point.areas[SCOPES.index("pods")] in "fd"


def test_what_comes_three_times_flaps() -> None:
    looks = [a_look(NOW + timedelta(hours=n), broken=bool(n % 2)) for n in range(8)]
    told = trends(of(History(), *looks), NOW + timedelta(hours=8), WEEK)
    (flapping,) = told.flapping
    assert flapping.times == 4
    assert told.unseen == 7 * 24 - 8


@given(st.lists(st.tuples(st.integers(-50, 2000), st.booleans(), st.booleans()), max_size=40))
def test_whatever_the_clock_does_the_history_stays_in_order_and_bounded(looks) -> None:
    """Clock jumps, also backwards."""
    history = of(
        History(),
        *(
            a_look(NOW + timedelta(hours=hours), broken=broken, blind=blind)
            for hours, broken, blind in looks
        ),
    )
    hours = [each.hour for each in history.points]
    assert hours == sorted(set(hours))
    assert len(hours) <= POINTS
    assert len(history.incidents) <= INCIDENTS
    for each in history.incidents:
        assert each.ended is None or each.ended >= each.began
    assert len([each for each in history.incidents if each.ended is None]) <= 1
    told = trends(history, NOW, WEEK)
    assert all(0 <= area.well <= area.seen <= told.hours for area in told.areas)


@pytest.mark.slow
@settings(max_examples=examples(50))
@given(reports)
def test_a_report_of_anything_is_noted_kept_and_read_again(report: Report) -> None:
    assert len(areas(report)) == len(SCOPES)
    history = noted(None, report)
    text = written(HISTORY, history)
    assert isinstance(text, str)
    assert read(HISTORY, text) == history


def test_a_full_history_drops_its_oldest() -> None:
    points = tuple(Point(number, "hhhhhhh") for number in range(POINTS))
    history = noted(History(points), a_look(NOW))
    assert len(history.points) == POINTS
    assert history.points[0].hour == 1
    many = tuple(PastIncident(f"pods/Pod/a/{number}", NOW) for number in range(INCIDENTS + 5))
    assert noted(History((), many[:INCIDENTS]), a_look(NOW, broken=True)).dropped == 1


def test_the_picture_has_a_block_a_level_and_unseen_hours_are_frames() -> None:
    hour = int(NOW.timestamp()) // 3600
    points = tuple(Point(hour - ago, "h----f-") for ago in range(10, 20))
    incident = PastIncident(
        "endpoints/Service/apps/web", NOW - timedelta(days=30), NOW - timedelta(hours=10),
        Verdict.FAILED,
    )  # fmt: skip
    made = timeline.timeline(History(points, (incident,)), NOW, WEEK, UTC_ZONE)
    assert [lane.name for lane in made.lanes] == ["pods", "endpoints"]
    assert [span.level for span in made.lanes[0].spans] == [Level.UNSEEN, Level.WELL, Level.UNSEEN]
    assert sum(span.end - span.begin for span in made.lanes[0].spans) == 168
    (bar,) = made.incidents[0].spans
    assert bar.begin == 0
    assert "endpoints 0.0 %" in timeline.alt(made)
    assert "158 of 168 hours not seen" in timeline.alt(made)


def test_the_trends_of_a_week_count_what_lies_in_it_and_name_the_five_worst() -> None:
    """Hours by area leave out those that nobody saw; recovery is the mean of what has ended."""
    hour = int(NOW.timestamp()) // 3600
    letters = ("h" * 7, "f" + "h" * 6, "?" + "h" * 6, "h" * 7)
    points = (
        Point(hour - 8 * 24, "f" * 7, 100),
        *(Point(hour - 4 + number, each, 2) for number, each in enumerate(letters)),
    )
    incidents = (
        PastIncident("pods/Pod/apps/old", NOW - timedelta(days=20), NOW - timedelta(days=9)),
        *(
            PastIncident(
                f"pods/Pod/apps/web-{number}",
                NOW - timedelta(hours=20),
                NOW - timedelta(hours=20 - number),
            )
            for number in range(1, 8)
        ),
        PastIncident("nodes/Node//edge", NOW - timedelta(hours=3)),
    )
    told = trends(History(points, incidents), NOW, WEEK)
    pods, nodes = told.areas[:2]
    assert (pods.seen, pods.well, nodes.seen, nodes.well) == (3, 2, 4, 4)
    assert (told.unseen, told.restarts, told.incidents) == (7 * 24 - 4, 8, 8)
    assert told.recovery == timedelta(hours=4)
    assert [each.key.rsplit("/", 1)[-1] for each in told.worst] == [
        "web-7", "web-6", "web-5", "web-4", "edge",
    ]  # fmt: skip


def test_what_is_well_for_one_report_between_two_failures_was_not_mended() -> None:
    """A pod that crashes runs between two crashes: that is one incident, and no recovery."""
    looks = [a_look(NOW + timedelta(minutes=5 * n), broken=n % 2 == 0) for n in range(9)]
    history = of(History(), *looks)
    assert [(each.began, each.ended) for each in history.incidents] == [(NOW, None)]
    assert failing_since(history) == {"pods/Pod/apps/web": NOW}
    well = [a_look(NOW + timedelta(minutes=45 + 5 * n)) for n in range(3)]
    (incident,) = of(history, *well).incidents
    assert incident.ended == NOW + timedelta(minutes=45)
    assert failing_since(of(history, *well)) == {}


def test_what_fails_by_the_fault_of_another_now_has_not_recovered() -> None:
    """A pod that crashed before its node went away."""
    pod = a_look(NOW, broken=True)
    node = msgspec.structs.replace(pod.findings[0], check="nodes", subject=Ref("Node", "", "one"))
    effect = msgspec.structs.replace(pod.findings[0], cause=node.key)
    later = Report(NOW + timedelta(minutes=5), (node, effect), (), {"Pod": 1, "Node": 1})
    assert [each.ended for each in of(History(), pod, later).incidents] == [None, None]


def test_a_kind_that_nobody_read_is_not_gone() -> None:
    """Not a gap, and no object: the report says nothing of it."""
    silent = Report(NOW + timedelta(minutes=5), (), (), {"Node": 1})
    assert [each.ended for each in of(History(), a_look(NOW, broken=True), silent).incidents] == [
        None
    ]


def test_what_rests_on_a_fact_that_cannot_be_seen_now_has_not_ended() -> None:
    """Traefik refused it, and says nothing now; a fact that nobody may read holds nothing back."""
    broken = a_look(NOW, broken=True)
    refused = msgspec.structs.replace(
        broken.findings[0], check="routes-ingress", subject=Ref("Ingress", "apps", "web")
    )
    before = of(History(), Report(NOW, (refused,), (), {"Ingress": 1}))
    later = NOW + timedelta(minutes=5)
    for why, ended in (
        (Why.UNREACHABLE, None),
        (Why.STALE, None),
        (Why.FORBIDDEN, later),
        (Why.OFF, later),
    ):
        now = Report(later, (), (Gap(TRAEFIK_WORD, why),), {"Ingress": 1})
        assert [each.ended for each in of(before, now).incidents] == [ended]


def private_of(report: Report) -> Report:
    """The same, where only a test in private shows it."""
    findings = tuple(msgspec.structs.replace(each, private=True) for each in report.findings)
    return replace(report, findings=findings)


def test_what_only_a_test_in_private_shows_is_no_history():
    """Neither an incident nor an hour with a fault."""
    history = of(History(), private_of(a_look(NOW, broken=True)))
    assert history.incidents == ()
    assert history == of(History(), a_look(NOW))


def test_a_test_in_private_ends_no_public_incident_and_makes_it_no_worse():
    """It fails still, as far as anybody knows."""
    before = of(History(), a_look(NOW, broken=True))
    hidden = private_of(a_look(NOW + timedelta(hours=1), broken=True))
    assert of(before, hidden).incidents == before.incidents
    assert of(before, hidden, a_look(NOW + timedelta(hours=2))).incidents[0].ended


def test_what_follows_from_something_private_is_recorded_as_public_by_itself():
    """The cause of the effect is not named."""
    report = a_look(NOW, broken=True)
    (pod,) = report.findings
    effect = msgspec.structs.replace(
        pod, check="endpoints", subject=Ref("Service", "apps", "web"), cause=pod.key
    )
    cause = msgspec.structs.replace(pod, private=True)
    history = of(History(), replace(report, findings=(cause, effect)))
    assert [incident.key for incident in history.incidents] == [effect.key]
    assert replace(report, findings=(cause, effect)).public.findings[0].cause is None


def test_what_one_namespace_breaks_takes_neither_list_of_the_trends_nor_the_picture():
    """A node that failed for a minute stands beside a tenant who fails all week."""
    began = NOW - timedelta(days=2)
    theirs = [PastIncident(f"endpoints/Service/tenant/x{number}", began) for number in range(50)]
    node = PastIncident("nodes/Node//one", NOW - timedelta(minutes=2), NOW - timedelta(minutes=1))
    shop = PastIncident("endpoints/Service/shop/web", NOW - timedelta(minutes=2), NOW)
    history = History((), (*theirs, node, shop))
    assert {node.key, shop.key} < {problem.key for problem in trends(history, NOW, WEEK).worst}
    drawn = timeline.timeline(history, NOW, WEEK, UTC_ZONE)
    assert {"one", "web"} < {lane.name for lane in drawn.incidents}
