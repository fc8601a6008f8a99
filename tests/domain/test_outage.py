"""What a process notes of its requests, and when that is an outage of the API server."""

from bot.domain.outage import ApiContact, OutageReason

LONGEST, NOTICEABLE = 20.0, 20.0
GONE = OutageReason.UNREACHABLE


def failing(contact: ApiContact, *, begins: float, lasts: float) -> float:
    """A request every five seconds, all of them in vain; when the last one failed."""
    now = begins
    while now < begins + lasts:
        now += 5
        contact.failed(now, GONE, "connection refused")
    return now


def a_contact() -> ApiContact:
    contact = ApiContact(LONGEST, NOTICEABLE)
    contact.answered(100)
    return contact


def test_an_outage_counts_from_the_last_success_and_ends_with_the_next():
    """It is identified by the last success, and keeps the last error."""
    contact = a_contact()
    assert contact.outage(100) is None
    now = failing(contact, begins=100, lasts=180)
    contact.failed(now + 5, OutageReason.ERRORS, "500")
    outage = contact.outage(now + 6)
    assert outage is not None
    assert (outage.answered_at, outage.ago, outage.lasted) == (100, now - 94, 185)
    assert (outage.reason, outage.error) == (OutageReason.ERRORS, "500")
    contact.answered(now + 7)
    assert contact.outage(now + 7) is None
    assert contact.back_at == now + 7


def test_a_process_that_slept_for_an_hour_saw_no_outage_of_an_hour():
    """The one failure after it woke up says nothing about the time before."""
    contact = a_contact()
    contact.failed(3700, GONE, "the network is down")
    outage = contact.outage(3700)
    assert outage is not None
    assert outage.lasted == LONGEST


def test_a_process_that_never_had_an_answer_knows_of_no_outage():
    """It may have been started during one, and cannot tell it from its own settings."""
    contact = ApiContact(LONGEST, NOTICEABLE)
    assert contact.outage(failing(contact, begins=0, lasts=600)) is None


def test_a_single_failure_leaves_no_trace():
    """A leader does not notice it either."""
    contact = a_contact()
    contact.failed(105, GONE, "cut off")
    contact.answered(110)
    assert contact.back_at == float("-inf")
