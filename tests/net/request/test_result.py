"""The parts of a request are told apart, by what the prober or wget says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.verdict import Verdict
from bot.net.probing import wget
from bot.net.probing.protocol import Outcome, ProbeAnswer
from bot.net.probing.wget import CommandOutput
from bot.net.request.destination import Destination
from bot.net.request.result import Attempt, Leg, RequestResult, RequestStep, attempt, lookup

PLAIN = Destination(text="x", name="web.apps.svc.cluster.local", address="10.43.0.7", port=80)
SECURE = Destination(text="x", address="10.43.0.7", port=443, tls=True)
BARE = Destination(text="x", address="fd00::7", port=5432, http=False)


def legs(made: Attempt) -> list[tuple[Leg, Outcome]]:
    return [(step.leg, step.outcome) for step in made.steps]


@pytest.mark.parametrize(
    ("goal", "answer", "expected"),
    [
        (PLAIN, ProbeAnswer(id="0", outcome=Outcome.OK, connected=5.0, status=200), Leg.HTTP),
        (BARE, ProbeAnswer(id="0", outcome=Outcome.OK, connected=5.0), Leg.CONNECT),
    ],
)
def test_what_goes_well_goes_through_every_part(
    goal: Destination, answer: ProbeAnswer, expected: Leg
) -> None:
    made = attempt(goal, goal.address, answer)
    assert made.steps[-1].leg is expected
    assert made.verdict is Verdict.HEALTHY


@pytest.mark.parametrize(
    ("answer", "leg"),
    [
        (ProbeAnswer(id="0", outcome=Outcome.REFUSED, connected=1.0, errno=111), Leg.CONNECT),
        (ProbeAnswer(id="0", outcome=Outcome.TIMEOUT, took=3000.0), Leg.CONNECT),
        (ProbeAnswer(id="0", outcome=Outcome.NO_ROUTE, errno=113), Leg.CONNECT),
        (ProbeAnswer(id="0", outcome=Outcome.RESET, errno=104), Leg.CONNECT),
        (ProbeAnswer(id="0", outcome=Outcome.TLS, connected=1.0, detail="bad cert"), Leg.TLS),
        (
            ProbeAnswer(
                id="0",
                outcome=Outcome.STALLED,
                connected=1.0,
                detail="no answer to the TLS handshake",
            ),
            Leg.TLS,
        ),
        (
            ProbeAnswer(
                id="0", outcome=Outcome.STALLED, connected=1.0, detail="asked, and no answer came"
            ),
            Leg.HTTP,
        ),
        (ProbeAnswer(id="0", outcome=Outcome.NOT_HTTP, connected=1.0), Leg.HTTP),
        (ProbeAnswer(id="0", outcome=Outcome.CLOSED, connected=1.0), Leg.HTTP),
    ],
)
def test_the_part_that_failed_is_the_last_that_is_told(answer: ProbeAnswer, leg: Leg) -> None:
    made = attempt(SECURE, "10.43.0.7", answer)
    assert made.steps[-1].leg is leg
    assert made.steps[-1].outcome is answer.outcome
    assert all(step.ok for step in made.steps[:-1])
    assert made.verdict is Verdict.FAILED


def test_an_error_of_the_server_is_reached_and_not_well() -> None:
    """A 404 is an answer like any other; a 502 tells of something behind."""
    for status, verdict in ((404, Verdict.HEALTHY), (502, Verdict.DEGRADED)):
        answer = ProbeAnswer(id="0", outcome=Outcome.OK, connected=1.0, status=status)
        made = attempt(PLAIN, "10.43.0.7", answer)
        found = RequestResult(start="a", goal="b", way="c", attempts=(made,))
        assert found.verdict is verdict
        assert f"HTTP {status}" in found.because


def test_without_its_name_it_is_not_reached_though_its_address_answers() -> None:
    dns, _ = lookup([ProbeAnswer(id="dns", outcome=Outcome.NAME, errno=3, detail="no such name")])
    answer = ProbeAnswer(id="0", outcome=Outcome.OK, connected=1.0, status=200)
    made = attempt(PLAIN, "10.43.0.7", answer)
    found = RequestResult(start="a", goal="b", way="c", dns=dns, attempts=(made,))
    assert found.verdict is Verdict.FAILED
    assert "no such name" in found.because
    assert "`10.43.0.7:80` answers with HTTP 200" in found.because


def test_nothing_tried_is_nothing_known() -> None:
    assert RequestResult(start="a", goal="b", way="c").verdict is Verdict.UNKNOWN


def test_a_wget_that_said_nothing_proves_nothing() -> None:
    dns, made = wget.read_request(PLAIN, CommandOutput("", None))
    assert made
    found = RequestResult(start="a", goal="b", way="c", dns=dns, attempts=(made,))
    assert found.verdict is Verdict.UNKNOWN


def test_one_address_of_two_is_reached_in_part() -> None:
    well = Attempt(address="a", steps=(RequestStep(leg=Leg.CONNECT),))
    bad = Attempt(address="b", steps=(RequestStep(leg=Leg.CONNECT, outcome=Outcome.TIMEOUT),))
    found = RequestResult(start="a", goal="b", way="c", attempts=(well, bad))
    assert found.verdict is Verdict.DEGRADED


@pytest.mark.parametrize(
    ("stderr", "code", "leg", "outcome", "status"),
    [
        ("Connecting to web (10.43.0.7:80)\n  HTTP/1.1 200 OK\n", 0, Leg.HTTP, Outcome.OK, 200),
        (
            "Connecting to web (10.43.0.7:80)\n  HTTP/1.1 502 Bad Gateway\n"
            "wget: server returned error: HTTP/1.1 502 Bad Gateway\n",
            1, Leg.HTTP, Outcome.OK, 502,
        ),
        (
            "Connecting to 10.43.0.7:80 (10.43.0.7:80)\n"
            "wget: can't connect to remote host (10.43.0.7): Connection refused\n",
            1, Leg.CONNECT, Outcome.REFUSED, 0,
        ),
        (
            "wget: can't connect to remote host (10.43.0.7): Host is unreachable\n",
            1, Leg.CONNECT, Outcome.NO_ROUTE, 0,
        ),
        (
            "Connecting to web (web)|10.43.0.7|:80... failed: Connection timed out.\nGiving up.\n",
            4, Leg.CONNECT, Outcome.TIMEOUT, 0,
        ),
        ("wget: download timed out\n", 1, Leg.CONNECT, Outcome.TIMEOUT, 0),
        ("wget: error getting response: Connection reset by peer\n", 1, Leg.HTTP, Outcome.RESET, 0),
        ("wget: error getting response\n", 1, Leg.HTTP, Outcome.CLOSED, 0),
        ("", None, Leg.CONNECT, Outcome.UNTRIED, 0),
    ],
)  # fmt: skip
def test_wgets_words_are_understood(
    stderr: str, code: int | None, leg: Leg, outcome: Outcome, status: int
) -> None:
    """Those of busybox with musl, and of GNU with glibc."""
    dns, made = wget.read_request(PLAIN, CommandOutput(stderr, code))
    assert made
    assert dns
    assert dns.ok
    assert legs(made)[-1] == (leg, outcome)
    assert (made.address, made.status) == ("10.43.0.7:80", status)


def test_wget_that_gets_no_further_than_the_name() -> None:
    for said in ("wget: bad address 'web.apps'\n", "wget: unable to resolve host address 'web'\n"):
        dns, made = wget.read_request(PLAIN, CommandOutput(said, 1))
        assert made is None
        assert dns
        assert dns.outcome is Outcome.NAME


@given(st.text(), st.none() | st.integers(0, 255))
def test_whatever_wget_says_is_read(said: str, code: int | None) -> None:
    dns, made = wget.read_request(SECURE, CommandOutput(said, code))
    assert dns or made


def test_wget_is_given_a_url_and_no_shell() -> None:
    """It begins with its scheme, so that it can be no option."""
    assert wget.request_argv(PLAIN)[-1] == "http://web.apps.svc.cluster.local:80/"
    assert wget.request_argv(BARE)[-1] == "http://[fd00::7]:5432/"
