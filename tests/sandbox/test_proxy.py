"""The simulated Traefik's hosts: one name, any one label, or a pattern, and no more than that."""

from typing import Any

import pytest

from bot.remediation.change import marker
from bot.sandbox.proxy import proxy_rules
from tests.pumping import limited
from tests.remediation.planning.situations import a_route, an_ingress

NAME = marker.host("3f9c")


@pytest.mark.parametrize("route", [an_ingress(), a_route()], ids=["Ingress", "IngressRoute"])
def test_a_marker_is_served_by_its_own_host_alone(route: dict[str, Any]) -> None:
    """Else `/fix` would wait for it in vain, or it would take every request."""
    made = marker.marker(route, NAME)
    assert made
    kind = route["kind"]
    (rule,) = proxy_rules(
        [made.manifest] if kind == "Ingress" else [],
        [made.manifest] if kind == "IngressRoute" else [],
        [],
    )
    assert rule.matches(NAME, "/")
    assert not rule.matches("web.example", "/")
    assert not rule.matches("a.b.meshmedic-3f9c.invalid", "/")


def test_a_converted_wildcard_takes_one_label() -> None:
    route = a_route()
    route["spec"]["routes"][0]["match"] = r"HostRegexp(`^[a-zA-Z0-9-]+\.web\.example$`)"
    (rule,) = proxy_rules([], [route], [])
    assert rule.matches("a.web.example", "/")
    assert not rule.matches("web.example", "/")


@pytest.mark.parametrize("pattern", ["(a+)+$", "(.*)*x", "(a|a)*b", "a{1,1000}{1,1000}"])
def test_a_pattern_that_somebody_wrote_is_not_run(pattern: str) -> None:
    """It is taken for a name, which no request has."""
    route = a_route()
    route["spec"]["routes"][0]["match"] = f"HostRegexp(`{pattern}`)"
    (rule,) = proxy_rules([], [route], [])
    with limited(0.5):
        assert not rule.matches("a" * 60, "/")
