"""A process that sees that no kind can be read, by errors of the API server, says just that.

So does one that runs alone: it needs no Lease to act. The message has the same title and steps.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from bot.alerting.domain.incident import Incident
from bot.alerting.domain.outage import (
    CHECK,
    SUBJECT,
    adopted,
    incident_of,
    is_outage,
    posted,
    reason_of,
    shows_outage,
)
from bot.alerting.domain.transitions import advance
from bot.alerting.domain.visibility import NEVER_SEEN, STALE_WATCH, WATCH
from bot.domain.outage import OutageReason
from bot.domain.report import Report
from bot.domain.snapshot import Gap, Why
from tests.alerting.domain.test_seen_well import (
    READ,
    RULES,
    START,
    course,
    looks,
    only,
    unlisted,
    well,
)

REFUSED = "The API server at https://10.0.0.1:6443 cannot be reached: Connection refused"
TIMED_OUT = "The API server answered 500: etcdserver: request timed out"
UNAUTHORIZED = "The API server answered 401: Unauthorized"


def stale(detail: str, *kinds: str) -> Callable[[datetime], Report]:
    """These kinds were read once, and cannot be read now."""
    return lambda at: Report(
        at, (), tuple(Gap(kind, Why.STALE, detail, START) for kind in kinds), READ
    )


def never(detail: str) -> Callable[[datetime], Report]:
    """No kind was ever read."""
    return lambda at: Report(at, (), tuple(Gap(kind, Why.UNREACHABLE, detail) for kind in READ), {})


@pytest.mark.parametrize(
    ("detail", "reason"),
    [
        (REFUSED, OutageReason.UNREACHABLE),
        ("The API server at https://10.0.0.1:6443 did not answer in time.", "Unreachable"),
        (TIMED_OUT, OutageReason.ERRORS),
        (UNAUTHORIZED, OutageReason.NOT_ALLOWED),
    ],
)
@pytest.mark.parametrize("read", [True, False], ids=["read before", "never read"])
def test_where_no_kind_can_be_read_the_api_server_is_what_is_wrong(
    detail: str, reason: OutageReason, read: bool
):
    """After three minutes, by one incident, with the error; also from the start."""
    gone = stale(detail, *READ) if read else never(detail)
    assert course((2.9, gone)).incidents == ()
    for incident in (only(course((1, well), (5, gone))), only(course((5, gone)))):
        assert (incident.head.check, incident.head.subject) == (CHECK, SUBJECT)
        assert incident.head.reason == reason
        assert detail in incident.head.message
        assert is_outage(incident)
        assert incident.ended is None


def test_it_is_over_when_all_was_seen_again_for_two_minutes():
    """Kinds come back one after the other: that is no incident of its own."""
    back = stale(REFUSED, "Node")
    state = course((1, well), (10, stale(REFUSED, *READ)), (1, back), (5, well))
    incident: Incident = only(state)
    assert is_outage(incident)
    assert incident.ended == START + timedelta(minutes=12)


def test_what_is_left_of_an_outage_that_was_told_before_it_was_stored_belongs_to_it():
    """The one who could not store it has seen all kinds as stale only when some are back."""
    told = incident_of("1-outage", START + timedelta(minutes=1))
    told = posted(told, 1, 2, None)
    back = stale(REFUSED, "Node")
    state = adopted(advance(course((1, well)), back(START + timedelta(minutes=11)), RULES), (told,))
    state = looks(state, 20, back, START + timedelta(minutes=11.25))
    incident = only(state)
    assert incident.id == told.id
    assert not shows_outage(incident)
    state = looks(state, 3, well, START + timedelta(minutes=31.25))
    assert only(state).ended


def test_one_kind_that_cannot_be_read_is_a_stale_watch():
    """The API server answers for the others."""
    incident = only(course((1, well), (5, stale(TIMED_OUT, "Pod"))))
    assert (incident.head.subject, incident.head.reason) == (WATCH, STALE_WATCH)
    assert not is_outage(incident)


def test_a_stale_watch_that_becomes_an_outage_stays_one_incident():
    """And so does what is left of it."""
    some, every = stale(REFUSED, "Pod"), stale(REFUSED, *READ)
    state = course((1, well), (5, some), (5, every), (5, some))
    assert len(state.incidents) == 1
    assert not only(state).ended
    assert only(course((1, well), (5, some), (5, every), (5, some), (3, well))).ended


def test_what_is_left_of_an_outage_is_not_shown_as_one():
    """The API server answers: that it does not would be wrong; its end is the outage's again."""
    some, every = stale(REFUSED, "Pod"), stale(REFUSED, *READ)
    gone = [(1, well), (5, every)]
    assert shows_outage(only(course(*gone)))
    assert not shows_outage(only(course(*gone, (5, some))))
    assert shows_outage(only(course(*gone, (5, some), (3, well))))


def test_lists_that_have_not_come_yet_are_no_outage():
    """A slow API server answers, and says nothing that is an error."""
    waiting = never("its first list has not come yet")
    assert course((1, unlisted), (20, waiting)).incidents == ()
    assert only(course((35, waiting))).head.reason == NEVER_SEEN


def test_only_our_own_errors_name_an_outage():
    """Other texts may quote anything."""
    assert reason_of("the watch is silent") is None
    assert reason_of("Post: The API server answered 500") is None
    assert reason_of("The API server answered 403: no") is OutageReason.NOT_ALLOWED
    assert reason_of("") is None
