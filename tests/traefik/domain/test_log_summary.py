"""A whole log, counted: its lines from chunks, and what they tell in bounded memory."""

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.traefik.domain.log_events import Cause, LogReason
from bot.traefik.domain.log_parser import LONGEST
from bot.traefik.domain.log_summary import LineSplitter, LogSummarizer

POD, VIP = "http://10.42.1.7:8080", "http://10.43.0.5:80"


def created(url: str, at: str, router: str = "r@kubernetescrd") -> str:
    return f"2026-11-23T{at}Z DBG service.go:440 > Creating server URL={url} routerName={router}"


def refused(at: str, address: str = "10.42.1.7:80") -> str:
    why = f"dial tcp {address}: connect: connection refused"
    return f'2026-11-23T{at}Z DBG proxy.go:121 > 502 Bad Gateway error="{why}"'


def served(at: str, router: str = "r@kubernetescrd", status: int = 200) -> str:
    request = f'[23/Nov/2026:{at} +0000] "GET / HTTP/2.0" {status} 5 "-" "-" 1'
    return f'10.42.0.9 - - {request} "{router}" "{POD}" 2ms'


def summed(*lines: str, most: int = 100):
    summarizer = LogSummarizer(most)
    for line in lines:
        summarizer.add(line)
    return summarizer.summary()


def test_failures_of_one_kind_are_counted_with_their_first_and_last_time() -> None:
    found = summed(refused("12:00:05"), refused("12:00:01"), refused("12:00:09"))
    (failure,) = found.failures
    assert failure.event.cause is Cause.REFUSED
    assert failure.times.count == 3
    assert failure.times.first == datetime(2026, 11, 23, 12, 0, 1, tzinfo=UTC)
    assert failure.times.last == datetime(2026, 11, 23, 12, 0, 9, tzinfo=UTC)


def test_a_routers_servers_are_those_of_its_latest_configuration() -> None:
    """After the switch to the VIP the pod's address is history."""
    other = "http://10.42.2.2:80"
    found = summed(
        created(POD, "12:00:00"),
        created(other, "12:00:01"),
        created(POD, "12:30:00", router="elsewhere@kubernetes"),
        created(VIP, "13:00:00"),
    )
    assert [
        (server.event.url, server.event.router[0], server.current) for server in found.servers
    ] == [
        (VIP, "r", True),
        (POD, "e", True),
        (other, "r", False),
        (POD, "r", False),
    ]


def test_what_is_beyond_the_bound_is_counted_and_not_kept() -> None:
    """A hostile log names a new address in every line."""
    found = summed(*(refused("12:00:00", f"10.0.0.{number}:80") for number in range(50)), most=10)
    assert (len(found.failures), found.left_out) == (10, 40)


def failed(namespace: str, number: int) -> str:
    """As JSON of Traefik's, with the names that it gives a route of that namespace."""
    name = f"{namespace}-web-{number}@kubernetescrd"
    return f"{refused('12:00:00', f'10.0.{number >> 8}.{number & 255}:80')} serviceName={name}"


def test_a_namespace_of_many_failures_takes_no_place_of_another_ones() -> None:
    """Neither before them nor after: who has the most loses, and each that is lost is counted."""
    loud = [failed("loud", number) for number in range(300)]
    bank = [failed("bank", number) for number in range(300, 303)]
    found = summed(*loud[:200], *bank, *loud[200:], most=10)
    names = [failure.event.service.partition("-")[0] for failure in found.failures]
    assert Counter(names) == {"loud": 7, "bank": 3}
    assert found.left_out == 293


def test_of_good_requests_the_last_one_of_each_router_is_kept() -> None:
    """Its time alone is read; the others are counted as before."""
    summary = summed(served("12:00:00"), served("12:00:09"), served("12:00:04", "s@kubernetes"))
    assert summary.answered == {
        "r@kubernetescrd": datetime(2026, 11, 23, 12, 0, 9, tzinfo=UTC),
        "s@kubernetes": datetime(2026, 11, 23, 12, 0, 4, tzinfo=UTC),
    }
    assert summary.irrelevant == {LogReason.REQUEST: 3}


def test_good_requests_are_kept_of_a_bounded_number_of_routers() -> None:
    """A router that is known stays up to date."""
    lines = [served("12:00:00", f"r{number}@kubernetescrd") for number in range(50)]
    summary = summed(*lines, served("13:00:00", "r3@kubernetescrd"), most=10)
    assert len(summary.answered) == 10
    assert summary.answered["r3@kubernetescrd"].hour == 13


def test_a_good_request_whose_time_cannot_be_read_shows_nothing() -> None:
    """Without a time nobody knows whether it was before a failure."""
    assert summed(served("soon")).answered == {}


def test_irrelevant_lines_are_counted_by_their_reason() -> None:
    found = summed("", "2026-11-23T12:00:00Z DBG wrr.go:1 > Service selected by WRR: x", "odd")
    assert found.irrelevant == {LogReason.BLANK: 1, LogReason.CHOICE: 1, LogReason.NO_LOG_LINE: 1}
    assert found.lines == 3


@given(st.lists(st.text("ab\n", max_size=30)), st.integers(1, 7))
def test_chunks_make_the_same_lines_wherever_they_are_cut(texts: list[str], size: int) -> None:
    whole = "".join(texts).encode()
    splitter = LineSplitter()
    lines = []
    for begin in range(0, len(whole), size):
        lines += splitter.feed(whole[begin : begin + size])
    lines += splitter.end()
    expected = whole.decode().split("\n")
    assert lines == (expected if expected[-1] else expected[:-1])
    assert splitter.taken == len(whole)


def test_a_line_of_megabytes_costs_no_memory_and_is_named() -> None:
    splitter, summarizer = LineSplitter(), LogSummarizer()
    for _ in range(200):
        for line in splitter.feed(b"502" * 10_000):
            summarizer.add(line)
        assert len(splitter._begun) <= LONGEST + 1
    for line in splitter.feed(b"\n" + refused("12:00:00").encode() + b"\n"):
        summarizer.add(line)
    found = summarizer.summary("x")
    assert found.irrelevant == {LogReason.TOO_LONG: 1}
    assert [failure.times.count for failure in found.failures] == [1]
    assert found.cut == ("x",)
