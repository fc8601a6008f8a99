"""Traefik's metrics as text: what is counted, what is not, and what others write into them."""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.traefik.domain import request_counts
from bot.traefik.domain.request_counts import (
    LONGEST,
    MOST_LINES,
    CountedBy,
    MetricsLines,
    MetricsSample,
    RequestCounter,
    rise,
)

SEEN = """\
# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1.79602583589e+09
# HELP traefik_entrypoint_requests_total How many HTTP requests processed on an entrypoint.
# TYPE traefik_entrypoint_requests_total counter
traefik_entrypoint_requests_total{code="200",entrypoint="web",method="GET",protocol="http"} 3
# TYPE traefik_router_requests_total counter
traefik_router_requests_total{code="2",method="POST",protocol="grpc",router="good@file",service="g"} 1
traefik_router_requests_total{code="200",method="GET",protocol="http",router="good@file",service="g"} 1
traefik_router_requests_total{code="200",method="OPTIONS",protocol="http",router="cors@file",service="g"} 1
traefik_router_requests_total{code="401",method="GET",protocol="http",router="login@file",service="g"} 1
traefik_service_request_duration_seconds_bucket{code="200",method="GET",service="good@file",le="0.1"} 7
# TYPE traefik_service_requests_total counter
traefik_service_requests_total{code="2",method="POST",protocol="grpc",service="good@file"} 1
traefik_service_requests_total{code="200",method="GET",protocol="http",service="good@file"} 3
traefik_service_requests_total{code="200",method="HEAD",protocol="http",service="good@file"} 1.5e+06
traefik_service_requests_total{code="501",method="EXTENSION_METHOD",protocol="http",service="good@file"} 1
traefik_service_requests_total{code="502",method="GET",protocol="http",service="dead@file"} 2
"""  # noqa: E501  # as Traefik 3.6 wrote it, shortened
START = datetime.fromtimestamp(1796025835.89, UTC)
NOW = START + timedelta(hours=3)
WEB = RequestCounter(CountedBy.SERVICE, "web@kubernetescrd")


def sampled(text: str, size: int = 64 * 1024, most: int = MOST_LINES) -> MetricsSample | None:
    """What is read of a text that comes in chunks of that size."""
    lines, whole = MetricsLines(most), text.encode()
    for begin in range(0, len(whole), size):
        lines.feed(whole[begin : begin + size])
    return lines.sample()


def line(code: object = 200, value: object = 1, service: str = WEB.name, **more: str) -> str:
    labels = {"code": str(code), "method": "GET", "protocol": "http", "service": service, **more}
    written = ",".join(f'{name}="{text}"' for name, text in sorted(labels.items()))
    return f"traefik_service_requests_total{{{written}}} {value}\n"


def a_sample(started: datetime | None = START, **codes: int) -> MetricsSample:
    """A sample with requests of one service: `ok=3`, `bad=1`."""
    numbers = {"ok": 200, "bad": 502}
    counts = Counter({numbers[name]: count for name, count in codes.items()})
    return MetricsSample({WEB: counts} if counts else {}, started)


@pytest.mark.parametrize("size", [1, 7, 100, 64 * 1024])
def test_what_traefik_writes_is_counted_by_router_service_and_code(size: int) -> None:
    """Without gRPC's own codes, and without what a Middleware answers before any server."""
    sample = sampled(SEEN, size)
    assert sample is not None
    assert sample.started == START
    assert sample.counts == {
        RequestCounter(CountedBy.ROUTER, "good@file"): {200: 1},
        RequestCounter(CountedBy.ROUTER, "login@file"): {401: 1},
        RequestCounter(CountedBy.SERVICE, "good@file"): {200: 1_500_003, 501: 1},
        RequestCounter(CountedBy.SERVICE, "dead@file"): {502: 2},
    }


def test_labels_of_visitors_are_counted_together() -> None:
    """`headerLabels` makes a series of each value of a header, with anything in it."""
    text = line(agent='a\\"} 9') + line(agent="b\\n\\\\") + line(agent="{},=") + line(agent="é")
    sample = sampled(text)
    assert sample is not None
    assert sample.counts == {WEB: {200: 4}}


@pytest.mark.parametrize(
    "text",
    [
        line(value="NaN"),
        line(value="-1"),
        line(value="+Inf"),
        line(value="many"),
        line(code="2xx"),
        'traefik_service_requests_total{code="200"} 1\n',
        'traefik_service_requests_total{code="200",service="a",service="b"} 1\n',
        "traefik_service_requests_total{\n",
        "process_start_time_seconds 1e300\n",
        line().removesuffix("\n"),
    ],
)
def test_a_sample_that_is_not_traefiks_or_was_cut_is_not_used(text: str) -> None:
    """In part it would make of each counter that it lacks one that begins anew."""
    assert sampled(SEEN + text) is None


def test_a_line_that_is_too_long_is_left_out_and_costs_no_memory() -> None:
    """It never comes back, so nothing seems to begin anew. The others count."""
    lines = MetricsLines()
    lines.feed(line()[:-1].encode() + b"\n")
    lines.feed(b'traefik_service_requests_total{code="200",agent="')
    for _ in range(50):
        lines.feed(b"x" * LONGEST)
        assert len(lines._rest) <= LONGEST + 1
    lines.feed(b'",service="y"} 1\n' + line(code=404).encode())
    sample = lines.sample()
    assert sample is not None
    assert sample.counts == {WEB: {200: 1, 404: 1}}


def test_who_makes_too_many_series_gets_no_evidence_by_it_and_takes_none_of_others() -> None:
    """All of theirs are left out, and no more is read than before."""
    many = "".join(
        line(service=f"loud-{number}@kubernetescrd", agent='\\",service=\\"bank-')
        for number in range(50)
    )
    whole = sampled(many, most=50)
    cut = sampled(many + line(service="bank-ledger@kubernetescrd"), most=50)
    assert whole is not None
    assert cut is not None
    assert (whole.whole, len(whole.counts)) == (True, 50)
    assert (cut.whole, [one.name for one in cut.counts]) == (False, ["bank-ledger@kubernetescrd"])


def test_a_counter_that_may_have_been_left_out_before_does_not_begin_anew() -> None:
    """Else all that it ever counted would be of the last minute."""
    before = (NOW - timedelta(minutes=1), dataclasses.replace(a_sample(), whole=False))
    risen = rise(before, NOW, a_sample(ok=900))
    assert risen is not None
    assert risen.counts == {}
    known = (before[0], dataclasses.replace(a_sample(ok=890), whole=False))
    risen = rise(known, NOW, a_sample(ok=900))
    assert risen is not None
    assert risen.counts == {WEB: {200: 10}}


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes_are_read_or_refused(text: bytes, size: int) -> None:
    """Nothing is raised, and what is counted is of codes of HTTP."""
    lines = MetricsLines()
    whole = SEEN.encode() + text + b"\n"
    for begin in range(0, len(whole), size):
        lines.feed(whole[begin : begin + size])
    sample = lines.sample()
    for codes in sample.counts.values() if sample else ():
        assert all(code in request_counts.CODES and count >= 0 for code, count in codes.items())


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.text(max_size=30))
def test_a_name_cannot_become_a_line_of_its_own(name: str, value: str) -> None:
    """As Prometheus' client escapes a label, whatever the cluster or a visitor puts in."""

    def escaped(text: str) -> str:
        return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")

    sample = sampled(line(service=escaped(name), agent=escaped(value)))
    assert sample is None or sample.counts == {RequestCounter(CountedBy.SERVICE, name): {200: 1}}


def test_what_was_counted_between_two_samples_is_the_difference() -> None:
    """A code that is new counts from zero, and one that stood still not at all."""
    begin = NOW - timedelta(minutes=1)
    risen = rise((begin, a_sample(ok=5)), NOW, a_sample(ok=5, bad=2))
    assert risen is not None
    assert (risen.begin, risen.end, risen.counts) == (begin, NOW, {WEB: {502: 2}})
    quiet = rise((begin, a_sample(ok=5)), NOW, a_sample(ok=5))
    assert quiet is not None
    assert quiet.counts == {}


def test_a_counter_that_fell_began_anew() -> None:
    """Traefik drops the counters of a service that is gone, and makes new ones when it is back."""
    risen = rise((NOW, a_sample(ok=90, bad=4)), NOW, a_sample(ok=3, bad=4))
    assert risen is not None
    assert risen.counts == {WEB: {200: 3}}


@pytest.mark.parametrize("before", [None, a_sample(START - timedelta(days=1), ok=2, bad=1)])
def test_a_new_process_counts_from_its_start(before: MetricsSample | None) -> None:
    """Whether its pod was seen before or not."""
    known = before and (NOW - timedelta(days=2), before)
    risen = rise(known, NOW, a_sample(ok=5, bad=1))
    assert risen is not None
    assert (risen.begin, risen.counts) == (START, {WEB: {200: 5, 502: 1}})


def test_a_clock_that_is_set_makes_no_new_process() -> None:
    """The kernel tells a start by its clock."""
    moved = replace(a_sample(ok=7), started=START + timedelta(seconds=1))
    risen = rise((NOW, a_sample(ok=5)), NOW, moved)
    assert risen is not None
    assert risen.counts == {WEB: {200: 2}}


@pytest.mark.parametrize("started", [None, NOW + timedelta(hours=1)])
def test_a_first_sample_without_a_start_shows_nothing(started: datetime | None) -> None:
    """Nobody knows when its requests were."""
    assert rise(None, NOW, a_sample(started, ok=5)) is None


@given(
    st.dictionaries(st.sampled_from([200, 404, 502]), st.integers(0, 9)),
    st.dictionaries(st.sampled_from([200, 404, 502]), st.integers(0, 9)),
)
def test_a_rise_is_never_more_than_was_counted(
    before: Mapping[int, int], after: Mapping[int, int]
) -> None:
    """Whatever the counters did meanwhile."""
    samples = [MetricsSample({WEB: Counter(codes)}, START) for codes in (before, after)]
    risen = rise((NOW, samples[0]), NOW, samples[1])
    assert risen is not None
    for code, count in risen.counts.get(WEB, Counter()).items():
        assert 0 < count <= after[code]
