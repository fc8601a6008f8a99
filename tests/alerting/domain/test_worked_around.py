"""The incident of a fault that stays does not end as recovered once all routes lead past it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.alerting.domain.incident import ALERTS, Alerts, Incident
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.domain.transitions import advance
from bot.alerting.views.discord import board, end
from bot.domain.record import read, written
from bot.domain.report import Report
from bot.domain.verdict import Verdict
from bot.net.mesh.matrix import Pair
from bot.render.text import MARK
from tests.health.views.test_discord import texts
from tests.net.mesh.around import FROM_EDGE, proven, report, rounds
from tests.net.networks import MOMENT

RULES = Rules(routes=(AlertRoute(1),))
LOOK = timedelta(seconds=30)
MINUTES = 20
LINK, ROUTE = "connectivity/Node//edge", "routes-ingressroute/IngressRoute/apps/web"
FAULT = "route-faults/Fault//edge: redirect"

Show = Callable[[datetime], Report]


def well(at: datetime) -> Report:
    """Nobody has tested anything, and every link carries all."""
    return report(known=rounds(set(), at=at), native=(), at=at)


def broken(at: datetime) -> Report:
    """The test proved the fault; nativeLB is off, or off again."""
    return report(proven("web"), native=(), at=at)


def around(at: datetime) -> Report:
    """The repair was proven."""
    return report(proven("web", repaired=0), at=at)


def around_in_part(at: datetime) -> Report:
    """The repair was proven, and another link is broken, too."""
    bad: set[Pair] = {*FROM_EDGE, ("attic", "edge"), ("cellar", "edge")}
    return report(proven("web", repaired=0), known=rounds(bad, at=at), at=at)


def mended(at: datetime) -> Report:
    """The rule is gone from the node. Nobody has tested the route again."""
    return report(proven("web", repaired=0), known=rounds(set(), at=at), at=at)


def course(*shows: Show) -> Alerts:
    """Each for some minutes, the first two before the repair's moment."""
    state: Alerts | None = None
    at = MOMENT - 2 * timedelta(minutes=MINUTES)
    for show in shows:
        for _ in range(int(timedelta(minutes=MINUTES) / LOOK)):
            state = advance(state, show(at), RULES)
            at += LOOK
    assert state
    return state


def of(state: Alerts, key: str) -> list[Incident]:
    """The incidents by which a finding is shown."""
    return [incident for incident in state.incidents if incident.head.key == key]


def test_the_incident_of_a_link_ends_as_worked_around():
    """Neither its timeline nor its end says that it has recovered, and the record keeps that."""
    state = course(well, broken, around)
    (incident,) = of(read(ALERTS, written(ALERTS, state)), LINK)
    assert incident.ended
    assert (incident.end, incident.timeline[-1].what) == ("worked around", "worked around")
    text = "".join(texts(end(incident)))
    assert "is worked around after" in text
    assert "The fault itself stays" in text
    assert "ecovered" not in text


def test_a_link_and_the_routes_that_it_hurts_are_one_incident():
    """And one end."""
    (incident,) = course(well, broken, around).incidents
    assert incident.head.key == LINK
    assert ROUTE in incident.keys


def test_the_incident_of_a_fault_that_only_tests_see_ends_so_too():
    """Requests get through, and what stopped them is there still."""

    def tested(at: datetime) -> Report:
        return report(proven("web"), native=(), known=rounds(set(), at=at), at=at)

    (incident,) = course(well, tested, mended).incidents
    assert incident.head.key == FAULT
    assert incident.ended
    assert incident.end == "worked around"


def test_while_it_is_worked_around_the_board_is_green_and_has_the_note():
    state = course(well, broken, around)
    shown = "".join(texts(board(around(MOMENT + timedelta(hours=1)), state)))
    assert shown.startswith(f"## {MARK[Verdict.HEALTHY]} All healthy")
    assert "WorkedAround: Node edge" in shown
    assert "No open incident" in shown


def test_a_fault_that_is_mended_recovers():
    """Also where it was worked around for a moment before."""
    for state in (course(well, broken, mended), course(well, broken, mended, mended)):
        (incident,) = of(state, LINK)
        assert (bool(incident.ended), incident.end) == (True, "recovered")


def test_nativelb_that_is_taken_back_is_an_incident_again():
    """A new one, of the link with the route."""
    first, again = of(course(well, broken, around, broken), LINK)
    assert (first.end, first.ended is not None) == ("worked around", True)
    assert again.ended is None
    assert ROUTE in again.keys


def test_a_proof_that_grows_old_makes_the_link_an_incident_again():
    """A day after the repair, without a request that was seen to get through since."""
    state = course(well, broken, around)
    for minute in range(30):
        at = MOMENT + timedelta(hours=25, minutes=minute)
        state = advance(state, around(at), RULES)
    assert [incident.ended is None for incident in of(state, LINK)] == [False, True]


def test_another_break_of_the_node_keeps_the_incident_open():
    """What is left is not worked around."""
    (incident,) = of(course(well, broken, around_in_part), LINK)
    assert incident.ended is None
