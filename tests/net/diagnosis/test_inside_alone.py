"""What is decided by wget in Traefik's own pod: alone, as the last resort, and beside a prober."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.net.diagnosis import service as ways
from bot.net.diagnosis.diagnosis import Confidence, Effect, Row
from bot.net.diagnosis.observation import ExecutionContext
from bot.net.probing.protocol import Outcome
from tests.examples import examples
from tests.net.diagnosis.inside_world import ALONE, by_inside
from tests.net.diagnosis.test_decide import (
    FAULTS,
    HARMLESS,
    LAID_OUT,
    REMOTE,
    possible_rows,
    tried,
)
from tests.net.diagnosis.world import World, a_subject, an_endpoint, around, dice

FAR = (an_endpoint("home-2"),)
BOTH = (an_endpoint("home-1"), an_endpoint("home-2"))


def a_world(endpoints: Any = FAR, /, **faults: Any) -> World:
    subject = faults.pop("subject", {})
    given = {"forbidden": ALONE, "deaf": True, **faults}
    return World(a_subject(endpoints=endpoints, **subject), **given)


def test_the_runbooks_own_cause_is_likely_and_its_cure_is_measured() -> None:
    """Every pod IP is refused from Traefik's pod, the VIP works, and no policy is there."""
    found = by_inside(a_world(redirected={"home-1": 80}))
    assert (found.row, found.confidence) == (Row.REDIRECT, Confidence.LIKELY)
    assert found.effect is Effect.HELPS
    assert (
        "refused. The Service's VIP leads to the same pods and works every time." in found.because
    )
    assert "Other ports" not in found.because
    assert "failed 4 of 4 times" in found.effect_because
    assert found.prober == ways.INSIDE
    assert ways.ALONE in found.untested
    assert any("masquerad" in gap for gap in found.untested)


def test_with_a_policy_the_same_evidence_fits_two_causes() -> None:
    """The source address may decide: no cause, no cure, and how to tell."""
    for policies in (("deny",), None):
        found = by_inside(a_world(redirected={"home-1": 80}, subject={"policies": policies}))
        assert (found.row, found.effect) == (Row.INCONCLUSIVE, Effect.UNKNOWN)
        assert "refused 4 of 4, while the Service's VIP is ok 10 of 10" in found.because
        assert "deploy/components/prober" in found.next


def test_a_vip_that_has_a_local_endpoint_to_choose_proves_nothing() -> None:
    """It is fooling you: the runbook's two commands would have been satisfied."""
    found = by_inside(a_world(BOTH, rejects=frozenset({REMOTE})))
    assert found.row is Row.INCONCLUSIVE
    assert found.effect is not Effect.HELPS


def test_a_vip_that_was_refused_once_is_no_cure() -> None:
    found = by_inside(a_world(redirected={"home-1": 80}, no_vip={"home-1": Outcome.REFUSED}))
    assert (found.row, found.effect) == (Row.INCONCLUSIVE, Effect.UNKNOWN)


def test_silence_names_no_cause() -> None:
    """An overlay that is down and a policy that drops look the same from one pod."""
    found = by_inside(a_world(lost=around("home-2")))
    assert found.row is Row.INCONCLUSIVE
    assert "timeout" in found.because


def test_a_far_endpoint_that_answers_is_not_health() -> None:
    """Large payloads were not tried."""
    found = by_inside(a_world())
    assert found.row is Row.INCONCLUSIVE
    assert "large payloads" in found.because


def test_a_near_endpoint_is_well_as_far_as_was_seen() -> None:
    """Nothing that such a route needs is missing; how long it takes is."""
    found = by_inside(a_world((an_endpoint("home-1"),)))
    assert (found.row, found.confidence) == (Row.HEALTHY, Confidence.LIKELY)
    assert any("wasn't measured" in gap for gap in found.untested)


def test_an_application_that_fails_is_named_as_seen_from_there() -> None:
    found = by_inside(a_world(status=503))
    assert (found.row, found.confidence) == (Row.APPLICATION, Confidence.LIKELY)
    assert found.because.endswith("answers 503. Tested from Traefik's own pod.")


def test_traefik_in_the_host_network_meets_no_prerouting_rule() -> None:
    traefik = (a_subject().traefik[0].__class__("home-1", "traefik", "t", (), host_network=True),)
    found = by_inside(a_world(redirected={"home-1": 80}, subject={"traefik": traefik}))
    assert found.row is Row.INCONCLUSIVE


def test_a_policy_that_selects_traefik_is_seen_from_its_pod_alone() -> None:
    """The prober beside it is let through: only both together can tell."""
    world = World(
        a_subject(endpoints=FAR),
        forbidden=frozenset({ExecutionContext.HOST}),
        traefik_refused=frozenset({REMOTE}),
    )
    found = by_inside(world)
    assert found.row is Row.POLICY
    assert found.prober == f"a model, and {ways.INSIDE}"
    assert ways.POLICIES not in found.untested


def test_without_it_the_policies_of_traefik_are_said_not_to_be_seen() -> None:
    found = by_inside(World(a_subject(endpoints=FAR)))
    assert found.row is Row.HEALTHY
    assert found.prober == "a model"
    assert ways.POLICIES in found.untested


def test_where_nothing_could_be_asked_it_is_said() -> None:
    found = by_inside(a_world(forbidden=frozenset(ExecutionContext)))
    assert found.row is Row.INCONCLUSIVE
    assert found.prober.startswith("nothing: neither a model nor wget")


SOMETIMES = st.sets(st.sampled_from(sorted(FAULTS.keys() - {"listeners", "hosts"})), max_size=3)


def faulty(
    names: set[str], seed: int, endpoints: Any, forbidden: frozenset[ExecutionContext]
) -> World:
    """With the policies that a cluster has in which something refuses."""
    merged: dict[str, Any] = {}
    for name in sorted(names):
        merged |= FAULTS[name][0]
    policies = ("deny",) if {"rejects", "drops"} & merged.keys() else ()
    subject = a_subject(endpoints=endpoints, policies=policies)
    merged |= {"forbidden": forbidden, "deaf": forbidden == ALONE}
    return World(subject, dice=dice(seed), **merged)


MEANS = st.sampled_from([ALONE, frozenset({ExecutionContext.HOST})])


@settings(max_examples=examples(400), suppress_health_check=[HealthCheck.too_slow])
@given(SOMETIMES, st.integers(0, 99), LAID_OUT, MEANS)
def test_several_faults_at_once_make_no_wrong_verdict_and_what_is_prescribed_helps(
    names: set[str], seed: int, endpoints: Any, forbidden: frozenset[ExecutionContext]
) -> None:
    """By wget alone, and beside a prober.

    The advice is carried out in the model: requests by the VIP connect then.
    """
    found = by_inside(faulty(names, seed, endpoints, forbidden))
    if found.row is Row.HEALTHY:
        assert not names - HARMLESS, names
    elif found.row is not Row.INCONCLUSIVE:
        assert found.row in possible_rows(names), (names, found.because)
    if found.effect is Effect.HELPS:
        world = faulty(names, seed, endpoints, forbidden)
        assert Outcome.OK in tried(world, "10.43.0.80"), names
        assert Outcome.OK not in tried(world, REMOTE), names


def test_one_fault_is_named_beside_a_prober_as_without_it() -> None:
    """What wget cannot tell takes nothing away from what the prober saw."""
    for name, (_, rows) in FAULTS.items():
        found = by_inside(faulty({name}, 7, BOTH, frozenset({ExecutionContext.HOST})))
        alone = by_inside(
            faulty({name}, 7, BOTH, frozenset({ExecutionContext.HOST, ExecutionContext.TRAEFIK}))
        )
        assert found.row is alone.row, (name, rows, found.because)


def test_an_answer_that_does_not_come_is_not_laid_on_the_application() -> None:
    """From one pod, packets that are too large or get lost end in the same way."""
    for outcome in (Outcome.STALLED, Outcome.CLOSED, Outcome.RESET):
        found = by_inside(a_world(answers=outcome))
        assert found.row is Row.INCONCLUSIVE


def test_names_count_only_where_every_connection_works() -> None:
    """Where VIPs are broken, so is the one of the DNS server."""
    broken = {"nameless": frozenset({"home-1"}), "no_vip": {"home-1": Outcome.TIMEOUT}}
    assert by_inside(a_world(**broken)).row is Row.INCONCLUSIVE
    found = by_inside(a_world(nameless=frozenset({"home-1"})))
    assert (found.row, found.confidence) == (Row.DNS, Confidence.LIKELY)
