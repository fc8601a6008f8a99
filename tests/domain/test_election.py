"""The rules of the election, in every order of requests, replies, losses, pauses and restarts."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.domain.election import Alone, Election, LeaseSpec, Standing, Timing
from tests.examples import examples

TIMING = Timing()
HELD_BY_OTHER = LeaseSpec(holder_identity="other", lease_duration_seconds=30, renew_time="1")
CANDIDATES = st.integers(0, 2)


@dataclass
class Write:
    """A claim or a release on its way to the server."""

    version: int
    record: LeaseSpec
    asked_at: float
    taken: bool | None = None


@dataclass
class Candidate:
    """A process: its own clock, the version that it knows, and its request in flight."""

    election: Election
    offset: float
    rate: float
    version: int | None = None
    writing: Write | None = None
    number: int = 0

    def clock(self, now: float) -> float:
        """Monotonic clocks begin anywhere, and none is exact."""
        return self.offset + self.rate * now


@dataclass
class Server:
    """One lease with compare-and-set, and writes that whoever sent them has given up."""

    version: int = 1
    record: LeaseSpec = field(default_factory=LeaseSpec)
    adrift: list[Write] = field(default_factory=list)

    def take(self, write: Write) -> None:
        """Decide on a write that arrives now."""
        write.taken = write.version == self.version
        if write.taken:
            self.version += 1
            self.record = write.record


class Elections(RuleBasedStateMachine):
    """Three candidates, whose clocks are up to a tenth too fast or too slow."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.server = Server()
        rates = (1.0, 0.9, 1.1)
        self.all = [
            Candidate(Election(f"c{number}", TIMING), 1000.0 * number, rate)
            for number, rate in enumerate(rates)
        ]

    def clock(self, who: int) -> float:
        return self.all[who].clock(self.now)

    @rule(seconds=st.sampled_from([0.1, 1.0, 4.9, 9.9, 19.9, 27.0, 30.1, 34.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(absent=CANDIDATES, rounds=st.integers(1, 8), step=st.sampled_from([1.0, 4.5]))
    def all_but_one_take_part_for_a_while(self, absent: int, rounds: int, step: float) -> None:
        for _ in range(rounds):
            self.now += step
            for who in {0, 1, 2} - {absent}:
                self.an_attempt_goes_well(who)
                self.at_most_one_leads()

    @rule(who=CANDIDATES, rounds=st.integers(1, 8))
    def the_answer_to_a_claim_is_slow(self, who: int, rounds: int) -> None:
        self.the_lease_is_read(who)
        self.a_claim_is_sent(who)
        self.the_server_gets_a_claim(who)
        self.all_but_one_take_part_for_a_while(who, rounds, 4.5)
        self.the_answer_to_a_claim_arrives(who)

    @rule(who=CANDIDATES)
    def the_lease_is_read(self, who: int) -> None:
        each = self.all[who]
        if not each.writing:
            each.version = self.server.version
            each.election.see(self.server.record, self.clock(who))

    @rule(who=CANDIDATES)
    def a_claim_is_sent(self, who: int) -> None:
        """With the version that was read or written last, however long ago."""
        each = self.all[who]
        if each.version and not each.writing and self.clock(who) >= each.election.free_at():
            claim = each.election.claim(str(self.now))
            each.writing = Write(each.version, claim, self.clock(who))

    @rule(who=CANDIDATES)
    def the_server_gets_a_claim(self, who: int) -> None:
        write = self.all[who].writing
        if write and write.taken is None:
            self.server.take(write)

    @rule(who=CANDIDATES)
    def the_answer_to_a_claim_arrives(self, who: int) -> None:
        each = self.all[who]
        if each.writing and each.writing.taken is not None:
            write, each.writing, each.version = each.writing, None, None
            if write.taken:
                each.election.won(write.record, write.asked_at)
                each.version = write.version + 1

    @rule(who=CANDIDATES)
    def an_attempt_goes_well(self, who: int) -> None:
        self.the_lease_is_read(who)
        self.a_claim_goes_well(who)

    @rule(who=CANDIDATES)
    def a_claim_goes_well(self, who: int) -> None:
        self.a_claim_is_sent(who)
        self.the_server_gets_a_claim(who)
        self.the_answer_to_a_claim_arrives(who)

    @rule(who=CANDIDATES)
    def a_claim_is_given_up(self, who: int) -> None:
        each = self.all[who]
        if each.writing:
            self.server.adrift.append(each.writing)
            each.writing = each.version = None

    @precondition(lambda self: self.server.adrift)
    @rule(data=st.data())
    def a_claim_that_was_given_up_arrives_late(self, data: Any) -> None:
        late = data.draw(st.integers(0, len(self.server.adrift) - 1))
        write = self.server.adrift.pop(late)
        if write.taken is None:
            self.server.take(write)

    @rule(who=CANDIDATES, in_order=st.booleans())
    def a_process_ends_and_begins_anew(self, who: int, in_order: bool) -> None:
        each = self.all[who]
        each.election.resign()
        if in_order and self.server.record.holder_identity == each.election.me:
            each.election.see(self.server.record, self.clock(who))
            released = each.election.released(str(self.now))
            self.server.take(Write(self.server.version, released, self.now))
        self.a_claim_is_given_up(who)
        each.number += 1
        each.election = Election(f"c{who}-{each.number}", TIMING)
        each.version = None

    @invariant()
    def at_most_one_leads(self) -> None:
        leading = [
            each.election.me
            for number, each in enumerate(self.all)
            if each.election.standing(self.clock(number)) is Standing.LEADING
        ]
        assert len(leading) <= 1, leading

    @invariant()
    def a_leader_holds_the_lease(self) -> None:
        """Stronger: while somebody leads, nobody else's name stands in the lease."""
        for number, each in enumerate(self.all):
            if each.election.standing(self.clock(number)) is Standing.LEADING:
                assert self.server.record.holder_identity == each.election.me


TestElections = Elections.TestCase
TestElections.settings = settings(max_examples=examples(200), stateful_step_count=40)


def test_the_lease_of_another_is_respected_from_when_it_was_seen():
    """Its own times are not looked at: whose clock is wrong does not matter."""
    election = Election("me", TIMING)
    election.see(HELD_BY_OTHER, now=100.0)
    election.see(HELD_BY_OTHER, now=120.0)
    assert election.free_at() == 130.0
    election.see(
        LeaseSpec(holder_identity="other", lease_duration_seconds=30, renew_time="2"), 121.0
    )
    assert election.free_at() == 151.0


def test_a_lease_that_vanished_is_respected_until_it_would_have_expired():
    """Whoever deletes it does not stop the one who leads."""
    election = Election("me", TIMING)
    election.see(HELD_BY_OTHER, now=100.0)
    election.see(None, now=101.0)
    assert election.free_at() == 130.0


def test_a_lease_that_was_given_back_is_free_at_once():
    """So is one that never was, and our own."""
    election = Election("me", TIMING)
    election.see(None, now=1.0)
    assert election.free_at() < 1.0
    election.see(LeaseSpec(holder_identity="", lease_duration_seconds=1), now=2.0)
    assert election.free_at() < 2.0
    election.see(LeaseSpec(holder_identity="me", lease_duration_seconds=30), now=3.0)
    assert election.free_at() < 3.0


def test_leadership_ends_by_the_clock_and_is_taken_up_again():
    """Leading, cut off, leading again; and a standby once another's name was seen."""
    election = Election("me", TIMING)
    assert election.standing(0.0) is Standing.STANDBY
    election.won(election.claim("1"), asked_at=10.0)
    assert election.standing(29.9) is Standing.LEADING
    assert election.standing(30.0) is Standing.CUT_OFF
    election.won(election.claim("2"), asked_at=35.0)
    assert election.standing(36.0) is Standing.LEADING
    election.see(HELD_BY_OTHER, now=37.0)
    assert election.standing(37.0) is Standing.STANDBY
    assert election.holder == "other"


def test_a_change_of_holder_is_counted_and_a_renewal_is_not():
    """What `kubectl get lease -o yaml` tells people."""
    election = Election("me", TIMING)
    election.see(LeaseSpec(holder_identity="other", lease_transitions=4, acquire_time="0"), now=0.0)
    taken = election.claim("1")
    assert (taken.lease_transitions, taken.acquire_time, taken.renew_time) == (5, "1", "1")
    election.won(taken, asked_at=100.0)
    kept = election.claim("2")
    assert (kept.lease_transitions, kept.acquire_time, kept.renew_time) == (5, "1", "2")


def test_the_next_thing_to_do_is_never_slept_through():
    """Retry, or the moment when the lease is free or leadership ends."""
    election = Election("me", TIMING)
    assert election.pause(0.0, TIMING.retry) == TIMING.retry
    election.see(HELD_BY_OTHER, now=0.0)
    assert election.pause(27.0, TIMING.retry) == 3.0
    election.won(election.claim("1"), asked_at=40.0)
    assert election.pause(58.0, TIMING.retry) == 2.0


def test_without_an_election_the_one_process_acts():
    """No lease, no waiting."""
    assert Alone().may_act()
    assert Alone().hesitation() == 0
    assert Alone().head_start() > 3600
    assert not Alone().led_by_another()
