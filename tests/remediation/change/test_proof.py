"""Requests through Traefik prove that a change helped, or that nobody can tell."""

from hypothesis import given
from hypothesis import strategies as st

from bot.net.probing.protocol import Outcome, ProbeAnswer
from bot.remediation.change.proof import (
    WANTED,
    Count,
    Sample,
    Sort,
    baseline_refusal,
    evaluate,
    sample,
    unseen,
)

OWN = frozenset({"traefik"})


def answers(status: int, number: int = 10, backend: str = "web") -> list[ProbeAnswer]:
    return [ProbeAnswer(id="asked", outcome=Outcome.OK, status=status, backend=backend)] * number


def of(*some: ProbeAnswer) -> Sample:
    return sample(some, OWN)


BROKEN = of(*answers(502, 20))


def test_gateway_errors_fail_and_whatever_the_backend_says_reached_it() -> None:
    """A 404 or 500 of the application is an answer of the application."""
    seen = of(*answers(502), *answers(504), *answers(200), *answers(404), *answers(500))
    assert (seen.failures, seen.of(Sort.REACHED), seen.asked) == (20, 30, 50)


def test_traefiks_own_not_found_page_reaches_no_backend() -> None:
    assert of(*answers(404, backend="traefik")).of(Sort.UNSERVED) == 10
    assert of(*answers(404, backend="web")).of(Sort.REACHED) == 10


def test_a_request_that_does_not_come_to_traefik_says_nothing() -> None:
    """Not even that it failed."""
    never = [ProbeAnswer(id="asked", outcome=each) for each in (Outcome.REFUSED, Outcome.UNTRIED)]
    assert of(*never).asked == 0
    assert "nobody could tell" in baseline_refusal(of(*never))


def test_nothing_is_changed_where_nothing_fails_or_the_route_is_not_served() -> None:
    assert not baseline_refusal(BROKEN)
    assert "Nothing fails now" in baseline_refusal(of(*answers(200)))
    assert "does not serve" in baseline_refusal(of(*answers(404, backend="traefik")))


def test_enough_good_requests_prove_it_and_one_failure_disproves_it() -> None:
    good = of(*answers(200, WANTED // 2))
    assert evaluate(BROKEN, [good]) is None
    proof = evaluate(BROKEN, [good, good])
    assert proof
    assert proof.helped
    assert "20 HTTP 502" in proof.because
    assert "30 HTTP 200" in proof.because
    spoiled = evaluate(BROKEN, [good, good, of(*answers(502, 1))])
    assert spoiled
    assert not spoiled.helped


def test_what_was_not_seen_is_no_proof() -> None:
    assert not unseen(BROKEN, [of(*answers(200, 3))]).helped
    assert not unseen(BROKEN, []).helped


counts = st.lists(
    st.builds(Count, st.sampled_from(Sort), st.sampled_from(["a", "b"]), st.integers(1, 9))
)


@given(counts, counts)
def test_two_samples_together_have_what_both_have(one: list[Count], two: list[Count]) -> None:
    both = Sample(tuple(one)) + Sample(tuple(two))
    for each in Sort:
        assert both.of(each) == Sample((*one, *two)).of(each)
    assert str(both)


@given(st.lists(counts))
def test_no_failure_is_ever_part_of_a_proof(some: list[list[Count]]) -> None:
    """Whatever the order in which they came."""
    proof = evaluate(BROKEN, [Sample(tuple(each)) for each in some])
    failed = sum(Sample(tuple(each)).failures for each in some)
    assert proof is None or proof.helped == (failed == 0)
