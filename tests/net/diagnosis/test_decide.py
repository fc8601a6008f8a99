"""What holds whatever is observed: no crash, no verdict from silence, no cure without proof."""

import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.net.diagnosis.decide import decide
from bot.net.diagnosis.diagnosis import Confidence, Diagnosis, Effect, Row
from bot.net.diagnosis.evidence import RouteEvidence, collect
from bot.net.diagnosis.observation import (
    Aim,
    Belief,
    ExecutionContext,
    ListenerReport,
    Observation,
    PlannedProbe,
    ProbeTarget,
    Upstream,
    VantagePoint,
)
from bot.net.diagnosis.subject import Native, Subject
from bot.net.diagnosis.vantage_points import choose_vantage_points, target
from bot.net.probing.protocol import Heard, Outcome, Probe, ProbeAnswer, ProbeKind
from tests.examples import examples
from tests.net.diagnosis.probing_world import observed
from tests.net.diagnosis.world import World, a_subject, all_pairs, an_endpoint, around, dice

RANK = {Confidence.NONE: 0, Confidence.LIKELY: 1, Confidence.PROVEN: 2}
LOCAL, REMOTE = "10.42.1.20", "10.42.2.20"

ADDRESSES = st.sampled_from(["", LOCAL, REMOTE, "10.43.0.80", "10.42.2.99", "nonsense", "fd00::1"])
NODES = st.sampled_from(["", "home-1", "home-2", "home-3"])
TIMES = st.none() | st.floats(0, 5000)

ANSWERS = st.builds(
    ProbeAnswer,
    id=st.just("1"),
    outcome=st.sampled_from(Outcome),
    at=st.floats(0, 60_000),
    connected=TIMES,
    status=st.sampled_from([0, 200, 404, 503]),
    source=ADDRESSES,
    backend=st.sampled_from(["", "a", "b"]),
    retried=st.booleans(),
    detail=st.text(max_size=5),
)
TARGETS = st.builds(
    ProbeTarget,
    node=NODES,
    pod=st.sampled_from(["", "apps/web-1-20", "apps/web-2-20"]),
    address=ADDRESSES,
) | st.sampled_from(
    [ProbeTarget("home-1", "apps/web-1-20", LOCAL), ProbeTarget("home-2", "apps/web-2-20", REMOTE)]
)
OBSERVATIONS = st.builds(
    Observation,
    question=st.builds(
        PlannedProbe,
        source=st.builds(VantagePoint, node=NODES, context=st.sampled_from(ExecutionContext)),
        aim=st.sampled_from(Aim),
        target=TARGETS,
        probe=st.just(Probe(id="1", kind=ProbeKind.TCP)),
    ),
    answers=st.lists(ANSWERS, max_size=5).map(tuple),
    unasked=st.sampled_from(["", "not allowed"]),
    round=st.integers(1, 2),
)
SUBJECTS = st.builds(
    a_subject,
    endpoints=st.sampled_from(
        [
            (),
            (an_endpoint("home-1"),),
            (an_endpoint("home-2"),),
            (an_endpoint("home-1"), an_endpoint("home-2")),
        ]
    ),
    native=st.sampled_from(Native),
    native_because=st.just("It is so."),
    external=st.sampled_from(["", "example.net"]),
    policies=st.sampled_from([None, (), ("deny",)]),
    endpoints_seen=st.booleans(),
)
EARS = st.lists(
    st.builds(
        ListenerReport,
        node=NODES,
        heard=st.none()
        | st.lists(st.builds(Heard, source=ADDRESSES, tcp=st.integers(0, 3)), max_size=3).map(
            tuple
        ),
    ),
    max_size=3,
)
BELIEFS = st.builds(
    Belief,
    servers=st.none() | st.lists(st.tuples(ADDRESSES, st.just(80)), max_size=3).map(tuple),
    of=st.sampled_from(["API", "log"]),
    failures=st.lists(
        st.builds(Upstream, address=ADDRESSES, port=st.just(80), outcome=st.sampled_from(Outcome)),
        max_size=3,
    ).map(tuple),
    version=st.sampled_from(["", "v2.9.1", "3.6.13", "latest"]),
)


@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.too_slow])
@given(SUBJECTS, st.lists(OBSERVATIONS, max_size=25), EARS, BELIEFS)
def test_any_observations_have_an_answer_and_no_cure_without_proof(
    subject: Subject, seen: list[Observation], ears: list[ListenerReport], belief: Belief
):
    """Never an exception; a verdict has words; INCONCLUSIVE names the next test.

    Noise is not proof: where HELPS is said, the decisive tests stand in the observations.
    """
    found = decide(subject, seen, ears, belief)
    assert found.because
    assert found.effect_because
    assert bool(found.next) is (found.row is Row.INCONCLUSIVE)
    if found.effect is Effect.HELPS:
        assert _is_proven(collect(subject, seen, ears, belief))


def _is_proven(case: RouteEvidence) -> bool:
    """By the answers themselves: pod IP never, VIP always, in two passes, from the same place."""
    for path in case.failing:
        stand = case.stand(path.ingress)
        place = stand if stand.context is ExecutionContext.TRAEFIK else VantagePoint(path.ingress)
        by_pod = case.endpoint(place, path.endpoint)
        by_vip = (case.at(place, Aim.SOLE_VIP, target(path.endpoint)), case.vip_from(place))
        never = {answer.outcome for answer in by_pod.answers} - {Outcome.OK}
        always = [{answer.outcome for answer in each.answers} == {Outcome.OK} for each in by_vip]
        if not never or by_pod.successes or len(by_pod.rounds) < 2 or not always[1]:
            return False
        if not always[0] and case.at(place, Aim.SOLE_VIP, target(path.endpoint)).seen:
            return False
    return bool(case.failing)


FAULTS: dict[str, tuple[dict[str, Any], frozenset[Row]]] = {
    "redirect": ({"redirected": {"home-1": 80}}, frozenset({Row.REDIRECT})),
    "early redirect": ({"early": {"home-1": 80}}, frozenset({Row.REDIRECT})),
    "overlay": ({"lost": around("home-2")}, frozenset({Row.OVERLAY_DOWN})),
    "everywhere": (
        {"lost": all_pairs("home-1", "home-2", "home-3")},
        frozenset({Row.OVERLAY_DOWN}),
    ),
    "one way": ({"lost": frozenset({("home-2", "home-1")})}, frozenset({Row.ONE_WAY})),
    "no route": ({"routeless": frozenset({("home-1", "home-2")})}, frozenset({Row.NO_ROUTE})),
    "mtu": ({"narrow": around("home-2")}, frozenset({Row.MTU})),
    "loss": ({"loss": dict.fromkeys(around("home-2"), 0.3)}, frozenset({Row.LOSS})),
    "slow": ({"trip": 300.0}, frozenset({Row.SLOW_PATH})),
    "checksum": ({"vip_stalls": frozenset({"home-1"})}, frozenset({Row.CHECKSUM_OFFLOAD})),
    "vip": ({"no_vip": {"home-1": Outcome.TIMEOUT}}, frozenset({Row.VIP_BROKEN})),
    "new vips": (
        {"no_new_vip": frozenset({"home-1"})},
        frozenset({Row.KUBE_PROXY_STALE}),
    ),
    "policy": ({"rejects": frozenset({REMOTE})}, frozenset({Row.POLICY})),
    "masquerade": (
        {"rejects": frozenset({REMOTE}), "masquerade": True},
        frozenset({Row.SOURCE_ADDRESS, Row.POLICY}),
    ),
    "drop": ({"drops": frozenset({REMOTE})}, frozenset({Row.POLICY})),
    "application": ({"closed": frozenset({REMOTE})}, frozenset({Row.APPLICATION})),
    "503": ({"status": 503}, frozenset({Row.APPLICATION})),
    "dns": ({"nameless": frozenset({"home-1"})}, frozenset({Row.DNS})),
    "listeners": ({"deaf": True}, frozenset()),
    "hosts": ({"forbidden": frozenset({ExecutionContext.TRAEFIK})}, frozenset()),
    "one room": ({"trip": 0.3}, frozenset()),
}
HARMLESS = {"listeners", "hosts", "one room"}
NO_VIP_WORKS = {"checksum", "new vips"}
"""Together they look like broken rules: no VIP works from that node."""

LAID_OUT = st.sampled_from(
    [(an_endpoint("home-2"),), (an_endpoint("home-1"), an_endpoint("home-2"))]
)


def possible_rows(names: set[str]) -> frozenset[Row]:
    """The rows that would not be wrong of these faults."""
    together = frozenset({Row.VIP_BROKEN} if names >= NO_VIP_WORKS else ())
    return together.union(*(FAULTS[name][1] for name in names))


def a_world(names: set[str], seed: int, endpoints: Any) -> World:
    merged: dict[str, Any] = {}
    for name in sorted(names):
        merged |= FAULTS[name][0]
    return World(a_subject(endpoints=endpoints), dice=dice(seed), **merged)


@settings(max_examples=examples(400), suppress_health_check=[HealthCheck.too_slow])
@given(st.sets(st.sampled_from(sorted(FAULTS)), max_size=3), st.integers(0, 99), LAID_OUT)
def test_several_faults_at_once_make_no_wrong_verdict_and_what_is_prescribed_helps(
    names: set[str], seed: int, endpoints: Any
):
    """One of the faults that are there, or none; healthy only where there is none.

    The advice is carried out in the model: every request by the VIP gets through then.
    """
    found = diagnosis(a_world(names, seed, endpoints))
    if found.row is Row.HEALTHY:
        assert not names - HARMLESS, names
    elif found.row is not Row.INCONCLUSIVE:
        assert found.row in possible_rows(names), (names, found.because)
    if found.effect is Effect.HELPS:
        world = a_world(names, seed, endpoints)
        by_vip, by_pod = tried(world, "10.43.0.80"), tried(world, REMOTE)
        assert by_vip == {Outcome.OK}, names
        assert by_pod != {Outcome.OK}, names


def tried(world: World, address: str) -> set[Outcome]:
    small = Probe(id="1", kind=ProbeKind.TCP, address=address, port=80, tries=30)
    large = Probe(id="1", kind=ProbeKind.ECHO, address=address, port=80, size=8192, tries=30)
    return {
        each.outcome
        for probe in (small, large)
        for each in world.answer(VantagePoint("home-1"), probe)
    }


def diagnosis(world: World) -> Diagnosis:
    seen, ears = observed(world)
    return decide(world.subject, seen, ears)


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])
@given(st.sets(st.sampled_from(sorted(FAULTS)), max_size=2), st.randoms(use_true_random=False))
def test_the_order_of_observations_changes_nothing(names: set[str], chance: random.Random):
    """Answers come as they come."""
    world = a_world(names, 3, (an_endpoint("home-1"), an_endpoint("home-2")))
    seen, ears = observed(world)
    shuffled = list(seen)
    chance.shuffle(shuffled)
    assert decide(world.subject, shuffled, ears) == decide(world.subject, seen, ears)


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])
@given(st.sets(st.sampled_from(sorted(FAULTS)), max_size=2), st.lists(OBSERVATIONS, max_size=5))
def test_what_was_not_asked_never_makes_anything_surer(names: set[str], more: list[Observation]):
    """The same row with no more confidence."""
    world = a_world(names, 3, (an_endpoint("home-1"), an_endpoint("home-2")))
    seen, ears = observed(world)
    unasked = [Observation(each.question, (), "Not allowed.", each.round) for each in more]
    before = decide(world.subject, seen, ears)
    after = decide(world.subject, (*seen, *unasked), ears)
    assert after.row is before.row
    assert RANK[after.confidence] <= RANK[before.confidence]


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False), st.floats(0, 1))
def test_health_needs_all_of_its_tests(chance: random.Random, share: float):
    """Of a healthy cluster's observations some are lost: healthy only where none was needed."""
    world = World(a_subject())
    seen, ears = observed(world)
    kept = [each for each in seen if chance.random() < share]
    if decide(world.subject, kept, ears).row is Row.HEALTHY:
        asked = {
            (each.question.aim, each.question.target)
            for each in kept
            if each.question.source == VantagePoint("home-1")
        }
        aims = {aim for aim, _ in asked}
        assert {target.address for aim, target in asked if aim is Aim.ENDPOINT} == {LOCAL, REMOTE}
        assert Aim.VIP in aims
        assert aims & {Aim.FAR_LARGE, Aim.LARGE_REQUEST}


def test_silence_is_never_healthy():
    """No observation at all, with any subject that has an endpoint."""
    assert choose_vantage_points(a_subject()).endpoints
    assert decide(a_subject(), ()).row is Row.INCONCLUSIVE
