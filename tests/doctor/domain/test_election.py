"""Who acts, and whether the state can be kept: what each fault is called."""

from dataclasses import replace

import pytest

from bot.doctor.domain import election
from bot.doctor.domain.diagnostic import DiagnosticOutcome
from bot.doctor.domain.facts import LeaseFacts, Right
from bot.domain.facts import Denied
from bot.domain.refusal import NotObserved
from tests.doctor.domain.seen import SETUP, a_cluster, failed_with_fix

ALONE = replace(SETUP, state_namespace="")
LOST = NotObserved("The API server did not answer in time.")


def leader(lease: LeaseFacts | Denied | NotObserved | None) -> election.Diagnostic:
    return election.leader(a_cluster(lease=lease), SETUP)


def test_a_leader_that_renews_is_named_with_when():
    """By its name in the Lease."""
    found = leader(LeaseFacts("meshmedic-1_a", 3.2, 30))
    assert (found.outcome, found.observation) == (
        DiagnosticOutcome.OK,
        "meshmedic-1_a leads, and renewed its Lease 3 s ago.",
    )


def test_a_clock_that_is_a_little_behind_is_no_expired_lease():
    """Two machines' clocks are compared, which are never the same."""
    assert leader(LeaseFacts("meshmedic-1_a", 45.0, 30)).outcome is DiagnosticOutcome.OK
    assert leader(LeaseFacts("meshmedic-1_a", -5.0, 30)).observation.endswith("0 s ago.")


@pytest.mark.parametrize("ago", [61.0, None])
def test_a_leader_that_renews_no_more_is_a_failure(ago: float | None):
    """Nobody acts, and where to look."""
    found = leader(LeaseFacts("meshmedic-1_a", ago, 30))
    assert failed_with_fix(
        found, "No process leads: meshmedic-1_a", "kubectl -n meshmedic get pods`."
    )


def test_a_lease_that_nobody_holds_is_a_warning():
    """The bot may just be stopped, or never have run."""
    for lease, saw in ((LeaseFacts("", 5.0, 1), "released the Lease 5 s ago"), (None, "no Lease")):
        found = leader(lease)
        assert found.outcome is DiagnosticOutcome.WARNING
        assert saw in found.observation


def test_what_may_not_be_read_fails_and_what_was_not_is_not_seen():
    """A missing permission has its component."""
    assert failed_with_fix(leader(Denied("cannot get leases")), "cannot get", "deploy/base")
    assert leader(LOST).outcome is DiagnosticOutcome.UNOBSERVED


def test_a_process_alone_is_a_note():
    """On a laptop nothing is wrong with that, and it says what is missed."""
    found = election.leader(a_cluster(), ALONE)
    assert (
        found.outcome is election.state_access(a_cluster(), ALONE).outcome is DiagnosticOutcome.NOTE
    )
    assert "MESHMEDIC_STATE_NAMESPACE" in found.observation
    assert election.wanted(ALONE) == ()


@pytest.mark.parametrize("missing", election.wanted(SETUP), ids=str)
def test_each_permission_that_is_missing_is_named_with_its_fix(missing: Right):
    """Each of them stops something: a write, a takeover, the count of Changes."""
    facts = a_cluster()
    found = election.state_access(
        replace(facts, rights={right: right != missing for right in facts.rights}), SETUP
    )
    assert failed_with_fix(found, f"May not {missing} in meshmedic.", "deploy/base")


def test_a_review_that_was_not_answered_is_never_a_permission():
    """Whether one or none was answered."""
    facts = a_cluster()
    one = {**facts.rights, election.wanted(SETUP)[0]: LOST}
    assert (
        election.state_access(replace(facts, rights=one), SETUP).outcome
        is DiagnosticOutcome.UNOBSERVED
    )
    assert (
        election.state_access(replace(facts, rights={}), SETUP).outcome
        is DiagnosticOutcome.UNOBSERVED
    )
