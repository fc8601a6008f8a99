"""Rounds as the prober writes them, out of whatever else a log holds."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.net.mesh import rounds as round_log
from bot.net.mesh.matrix import By
from bot.net.mesh.rounds import KINDS
from bot.net.probing.protocol import Outcome
from bot.probe import rounds
from bot.probe.rounds import Peer
from tests.net.mesh.witnesses import NOW


def stamped(
    lines: list[dict[str, Any]], at: datetime = NOW, digits: str = ".000000123", zone: str = "Z"
) -> bytes:
    """As a kubelet gives a log with `timestamps`: a second a line, with the offset of its node."""
    moments = (at + timedelta(seconds=number) for number in range(len(lines)))
    return b"".join(
        f"{moment:%Y-%m-%dT%H:%M:%S}{digits}{zone} {json.dumps(line)}\n".encode()
        for moment, line in zip(moments, lines, strict=True)
    )


def said(name: str, outcome: str = "ok", job: str = "round") -> dict[str, Any]:
    return {"job": job, "answer": {"id": name, "outcome": outcome, "took": 2.5}}


DONE = {"job": "round", "done": True}


async def test_what_the_prober_writes_is_read():
    """Its own words: nobody listens at this address."""
    written: list[dict[str, Any]] = []
    await rounds.one_round([Peer("edge.example", "127.0.0.1", 1)], written.append)
    (found,) = round_log.read_rounds(stamped(written))
    assert {each.test for each in found.tries} == set(KINDS)
    assert {each.target for each in found.tries} == {"edge.example"}
    assert {each.outcome for each in found.tries} == {Outcome.REFUSED}
    assert rounds.JOB == round_log.JOB


def test_the_last_two_rounds_are_read_with_their_time():
    log = stamped([line for _ in range(3) for line in (said("tcp/b"), said("udp/b"), DONE)])
    found = round_log.read_rounds(log)
    assert [each.ended - NOW for each in found] == [
        timedelta(seconds=n, microseconds=0) for n in (5, 8)
    ]
    assert [each.test for each in found[-1].tries] == [By.POD, By.UDP]
    assert found[0].ended.tzinfo is UTC or found[0].ended.utcoffset() == timedelta()


@pytest.mark.parametrize("digits", ["", ".5", ".97", ".970598", ".970598011"])
@pytest.mark.parametrize("zone", ["Z", "+00:00", "+01:00", "+05:45", "-03:30", "-11:00"])
def test_a_round_ends_at_the_same_instant_wherever_its_node_is(zone: str, digits: str):
    """Else a node east of UTC is read as from the future, and one west of it as long silent."""
    offset = datetime.fromisoformat(f"{NOW:%Y-%m-%dT%H:%M:%S}{zone}").utcoffset() or timedelta()
    local = NOW.astimezone(timezone(offset))
    (found,) = round_log.read_rounds(stamped([said("tcp/b"), DONE], local, digits, zone))
    part = timedelta(microseconds=int(digits[1:7].ljust(6, "0")))
    assert found.ended == NOW + timedelta(seconds=1) + part


def test_a_round_that_goes_on_is_not_one_yet():
    assert round_log.read_rounds(stamped([said("tcp/b"), said("udp/b")])) == ()


def test_of_a_round_whose_beginning_is_gone_the_rest_counts():
    log = stamped([said("tcp/b"), said("tcp/c"), DONE])
    (found,) = round_log.read_rounds(log[100:])
    assert [each.target for each in found.tries] == ["c"]


def test_a_round_whose_end_was_lost_is_not_mixed_with_the_next():
    """An agent drops a line where nobody takes it at once."""
    log = stamped([said("tcp/b", "timeout"), said("tcp/c"), said("tcp/b"), DONE])
    (found,) = round_log.read_rounds(log)
    assert [(each.target, each.outcome) for each in found.tries] == [("b", Outcome.OK)]


def test_jobs_and_whatever_else_is_passed_over():
    log = b"".join(
        (
            b"no time at all\n",
            stamped([{"job": "agent", "listening": "x"}, said("tcp/b", job="asked-1")]),
            b"2026-11-23T12:00:00Z {broken\n",
            b"2026-99-99T12:00:00Z " + json.dumps(said("tcp/d")).encode() + b"\n",
            stamped([said("http/b"), said("tcp/"), said("tcp"), said("tcp/c", "odd")]),
            stamped([said("tcp/b"), DONE]),
        )
    )
    (found,) = round_log.read_rounds(log)
    assert [each.target for each in found.tries] == ["b"]


@given(st.binary(max_size=300), st.integers(0, 400))
def test_any_log_is_read(noise: bytes, cut: int):
    """A log is somebody else's words, and cut anywhere."""
    whole = stamped([said("tcp/b"), DONE] * 3)
    for each in round_log.read_rounds(whole[:cut] + noise + whole[cut:]):
        assert all(one.target for one in each.tries)
