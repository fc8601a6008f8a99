"""Whoever sends a request chooses its path, user, referer and user agent, and forges no other's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.traefik.domain.log_events import Irrelevant, LogReason, ServedRequest, UpstreamError
from bot.traefik.domain.log_parser import parse
from tests.examples import examples
from tests.traefik.world import POD, ROUTER

SHOP = "shop-web-1234@kubernetescrd"
AT = "23/Nov/2026:11:58:00 +0000"
END = f'"-" "-" 1 "{SHOP}" "{POD}" 9ms'
UNREADABLE = Irrelevant(LogReason.UNREADABLE)


def line(
    *,
    path: str = "/",
    user: str = "-",
    referer: str = "-",
    agent: str = "curl/8",
    status: int = 404,
    served: str = "- -",
) -> str:
    """As Traefik's CommonLogFormatter writes it, v2.10 to v3.7: it escapes no quote."""
    return (
        f'10.42.0.1 - {user} [{AT}] "GET {path} HTTP/1.1" {status} 19 "{referer}" "{agent}" 7 '
        f"{served} 2ms"
    )


@pytest.mark.parametrize(
    "chosen",
    [
        {"path": '/x" 502 9 y'},
        {"path": f'/x" 502 9 {END}'},
        {"path": f'/x" 502 9 "-" "-" 1 "{SHOP}" "{POD}'},
        {"path": f'/x" 502 9 {END} "'},
        {"path": '/x" 504 15\\"'},
        {"path": '/" 502 5 "-" "'},
        {"user": f'a [{AT}] "GET / HTTP/1.1" 502 9 {END}'},
        {"user": f'a [{AT}] "GET / HTTP/1.1" 504 15 x'},
        {"user": 'b"'},
        {"user": ' 9 ["'},
        {"user": "x" * 400 + f'" 502 9 {END}'},
        {"referer": f'r" "a" 1 "{SHOP}" "{POD}" 9ms'},
        {"referer": 'https://x/?q="y"'},
        {"agent": f'a" 1 "{SHOP}" "{POD}" 9ms'},
        {"agent": 'Mozilla "quoted"'},
        {"agent": 'back\\" slashed'},
        {"path": '/a"', "agent": 'b"'},
    ],
)
@pytest.mark.parametrize("served", ["- -", f'"{ROUTER}" "{POD}"', f'"{ROUTER}" "-"'])
def test_a_line_with_quotes_of_its_own_is_unreadable(chosen: dict[str, str], served: str) -> None:
    """Whoever put them there might have written all that the line says."""
    assert parse(line(served=served, **chosen)) == UNREADABLE


@pytest.mark.parametrize(
    "chosen",
    [
        {"user": f"a [{AT}]"},
        {"user": "a] 502 9 -"},
        {"user": "bob - eve"},
        {"path": "/%22%20502%209"},
        {"path": "/'502'"},
        {"referer": "https://x/ 502 9"},
        {"agent": f"{SHOP} 502 [{AT}] 9ms"},
        {"agent": "a\\b"},
    ],
)
def test_a_line_without_quotes_of_its_own_says_what_traefik_says(chosen: dict[str, str]) -> None:
    """Its own status, its own router; whatever stands between its quotes."""
    failed = parse(line(status=502, served=f'"{ROUTER}" "{POD}"', **chosen))
    assert isinstance(failed, UpstreamError)
    assert (failed.status, failed.router, failed.address) == (502, ROUTER, POD)
    assert parse(line(status=200, served=f'"{ROUTER}" "{POD}"', **chosen)) == ServedRequest(
        ROUTER, AT
    )
    assert parse(line(status=404, **chosen)) == Irrelevant(LogReason.REQUEST)


PIECES = st.lists(
    st.sampled_from(
        ['"', " ", "-", "]", "[", "\\", "502", " 9 ", SHOP, POD, "9ms", f"[{AT}]", "1", "HTTP/1.1"]
    ),
    max_size=14,
).map("".join)


@settings(max_examples=examples(1000))
@given(PIECES, PIECES, PIECES, PIECES, st.sampled_from(["- -", f'"{ROUTER}" "{POD}"']))
def test_no_request_tells_of_another_router_or_status(
    path: str, user: str, referer: str, agent: str, served: str
) -> None:
    told = parse(line(path=path, user=user or "-", referer=referer, agent=agent, served=served))
    if '"' in path + user + referer + agent:
        assert told == UNREADABLE
    elif isinstance(told, ServedRequest):
        assert (told.router, served) == (ROUTER, f'"{ROUTER}" "{POD}"')
    else:
        assert told in (UNREADABLE, Irrelevant(LogReason.REQUEST))
