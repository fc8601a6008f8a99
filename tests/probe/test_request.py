"""The little of HTTP that an agent takes."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.probe.admitting import Request, RequestDenied, parse

HEAD = b"POST /jobs HTTP/1.1\r\nHost: 10.42.0.9:8473\r\nContent-Length: 12\r\n\r\n"


def test_a_request_of_an_ordinary_client_is_read() -> None:
    asked = parse(HEAD)
    assert (asked.method, asked.path, asked.length) == ("POST", "/jobs", 12)
    assert asked.header("host") == "10.42.0.9:8473"


@given(
    st.binary(max_size=300) | st.integers(0, len(HEAD)).map(lambda cut: HEAD[cut:] + b"\r\n\r\n")
)
def test_no_bytes_make_it_do_more_than_refuse(head: bytes) -> None:
    with contextlib.suppress(RequestDenied):
        assert isinstance(parse(head), Request)


@pytest.mark.parametrize(
    "head",
    [
        b"POST /jobs\r\n\r\n",
        b"PUT /jobs HTTP/1.1\r\n\r\n",
        b"POST /jobs HTTP/2\r\n\r\n",
        b"GET http://a/ HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\n\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(head: bytes) -> None:
    with pytest.raises(RequestDenied, match="no HTTP request"):
        parse(head)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"", 411),
        (b"Content-Length: -1\r\n", 411),
        (b"Content-Length: 1_0\r\n", 411),
        (b"Content-Length: 5\r\nContent-Length: 6\r\n", 411),
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 411),
        (b"Content-Length: 131073\r\n", 413),
        (b"Content-Length: 99999999999\r\n", 411),
    ],
)
def test_a_body_without_one_clear_length_is_refused(headers: bytes, status: int) -> None:
    with pytest.raises(RequestDenied) as caught:
        _ = parse(b"POST /jobs HTTP/1.1\r\n" + headers + b"\r\n").length
    assert caught.value.status == status


def test_a_hostile_head_costs_no_more_than_another() -> None:
    """A pattern that looks back and forth would take minutes for this."""
    with pytest.raises(RequestDenied):
        parse(b"GET / HTTP/1.1\r\nA:" + b" \t" * 200_000 + b"\0\r\n\r\n")


def test_a_header_that_is_there_twice_counts_as_absent() -> None:
    assert parse(b"GET / HTTP/1.1\r\nA: 1\r\na: 2\r\n\r\n").header("a") == ""
