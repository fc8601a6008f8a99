"""What is to be said of an incident, and again where nobody knows whether it arrived."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from bot.alerting.domain.actions import OpenIncident, Tell, claimed, due, posted
from bot.alerting.domain.incident import Alerts, Incident
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.domain.finding import Finding, Ref
from bot.domain.posting import PATIENCE
from bot.domain.verdict import Verdict

NOW = datetime(2026, 11, 1, tzinfo=UTC)
CHANNEL, FIRST, SECOND = 1, 7, 8
WEB = Finding(
    check="pods",
    subject=Ref("Pod", "apps", "web"),
    verdict=Verdict.DEGRADED,
    reason="NotReady",
    message="",
)


def rules(role: int | None) -> Rules:
    """Degraded calls that role, and failed the second one."""
    failed = AlertRoute(CHANNEL, Verdict.FAILED, role=SECOND)
    return Rules(routes=(failed, AlertRoute(CHANNEL, role=role)))


def an_incident_that_stands(by: Rules) -> Alerts:
    one = Incident(id="a", head=WEB, keys=(WEB.key,), opened=NOW, worst=Verdict.DEGRADED)
    state = Alerts(incidents=(one.with_line(NOW, "degraded: NotReady"),))
    (opening,) = due(state, NOW, by)
    assert isinstance(opening, OpenIncident)
    claimed_state = claimed(state, opening, NOW)
    assert claimed_state is not None
    return posted(claimed_state, opening, 100)


def one_more(state: Alerts, what: str, worst: Verdict = Verdict.FAILED) -> Alerts:
    (one,) = state.incidents
    return state.with_incident(replace(one, worst=worst).with_line(NOW, what))


def tell(state: Alerts, now: datetime, by: Rules) -> Tell:
    (found,) = (each for each in due(state, now, by) if isinstance(each, Tell))
    return found


@pytest.mark.parametrize("role", [None, FIRST])
def test_what_is_told_again_calls_whom_it_called_and_nobody_else(role: int | None):
    """A line that is begun by a process that died is said anew: as it was, and no second call."""
    by = rules(role)
    state = one_more(an_incident_that_stands(by), "worse: failed")
    for what, calls in (("it is worse", SECOND), ("it is the other", None), ("and again", None)):
        line = tell(state, NOW, by)
        assert line.role == calls
        waiting = claimed(state, line, NOW)
        assert waiting is not None
        again = tell(waiting, NOW + PATIENCE + timedelta(seconds=1), by)
        assert (again.role, again.mark) == (line.role, line.mark)
        state = one_more(posted(waiting, again, 101), what)
