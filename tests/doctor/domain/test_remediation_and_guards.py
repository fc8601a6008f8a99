"""Whether approved changes can be made, and whether the admission policies hold."""

from dataclasses import replace

import pytest

from bot.doctor.domain import guards, remediation
from bot.doctor.domain.diagnostic import DiagnosticOutcome
from bot.doctor.domain.guards import POLICIES
from bot.domain.authorization import Members, Roles
from bot.domain.facts import Denied
from bot.domain.refusal import NotObserved
from tests.doctor.domain.seen import SETUP, a_cluster, failed_with_fix

LOST = NotObserved("no answer")


def test_a_whole_component_tells_where_changes_may_be_made():
    """By namespace."""
    found = remediation.examine(a_cluster(), SETUP)
    assert found.outcome is DiagnosticOutcome.OK
    assert "in apps, media." in found.observation


def test_without_the_component_it_is_a_note():
    """Approvers are named in every install, since they may also look."""
    rights = a_cluster().rights | dict.fromkeys(remediation.IMPERSONATION, False)
    found = remediation.examine(a_cluster(rights=rights, approver=None), SETUP)
    assert found.outcome is DiagnosticOutcome.NOTE


def test_an_administrator_who_may_do_everything_says_nothing_of_the_bot():
    """`meshmedic doctor` on a laptop asks by a kubeconfig of its own."""
    found = remediation.examine(a_cluster(user="kubernetes-admin", approver=()), SETUP)
    assert found.outcome is DiagnosticOutcome.NOTE
    own = remediation.examine(a_cluster(user=remediation.ACCOUNT, approver=()), SETUP)
    assert own.outcome is DiagnosticOutcome.FAILED


@pytest.mark.parametrize("right", remediation.IMPERSONATION, ids=str)
def test_each_right_of_impersonation_that_is_missing_fails(right):
    """By name, with the component."""
    rights = {**a_cluster().rights, right: False}
    found = remediation.examine(a_cluster(rights=rights, approver=None), SETUP)
    assert failed_with_fix(found, f"May not {right}", "Apply deploy/components/remediation again")


def test_an_identity_that_may_write_nowhere_fails():
    """Its role is missing, or no namespace is listed."""
    found = remediation.examine(a_cluster(approver=()), SETUP)
    assert failed_with_fix(
        found, "not change Services in any namespace", "List your namespaces in namespaces.yaml"
    )


def test_a_component_that_nobody_may_use_is_a_warning():
    """MESHMEDIC_APPROVERS is empty."""
    nobody = replace(SETUP, roles=Roles(Members(users=frozenset({1})), Members(), Members()))
    found = remediation.examine(a_cluster(), nobody)
    assert found.outcome is DiagnosticOutcome.WARNING
    assert "MESHMEDIC_APPROVERS" in found.fix


@pytest.mark.parametrize("lost", [LOST, Denied("403"), None])
def test_what_the_identity_may_do_and_nobody_could_ask_is_not_seen(lost):
    found = remediation.examine(a_cluster(approver=lost), SETUP)
    assert found.outcome is DiagnosticOutcome.UNOBSERVED


@pytest.mark.parametrize("component", POLICIES)
def test_a_policy_that_lets_pass_what_it_must_refuse_fails(component: str):
    """It is named with its component, and no other is."""
    held = a_cluster(guards={**dict.fromkeys(POLICIES, True), component: False})
    found = {each.name: each for each in guards.examine(held)}
    wrong = found.pop(f"policy of {component}")
    folder = "base" if component == "base" else f"components/{component}"
    assert failed_with_fix(wrong, POLICIES[component][0], f"deploy/{folder} again")
    assert {each.outcome for each in found.values()} == {DiagnosticOutcome.OK}


def test_a_policy_whose_trial_ended_otherwise_is_not_seen():
    """And what is not installed is no topic."""
    (found,) = guards.examine(a_cluster(guards={"exec": LOST}))
    assert found.outcome is DiagnosticOutcome.UNOBSERVED
    assert list(guards.examine(a_cluster(guards={}))) == []
