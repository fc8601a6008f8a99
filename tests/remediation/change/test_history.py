"""Whatever is clicked, late, twice or by two processes: a Change is approved at most once."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.domain.refusal import Refusal
from bot.remediation.change.history import (
    MOST,
    NOTE,
    ChangeHistory,
    HistoryEntry,
    Next,
    left_to_do,
    proposed,
)
from bot.remediation.change.states import MOVES, ChangeState

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNTIL = BEGAN + timedelta(minutes=15)
states = st.sampled_from(list(ChangeState))


class TwoProcesses(RuleBasedStateMachine):
    """Each knows what it read last; a write goes in only where nobody wrote in between."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGAN
        self.saved = proposed("1", BEGAN)
        self.known = [self.saved, self.saved]
        self.ever = [self.saved]

    @rule(process=st.integers(0, 1))
    def reads(self, process: int) -> None:
        self.known[process] = self.saved

    @rule(seconds=st.integers(1, 600))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(process=st.integers(0, 1), to=states)
    def moves(self, process: int, to: ChangeState) -> None:
        found = self.known[process].moved(to, by="2", at=self.now, expires=UNTIL)
        if isinstance(found, ChangeHistory) and self.known[process] == self.saved:
            self.saved = self.known[process] = found
            self.ever.append(found)

    @invariant()
    def every_step_was_legal_and_nothing_was_forgotten(self) -> None:
        for old, new in zip(self.ever, self.ever[1:], strict=False):
            assert new.entries[:-1] == old.entries
            assert new.state in MOVES[old.state]

    @invariant()
    def it_is_approved_and_applied_once_at_most_and_in_time(self) -> None:
        for state in (ChangeState.APPROVED, ChangeState.APPLYING):
            when = [each.at for each in self.saved.entries if each.state is state]
            assert len(when) <= 1
            assert all(at < UNTIL for at in when)

    @invariant()
    def nothing_is_applied_that_was_not_approved(self) -> None:
        path = [each.state for each in self.saved.entries]
        if ChangeState.APPLYING in path:
            assert path[path.index(ChangeState.APPLYING) - 1] is ChangeState.APPROVED

    @invariant()
    def a_process_that_starts_forgets_nothing_and_begins_nothing_anew(self) -> None:
        left = left_to_do(self.saved.state, self.now, UNTIL)
        if not MOVES[self.saved.state] or self.saved.state is ChangeState.DONE:
            assert left is Next.NOTHING
        else:
            assert left is not Next.NOTHING
        if left is Next.CHECK:
            assert self.now < UNTIL


TestTwoProcesses = TwoProcesses.TestCase


@given(states, st.integers(-900, 900))
def test_what_has_begun_never_expires(state: ChangeState, seconds: int) -> None:
    history = ChangeHistory((HistoryEntry(0, BEGAN, "1", state),))
    found = history.moved(
        ChangeState.EXPIRED, by="meshmedic", at=UNTIL + timedelta(seconds=seconds), expires=UNTIL
    )
    may = seconds >= 0 and state in (ChangeState.PROPOSED, ChangeState.APPROVED)
    assert isinstance(found, ChangeHistory) == may


def test_why_it_does_not_move_is_said() -> None:
    history = proposed("1", BEGAN)
    late = history.moved(ChangeState.APPROVED, by="2", at=UNTIL, expires=UNTIL)
    assert late == Refusal("It expired at 2026-03-01T12:15:00+00:00.")
    astray = history.moved(ChangeState.DONE, by="2", at=BEGAN, expires=UNTIL)
    assert astray == Refusal("It is Proposed, and cannot become Done.")
    full = ChangeHistory(tuple(HistoryEntry(n, BEGAN, "1", ChangeState.DONE) for n in range(MOST)))
    assert isinstance(full.moved(ChangeState.FAILED, by="2", at=BEGAN, expires=UNTIL), Refusal)


def test_a_note_fits_and_tells_no_secret() -> None:
    noted = proposed("1", BEGAN, "password=hunter22 " + "x" * 5000).entries[0].note
    assert len(noted) <= NOTE
    assert "hunter22" not in noted
