"""For which hosts of a rule `/` may be asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.net.route_checks import roots
from bot.net.route_checks.roots import RootHost, of_paths, of_rule

DEPENDS = "its rule also depends on"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("Host(`a.example`)", {"a.example": ""}),
        ("Host(`A.Example.`)", {"a.example": ""}),
        ("Host(`a.example`, `b.example`)", {"a.example": "", "b.example": ""}),
        ("Host(`a.example`) || Host(`b.example`)", {"a.example": "", "b.example": ""}),
        ("Host(`a.example`) && PathPrefix(`/`)", {"a.example": ""}),
        ("Host(`a.example`) && Path(`/`)", {"a.example": ""}),
        ("Host(`a.example`) && !PathPrefix(`/api`)", {"a.example": ""}),
        ("Host(`a.example`) && Path(`/admin`)", {"a.example": roots.OTHER_PATH}),
        ("Host(`a.example`) && PathPrefix(`/api`)", {"a.example": roots.OTHER_PATH}),
        ("Host(`a.example`) && !Path(`/`)", {"a.example": roots.OTHER_PATH}),
        (
            "Host(`a.example`) && PathPrefix(`/x`) || Host(`b.example`)",
            {"a.example": roots.OTHER_PATH, "b.example": ""},
        ),
        ("Host(`a.example`) && Method(`POST`)", {"a.example": f"{DEPENDS} Method"}),
        (
            "Host(`a.example`) && Header(`x`, `y`) && ClientIP(`10.0.0.0/8`)",
            {"a.example": f"{DEPENDS} ClientIP, Header"},
        ),
        (
            "Host(`a.example`) && PathRegexp(`^/$`)",
            {"a.example": f"{DEPENDS} PathRegexp"},
        ),
        (
            "Host(`a.example`) && PathPrefix(`/{any:.*}`)",
            {"a.example": f"{DEPENDS} a pattern"},
        ),
        ("Host(`*.example`)", {"*.example": roots.WILDCARD}),
        ("Host(`10.0.0.1`)", {"10.0.0.1": roots.NO_NAME}),
        ("Host(`a.example/admin?x`)", {"a.example/admin?x": roots.NO_NAME}),
        ("HostRegexp(`.+`)", {"": roots.BY_PATTERN}),
        ("PathPrefix(`/`)", {"": roots.NO_HOST}),
        ("!Host(`a.example`)", {"": roots.NO_HOST}),
        ("Host(`a.example`", {"": "its rule is not valid"}),
        (
            " && ".join(["Host(`a.example`)"] * 400),
            {"": "its rule is longer than 4096 characters"},
        ),
    ],
)
def test_a_host_is_asked_where_its_rule_takes_the_root_and_else_it_is_said_why_not(
    rule: str, expected: dict[str, str]
) -> None:
    assert {root.host: root.why for root in of_rule(rule)} == expected


def test_an_ingress_host_is_asked_by_the_same_measure() -> None:
    assert of_paths("A.example", takes_root=True) == RootHost("a.example")
    assert of_paths("a.example", takes_root=False).why == roots.OTHER_PATH
    assert of_paths("*.example", takes_root=True).why == roots.WILDCARD
    assert of_paths("", takes_root=True).why == roots.NO_HOST


pieces = st.sampled_from(
    [
        *("Host(`a.example`)", "Host(`b.example`)", "Path(`/x`)", "PathPrefix(`/y`)", "Path(`/`)"),
        *("HostRegexp(`.*`)", "Query(`a`, `b`)", "(", ")", "!", " && ", " || "),
    ]
)


@given(st.lists(pieces, max_size=12).map("".join) | st.text(max_size=60))
def test_no_rule_makes_more_than_a_plain_host_to_ask(rule: str) -> None:
    """Neither a path nor a query can come into what is asked by way of a host."""
    for root in of_rule(rule):
        if not root.why:
            assert roots.is_name(root.host)
            assert not set(root.host) & set("/?#@: \r\n")
