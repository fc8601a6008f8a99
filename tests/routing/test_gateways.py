"""Which Gateways are Traefik's, which hosts they take, and what a ReferenceGrant allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.domain.finding import Ref
from bot.routing.gateways import intersection, not_granted
from tests.gateways import a_grant
from tests.net.networks import a_snapshot


@pytest.mark.parametrize(
    ("listener", "route", "both"),
    [
        ("", "a.example", "a.example"),
        ("a.example", "", "a.example"),
        ("a.example", "A.EXAMPLE", "a.example"),
        ("*.example", "a.example", "a.example"),
        ("*.example", "a.b.example", "a.b.example"),
        ("a.example", "*.example", "a.example"),
        ("*.b.example", "*.example", "*.b.example"),
        ("*.example", "example", None),
        ("*.example", "badexample", None),
        ("a.example", "b.example", None),
        ("", "", ""),
    ],
)
def test_of_two_hostnames_that_fit_the_narrower_counts(
    listener: str, route: str, both: str | None
) -> None:
    """By the rules of the Gateway API, and from either side."""
    assert intersection(listener, route) == both
    assert intersection(route, listener) == both


HOST = some.text("*.ab", max_size=8)


@given(HOST, HOST)
def test_an_intersection_is_one_of_the_two(one: str, other: str) -> None:
    """It invents no host, and who asks does not matter."""
    both = intersection(one, other)
    assert both in {one, other, None}
    assert both == intersection(other, one)


ROUTE, SERVICE = Ref("HTTPRoute", "apps", "site"), Ref("Service", "data", "db")


@pytest.mark.parametrize(
    ("grant", "reason"),
    [
        (a_grant(), ""),
        (a_grant(name=None), ""),
        (a_grant(to_group="core"), ""),
        (a_grant(name="other"), "RefNotPermitted"),
        (a_grant(to_kind="Secret"), "RefNotPermitted"),
        (a_grant(source="web"), "RefNotPermitted"),
        (a_grant(from_kind="GRPCRoute"), "RefNotPermitted"),
        (a_grant(namespace="apps"), "RefNotPermitted"),
    ],
)
def test_a_grant_allows_what_it_names_and_no_more(grant: dict[str, object], reason: str) -> None:
    """It stands in the namespace of what is referred to, and may be for one name."""
    defect = not_granted(ROUTE, "", SERVICE, a_snapshot(grant))
    assert (defect.reason if defect else "") == reason


def test_within_a_namespace_nothing_needs_a_grant() -> None:
    """Nor does anything in a file, which shows no absence."""
    assert not_granted(ROUTE, "", Ref("Service", "apps", "db"), a_snapshot()) is None
    assert not_granted(ROUTE, "", SERVICE, a_snapshot(live=False)) is None
