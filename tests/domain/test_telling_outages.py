"""Who may say that the API server is gone: the narrow permission to write without the Lease."""

from bot.domain.election import Election, LeaseSpec, Timing

TIMING = Timing()


def held(by: str, stamp: str = "1") -> LeaseSpec:
    return LeaseSpec(
        holder_identity=by,
        lease_duration_seconds=TIMING.duration,
        renew_time=stamp,
        lease_transitions=4,
    )


def a_leader() -> Election:
    election = Election("me", TIMING)
    election.see(None, 0)
    election.won(election.claim("1"), 0)
    return election


def test_who_led_last_tells_it_at_once_however_long_ago_that_was():
    """It is cut off, and saw nobody else since."""
    election = a_leader()
    assert election.tells_outage_after() == 0
    assert election.standing(9999) == "cut off"
    assert election.tells_outage_after() == 0


def test_who_led_and_saw_another_leader_since_is_silent():
    """That one led last."""
    election = a_leader()
    election.see(held("other"), 40)
    assert election.tells_outage_after() is None


def test_a_standby_that_saw_a_leader_is_silent_for_ever():
    """Of two that lose the API server at one moment, the leader tells it."""
    election = Election("me", TIMING)
    for second in range(0, 100, 5):
        election.see(held("other", str(second)), second)
    assert election.tells_outage_after() is None


def test_a_standby_that_never_read_the_lease_is_silent():
    """It was started during the outage: it cannot know whether somebody leads."""
    assert Election("me", TIMING).tells_outage_after() is None


def test_a_standby_that_saw_a_lease_run_out_tells_it_a_lease_time_later():
    """Nobody led when it looked last. Who led before has the time to speak first."""
    election = Election("me", TIMING)
    election.see(held("other"), 0)
    election.see(held("other"), TIMING.duration - 1)
    assert election.tells_outage_after() is None
    election.see(held("other"), TIMING.duration)
    assert election.tells_outage_after() == TIMING.duration


def test_a_standby_that_saw_a_free_lease_tells_it_a_lease_time_later():
    """It was released, or was never there, and the claim of this process failed."""
    for record in (LeaseSpec(holder_identity="", lease_duration_seconds=1), None):
        election = Election("me", TIMING)
        election.see(record, 7)
        assert election.tells_outage_after() == TIMING.duration


def test_a_process_that_is_being_stopped_tells_nothing():
    """It has resigned, and its lease may be another's in a moment."""
    election = a_leader()
    election.resign()
    assert election.tells_outage_after() is None
