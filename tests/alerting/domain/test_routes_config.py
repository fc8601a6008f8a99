"""What an owner writes of alerts is understood, or explained."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerting.domain.routes_config import SNOWFLAKE, routes
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.domain.verdict import Verdict

CHECKS = ("pods", "certificates")
HERE, THERE, ROLE = 123456789012345678, 223456789012345678, 323456789012345678


def test_the_first_route_that_fits_takes_an_incident():
    """By severity, namespace and check; what is left out fits all. Ids may be text."""
    given = [
        {"channel": str(HERE), "severity": "failed", "namespaces": ["db"], "role": str(ROLE)},
        {"channel": THERE, "checks": ["certificates"]},
    ]
    rules = Rules(routes(json.dumps(given), CHECKS))
    assert rules.route("pods", "db", Verdict.FAILED) == AlertRoute(
        HERE, Verdict.FAILED, frozenset({"db"}), role=ROLE
    )
    assert rules.route("pods", "db", Verdict.DEGRADED) is None
    for namespace in ("db", "web"):
        route = rules.route("certificates", namespace, Verdict.DEGRADED)
        assert route is not None
        assert (route.channel, route.role) == (THERE, None)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("#alerts", "not a JSON list"),
        ('{"channel": 1}', "not a JSON list"),
        ("[{}]", "channel"),
        (f'[{{"channel": {HERE}, "roles": 1}}]', "roles"),
        ('[{"channel": "alerts"}]', "route 1: 'alerts' is not the id of a channel"),
        (f'[{{"channel": {HERE}, "role": 5}}]', "is not the id of a role"),
        (f'[{{"channel": {HERE}, "severity": "bad"}}]', "degraded or failed"),
        (f'[{{"channel": {HERE}, "checks": ["pod"]}}]', "certificates, pods"),
        (f'[{{"channel": {HERE}, "namespaces": ["A b"]}}]', "not the name of a namespace"),
    ],
)
def test_what_is_wrong_is_said_with_what_is_allowed(wrong: str, told: str):
    with pytest.raises(ValueError, match=told):
        routes(wrong, CHECKS)


@given(st.text() | st.recursive(st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_text_does_anything_but_be_read_or_refused(given: str):
    """Whatever somebody pastes."""
    with suppress(ValueError):
        assert all(SNOWFLAKE.fullmatch(str(each.channel)) for each in routes(given, CHECKS))
