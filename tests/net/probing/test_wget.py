"""Probes as wget makes them: what is run, what its words mean, and what nobody may make it say."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.refusal import Refusal
from bot.net.probing import wget
from bot.net.probing.protocol import Outcome, Probe, ProbeKind
from bot.net.probing.wget import CommandOutput, probe_argv, read_probe


def a_probe(kind: ProbeKind = ProbeKind.TCP, **rest: Any) -> Probe:
    given = {"id": "7", "kind": kind, "address": "10.42.1.7", "port": 8080}
    return Probe(**(given | rest))


NAMED = a_probe(ProbeKind.DNS, address="", name="web.apps.svc.cluster.local", port=80)
GOES = "Connecting to 10.42.1.7:8080 (10.42.1.7:8080)\n"
GNU = "Spider mode enabled. Check if remote file exists.\n--2026-01-31 12:00:00--  http://x/\n"
SENT = f"{GNU}Connecting to 10.42.1.7:8080... connected.\nHTTP request sent, awaiting response... "


def test_the_command_has_its_bounds_and_no_shell() -> None:
    """Without a proxy and without the body; the Host of the route goes as one argument."""
    asked = a_probe(ProbeKind.HTTP, name="web.example", path="/a b?c=d")
    bounds = ("-t", "1", "-T", "3")
    assert probe_argv(asked) == (
        *("wget", "-S", "--max-redirect=0", "--spider", "--proxy=off", "-O", "/dev/null", *bounds),
        *("--header", "Host: web.example", "http://10.42.1.7:8080/a%20b?c=d"),
    )
    assert probe_argv(a_probe(address="fd00::7"))[-1] == "http://[fd00::7]:8080/"  # type: ignore[index]
    assert probe_argv(NAMED)[-1] == "http://web.apps.svc.cluster.local:80/"  # type: ignore[index]


@pytest.mark.parametrize(
    ("asked", "server", "url"),
    [
        (a_probe(ProbeKind.HTTP, name="web.example", path="/a?b=c"), "http://10.42.1.7:8080",
         "http://web.example/a?b=c"),
        (a_probe(ProbeKind.HTTP, path="/a"), "http://10.42.1.7:8080", "http://10.42.1.7:8080/a"),
        (a_probe(address="fd00::7"), "http://[fd00::7]:8080", "http://[fd00::7]:8080/"),
        (NAMED, "http://web.apps.svc.cluster.local:80", "http://web.apps.svc.cluster.local:80/"),
    ],
)  # fmt: skip
def test_without_an_option_against_redirects_the_server_is_the_proxy(
    asked: Probe, server: str, url: str
) -> None:
    """A redirect then leads to the same server again."""
    bounds = ("-O", "/dev/null", "-t", "1", "-T", "3")
    command = ("wget", "-S", "--spider", "--proxy=on", *bounds, url)
    assert probe_argv(asked, gnu=False) == ("env", f"http_proxy={server}", *command)


def test_an_answer_from_elsewhere_says_nothing() -> None:
    """A wget that does not know proxies asks for the route's own name."""
    asked = a_probe(ProbeKind.HTTP, name="web.example")
    said = "Connecting to web.example (203.0.113.7:80)\n  HTTP/1.1 200 OK\n"
    answer = read_probe(asked, CommandOutput(said, 0))
    assert (answer.outcome, answer.detail) == (Outcome.UNTRIED, "wget went to 203.0.113.7.")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (a_probe(ProbeKind.UDP, size=64), "datagrams"),
        (a_probe(ProbeKind.ECHO, size=8192), "payload"),
        (a_probe(ProbeKind.HTTP, size=8192), "payload"),
        (a_probe(ProbeKind.HTTP, tls=True), "TLS"),
        (a_probe(ProbeKind.DNS, address="10.43.0.10", name="web.apps"), "name server"),
        (a_probe(ProbeKind.DNS, address="", name="-O.apps"), "names"),
        (a_probe(address="--help"), "no address"),
        (a_probe(address="web.apps"), "no address"),
        (a_probe(port=0), "no address"),
        (a_probe(address="127.0.0.1"), "loopback"),
        (a_probe(address="169.254.169.254"), "link-local"),
        (a_probe(ProbeKind.HTTP, name="a.example\r\nX: y"), "not a name"),
        (a_probe(ProbeKind.HTTP, name="*.example"), "not a name"),
        (a_probe(ProbeKind.HTTP, path="/" + "x" * 2000), "too long"),
    ],
)  # fmt: skip
def test_what_wget_cannot_do_is_said(asked: Probe, why: str) -> None:
    found = probe_argv(asked)
    assert isinstance(found, Refusal)
    assert why in found.detail


@given(
    st.sampled_from([ProbeKind.TCP, ProbeKind.HTTP, ProbeKind.DNS]),
    st.text() | st.sampled_from(["10.42.1.7", "::1", "fd00::7%eth0", ""]),
    st.integers(-1, 70_000),
    st.text() | st.sampled_from(["web.example", "-web", "a\nb"]),
    st.text(),
)
def test_nothing_that_others_wrote_becomes_an_option_or_a_header(
    kind: ProbeKind, address: str, port: int, name: str, path: str
) -> None:
    """Whatever a route's host and path or a slice's address may be."""
    found = probe_argv(Probe(id="1", kind=kind, address=address, port=port, name=name, path=path))
    if isinstance(found, Refusal):
        return
    assert found[-1].startswith("http://")
    assert "@" not in found[-1].removeprefix("http://").partition("/")[0]
    assert all(each.isprintable() and each.isascii() for each in found)
    known = {"-S", "--max-redirect=0", "--spider", "--proxy=off", "-O", "-t", "-T", "--header"}
    assert {each for each in found if each.startswith("-")} <= known
    assert all(" " not in each for each in found if not each.startswith("Host: "))


@pytest.mark.parametrize(
    ("stderr", "code", "tcp", "http", "status"),
    [
        (f"{GOES}  HTTP/1.1 200 OK\n  X: wget: bad address\n  \nremote file exists\n", 0,
         Outcome.OK, Outcome.OK, 200),
        (f"{GOES}  HTTP/1.1 503 Connection refused\n"
         "wget: server returned error: HTTP/1.1 503 Connection refused\n", 1,
         Outcome.OK, Outcome.OK, 503),
        (f"{GOES}  SSH-2.0-OpenSSH connection refused\nwget: error getting response\n", 1,
         Outcome.OK, Outcome.NOT_HTTP, 0),
        (f"{GOES}wget: error getting response\n", 1, Outcome.OK, Outcome.CLOSED, 0),
        (f"{GOES}wget: error getting response: Connection reset by peer\n", 1,
         Outcome.OK, Outcome.RESET, 0),
        (f"{GOES}  HTTP/1.1 302 Found\n  Location: http://127.0.0.1:9/x\n"
         "Connecting to 127.0.0.1:9 (127.0.0.1:9)\n"
         "wget: can't connect to remote host (127.0.0.1): Connection refused\n", 1,
         Outcome.OK, Outcome.OK, 302),
        (f"{GOES}wget: can't connect to remote host (10.42.1.7): Connection refused\n", 1,
         Outcome.REFUSED, Outcome.REFUSED, 0),
        (f"{GOES}wget: can't connect to remote host (10.42.1.7): Host is unreachable\n", 1,
         Outcome.NO_ROUTE, Outcome.NO_ROUTE, 0),
        (f"{GOES}wget: can't connect to remote host (10.42.1.7): Network is unreachable\n", 1,
         Outcome.NO_ROUTE, Outcome.NO_ROUTE, 0),
        (f"{GOES}wget: download timed out\n", 1, Outcome.TIMEOUT, Outcome.UNTRIED, 0),
        (f"{SENT}\n  HTTP/1.1 503 Connection refused\nRemote file does not exist\n", 8,
         Outcome.OK, Outcome.OK, 503),
        (f"{SENT}No data received.\nGiving up.\n\n", 4, Outcome.OK, Outcome.CLOSED, 0),
        (f"{SENT}Read error (Connection reset by peer) in headers.\nGiving up.\n", 4,
         Outcome.OK, Outcome.RESET, 0),
        (f"{SENT}Read error (Connection timed out) in headers.\nGiving up.\n", 4,
         Outcome.OK, Outcome.STALLED, 0),
        (f"{GNU}Connecting to 10.42.1.7:8080... failed: Connection refused.\n", 4,
         Outcome.REFUSED, Outcome.REFUSED, 0),
        (f"{GNU}Connecting to 10.42.1.7:8080... failed: Connection timed out.\nGiving up.\n", 4,
         Outcome.TIMEOUT, Outcome.TIMEOUT, 0),
        ("wget: invalid option -- 'T'\nUsage: wget [--no-check-certificate] URL\n", 1,
         Outcome.UNTRIED, Outcome.UNTRIED, 0),
        ("", 1, Outcome.UNTRIED, Outcome.UNTRIED, 0),
        (f"{GOES}", None, Outcome.UNTRIED, Outcome.UNTRIED, 0),
        (f"{GOES}  HTTP/1.1 200 OK\n" + "  X: y\n" * 99, None, Outcome.OK, Outcome.OK, 200),
    ],
)  # fmt: skip
def test_wgets_words_are_understood(
    stderr: str, code: int | None, tcp: Outcome, http: Outcome, status: int
) -> None:
    """Those that busybox and GNU were seen to write, the server's own words among them."""
    by_tcp = read_probe(a_probe(), CommandOutput(stderr, code))
    by_http = read_probe(a_probe(ProbeKind.HTTP), CommandOutput(stderr, code))
    assert (by_tcp.outcome, by_http.outcome, by_http.status) == (tcp, http, status)
    assert (by_tcp.connected, by_tcp.took) == (None, 0.0)


@pytest.mark.parametrize(
    ("stderr", "outcome", "addresses"),
    [
        ("Connecting to web.apps:80 (10.43.0.7:80)\nwget: download timed out\n",
         Outcome.OK, ("10.43.0.7",)),
        ("Connecting to web.apps:80 ([fd00::7]:80)\n", Outcome.OK, ("fd00::7",)),
        ("Connecting to web.apps (web.apps)|10.43.0.7|:80... failed: Connection refused.\n",
         Outcome.OK, ("10.43.0.7",)),
        ("wget: bad address 'web.apps:80'\n", Outcome.NAME, ()),
        ("wget: unable to resolve host address 'web.apps'\n", Outcome.NAME, ()),
        ("  HTTP/1.1 200 OK\n  X: (10.9.9.9:80)\n", Outcome.UNTRIED, ()),
        ("", Outcome.UNTRIED, ()),
    ],
)  # fmt: skip
def test_a_name_is_found_where_it_says_whither_it_goes(
    stderr: str, outcome: Outcome, addresses: tuple[str, ...]
) -> None:
    """Also where nobody answers there."""
    found = read_probe(NAMED, CommandOutput(stderr, 1))
    assert (found.outcome, found.addresses) == (outcome, addresses)


PROBES = st.sampled_from([a_probe(), a_probe(ProbeKind.HTTP), NAMED])


@given(PROBES, st.text(), st.none() | st.integers(0, 255))
@example(a_probe(), "  \n", 1)
def test_whatever_wget_says_is_an_answer(asked: Probe, said: str, code: int | None) -> None:
    """Never an exception, never a time, and always its own probe's."""
    found = read_probe(asked, CommandOutput(said, code))
    assert (found.id, found.connected, found.took) == ("7", None, 0.0)
    assert found.outcome is not Outcome.UNTRIED or found.detail


LINES = st.lists(st.text(st.characters(exclude_characters="\n")), min_size=1, max_size=5)


@given(LINES)
@example(["Connection refused"])
@example(["HTTP/1.1 200 OK\rwget: bad address"])
@example(["\u2028wget: download timed out"])
def test_no_server_makes_wget_deny_that_it_was_reached(said: list[str]) -> None:
    """Whatever it writes, in a status line or a header."""
    written = "".join(f"  {each}\n" for each in said)
    failed = CommandOutput(f"{GOES}{written}wget: error getting response\n", 1)
    assert read_probe(a_probe(), failed).outcome is Outcome.OK


@given(st.text().filter(lambda said: "\n  " not in f"\n{said}"))
def test_a_failure_in_unknown_words_is_no_success(said: str) -> None:
    """Of a command that failed only its own known words count."""
    known = wget.failure(said).outcome is not Outcome.UNTRIED
    assert known or read_probe(a_probe(), CommandOutput(said, 1)).outcome is Outcome.UNTRIED
