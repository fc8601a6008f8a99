"""Who may approve: the defaults suit one person at home, and each rule alone can refuse."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.authorization import Members, Roles
from bot.domain.finding import Target
from bot.remediation.change.approval import NEVER, Click, Policy, refusal
from bot.remediation.change.change import Change
from bot.remediation.change.fields import Action
from bot.remediation.change.history import ChangeHistory, proposed
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.states import ChangeState
from bot.remediation.change.step import Step

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNTIL = NOW + timedelta(minutes=15)
OWNER, OTHER, GUEST = 100000000000000001, 100000000000000002, 100000000000000003
TRUSTED_ROLE = 7
HOME = Roles(approvers=Members(frozenset({OWNER, OTHER}), frozenset({TRUSTED_ROLE})))


def asked(*namespaces: str, by: int = OWNER, history: ChangeHistory | None = None) -> Change:
    """A change that would write a Service in each of these namespaces."""
    steps = tuple(
        Step(Action.ANNOTATE_SERVICE, Target("Service", namespace, "web"))
        for namespace in namespaces or ("apps",)
    )
    plan = RepairPlan(
        target="Ingress apps/web",
        way=Method.ANNOTATION,
        asked="ingress/apps/web",
        host="web.example",
        path="/",
        row="redirect",
        effect="helps",
        steps=steps,
    )
    return Change(
        name="20260301-1200-web-3f9c",
        requester=str(by),
        expires=UNTIL,
        plan=plan,
        history=history or proposed(str(by), NOW),
    )


def click(user: int = OWNER, *, roles: frozenset[int] = frozenset(), at: datetime = NOW) -> Click:
    return Click(user, roles, at)


def test_one_person_at_home_approves_what_they_asked_for() -> None:
    assert refusal(asked(), click(), HOME, Policy()) == ""


def test_a_role_counts_as_it_is_at_the_click() -> None:
    assert refusal(asked(), click(GUEST, roles=frozenset({TRUSTED_ROLE})), HOME, Policy()) == ""
    assert "Only approvers" in refusal(asked(), click(GUEST), HOME, Policy())


def test_without_approvers_nothing_is_ever_changed() -> None:
    roles = Roles(operators=Members(frozenset({OWNER})))
    assert "no approvers are set" in refusal(asked(), click(), roles, Policy())


@pytest.mark.parametrize(
    "policy", [Policy(self_approval=False), Policy(two_people=frozenset({"apps"}))]
)
def test_where_two_people_are_wanted_another_one_approves(policy: Policy) -> None:
    assert "another person" in refusal(asked(), click(), HOME, policy)
    assert refusal(asked(), click(OTHER), HOME, policy) == ""


def test_two_people_are_wanted_in_the_named_namespaces_only() -> None:
    policy = Policy(two_people=frozenset({"bank"}))
    assert refusal(asked("apps"), click(), HOME, policy) == ""
    assert "bank" in refusal(asked("apps", "bank"), click(), HOME, policy)


@pytest.mark.parametrize("namespace", sorted(NEVER))
def test_what_runs_the_cluster_is_never_touched(namespace: str) -> None:
    """Not even where settings name other namespaces in its place."""
    for policy in (Policy(), Policy(never=frozenset({"apps"}))):
        assert "never changed" in refusal(asked(namespace), click(), HOME, policy)


def test_what_has_expired_is_asked_for_anew() -> None:
    assert refusal(asked(), click(at=UNTIL - timedelta(seconds=1)), HOME, Policy()) == ""
    assert "expired" in refusal(asked(), click(at=UNTIL), HOME, Policy())


def test_a_second_click_is_told_what_it_is_already() -> None:
    history = proposed(str(OWNER), NOW).moved(
        ChangeState.APPROVED, by=str(OTHER), at=NOW, expires=UNTIL
    )
    assert isinstance(history, ChangeHistory)
    told = refusal(asked(history=history), click(), HOME, Policy())
    assert told == "It is Approved already."


@given(
    st.sampled_from([OWNER, OTHER, GUEST]),
    st.sets(st.sampled_from([TRUSTED_ROLE, 8])),
    st.sets(st.sampled_from(["apps", "bank", *NEVER]), min_size=1),
    st.booleans(),
    st.integers(-1000, 2000),
)
def test_whoever_is_let_through_may(
    user: int, roles: set[int], namespaces: set[str], alone: bool, seconds: int
) -> None:
    """The rules once more, each on its own."""
    policy = Policy(self_approval=alone, two_people=frozenset({"bank"}))
    at = NOW + timedelta(seconds=seconds)
    made = asked(*namespaces)
    let_through = not refusal(made, click(user, roles=frozenset(roles), at=at), HOME, policy)
    another = user != OWNER or (alone and "bank" not in namespaces)
    known = user in (OWNER, OTHER) or TRUSTED_ROLE in roles
    assert let_through == (known and another and at < UNTIL and not namespaces & NEVER)
