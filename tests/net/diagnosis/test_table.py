"""Each row of the decision table, and its near misses, on a model of the network.

The model knows of rules, links and ports, and of no row (`world.py`). It is asked what a diagnosis
asks, in the passes that a diagnosis makes.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from bot.net.diagnosis.diagnosis import Confidence, Diagnosis, Effect, Row
from bot.net.diagnosis.observation import Belief, ExecutionContext, Upstream
from bot.net.diagnosis.subject import Native, NodeAt, TraefikAt, UnreadyAt
from bot.net.probing.protocol import Outcome
from tests.net.diagnosis.probing_world import diagnosed
from tests.net.diagnosis.world import World, a_node, a_subject, all_pairs, an_endpoint, around, dice

LOCAL, REMOTE = "10.42.1.20", "10.42.2.20"
NOTHING = frozenset[ExecutionContext]()
ALONE = (an_endpoint("home-2"),)
PAIR = (a_node("home-1"), a_node("home-2"))
HOST_NETWORK = (TraefikAt("home-1", "traefik", "traefik-1", ("100.64.0.1",), host_network=True),)


@dataclass(frozen=True, eq=False)
class Expected:
    """A world and the verdict that must come out."""

    name: str
    world: dict[str, Any]
    row: Row
    effect: Effect
    places: tuple[str, ...] | None = None
    confidence: Confidence | None = None
    subject: tuple[tuple[str, Any], ...] = ()


def case(name: str, row: Row, effect: Effect, **rest: Any) -> Expected:
    """An expectation; what is not one of its fields makes the world, or with `s_` the subject."""
    own = {each: rest.pop(each) for each in ("places", "confidence") if each in rest}
    subject = tuple((key[2:], rest.pop(key)) for key in list(rest) if key.startswith("s_"))
    return Expected(name, rest, row, effect, subject=subject, **own)


SURE, LIKELY, NONE = Confidence.PROVEN, Confidence.LIKELY, Confidence.NONE
HELPS, LOWERS, USELESS, HARMS = Effect.HELPS, Effect.LOWERS, Effect.USELESS, Effect.HARMS
UNKNOWN = Effect.UNKNOWN

TABLE = (
    case("all is well", Row.HEALTHY, Effect.NEEDLESS, confidence=SURE),
    case("one room", Row.HEALTHY, Effect.NEEDLESS, trip=0.3, confidence=SURE),
    case("one node", Row.HEALTHY, Effect.NEEDLESS, s_endpoints=(an_endpoint("home-1"),)),
    case(
        "Traefik in the host network",
        Row.HEALTHY,
        Effect.NEEDLESS,
        s_traefik=HOST_NETWORK,
        forbidden=NOTHING,
    ),
    case(
        "Traefik in the host network, which must not be tested from",
        Row.INCONCLUSIVE,
        UNKNOWN,
        s_traefik=HOST_NETWORK,
    ),
    # --- refusals -------------------------------------------------------------------------------
    case(
        "port 80 redirected on the edge",
        Row.REDIRECT,
        HELPS,
        redirected={"home-1": 80},
        s_endpoints=ALONE,
        places=("home-1",),
        confidence=SURE,
    ),
    case("redirected, a local pod too", Row.REDIRECT, HELPS, redirected={"home-1": 80}),
    case("redirected, one room", Row.REDIRECT, HELPS, redirected={"home-1": 80}, trip=0.3),
    case(
        "redirected, two nodes in one room",
        Row.REDIRECT,
        HELPS,
        redirected={"home-1": 80},
        trip=0.3,
        s_nodes=PAIR,
        s_endpoints=ALONE,
    ),
    case(
        "redirected, headless",
        Row.REDIRECT,
        Effect.IMPOSSIBLE,
        redirected={"home-1": 80},
        s_vips=(),
        s_headless=True,
        s_native=Native.IMPOSSIBLE,
        s_native_because="Headless.",
    ),
    case(
        "redirected, nativeLB is on",
        Row.REDIRECT,
        Effect.ALREADY,
        redirected={"home-1": 80},
        s_native=Native.ON,
    ),
    case(
        "redirected before kube-proxy: the VIP is caught too",
        Row.REDIRECT,
        USELESS,
        early={"home-1": 80},
        s_endpoints=ALONE,
    ),
    case("another port is redirected", Row.HEALTHY, Effect.NEEDLESS, redirected={"home-1": 443}),
    case(
        "redirected, and large packets get lost",
        Row.REDIRECT,
        UNKNOWN,
        redirected={"home-1": 80},
        s_endpoints=ALONE,
        narrow=around("home-2"),
    ),
    case(
        "redirected, and no DNS",
        Row.REDIRECT,
        HELPS,
        redirected={"home-1": 80},
        nameless=frozenset({"home-1"}),
    ),
    case(
        "redirected, and the VIP's rules are missing",
        Row.REDIRECT,
        USELESS,
        redirected={"home-1": 80},
        no_vip={"home-1": Outcome.TIMEOUT},
    ),
    case(
        "a policy lets node addresses in, and VIPs are masqueraded",
        Row.SOURCE_ADDRESS,
        HELPS,
        rejects=frozenset({REMOTE}),
        masquerade=True,
        confidence=SURE,
    ),
    case(
        "the same, and the node itself may be asked: its address is no pod's",
        Row.SOURCE_ADDRESS,
        HELPS,
        rejects=frozenset({REMOTE}),
        masquerade=True,
        forbidden=frozenset({ExecutionContext.TRAEFIK}),
        masked="100.64.0.1",
    ),
    case(
        "a policy refuses",
        Row.POLICY,
        USELESS,
        rejects=frozenset({REMOTE}),
        s_endpoints=ALONE,
        places=("home-1 -> home-2",),
    ),
    case("a policy refuses one of two", Row.POLICY, LOWERS, rejects=frozenset({REMOTE})),
    case(
        "a policy refuses the pods of its own node as well, its kubelet is let in",
        Row.POLICY,
        USELESS,
        rejects=frozenset({REMOTE}),
        strict=True,
        s_endpoints=(an_endpoint("home-2", watched=True),),
    ),
    case(
        "the same without a readiness probe: its node itself is asked",
        Row.POLICY,
        USELESS,
        rejects=frozenset({REMOTE}),
        strict=True,
        s_endpoints=ALONE,
        forbidden=frozenset({ExecutionContext.TRAEFIK}),
    ),
    case(
        "the same, and nobody may ask from there: a policy is known, so it may be either",
        Row.INCONCLUSIVE,
        UNKNOWN,
        rejects=frozenset({REMOTE}),
        strict=True,
        s_endpoints=ALONE,
        s_policies=("deny",),
    ),
    case("a policy drops", Row.POLICY, USELESS, drops=frozenset({REMOTE}), s_endpoints=ALONE),
    case(
        "a policy refuses Traefik's own pod alone",
        Row.POLICY,
        USELESS,
        traefik_refused=frozenset({REMOTE}),
        s_endpoints=ALONE,
        forbidden=frozenset({ExecutionContext.HOST}),
    ),
    case(
        "the application has ended",
        Row.APPLICATION,
        USELESS,
        closed=frozenset({REMOTE}),
        s_endpoints=ALONE,
        confidence=SURE,
    ),
    case(
        "the application has ended, and policies were not read",
        Row.APPLICATION,
        USELESS,
        closed=frozenset({REMOTE}),
        s_endpoints=ALONE,
        s_policies=None,
        confidence=LIKELY,
    ),
    case("one of two has ended", Row.APPLICATION, LOWERS, closed=frozenset({REMOTE})),
    case("everything is refused", Row.APPLICATION, USELESS, closed=frozenset({LOCAL, REMOTE})),
    case(
        "its declared port is closed, another is open",
        Row.APPLICATION,
        USELESS,
        closed=frozenset({REMOTE}),
        open={REMOTE: (9090,)},
        s_endpoints=(an_endpoint("home-2", declared=(80, 9090), others=(9090,)),),
    ),
    case("the application answers 503", Row.APPLICATION, USELESS, status=503),
    case("the application answers nothing", Row.APPLICATION, USELESS, answers=Outcome.STALLED),
    case("the application speaks no TLS", Row.APPLICATION, USELESS, answers=Outcome.TLS),
    case("the application says 404", Row.HEALTHY, Effect.NEEDLESS, status=404),
    case(
        "the Service leads to a wrong port",
        Row.TARGET_PORT,
        USELESS,
        closed=frozenset({REMOTE}),
        open={REMOTE: (8080,)},
        s_endpoints=(an_endpoint("home-2", declared=(8080,), others=(8080,)),),
        confidence=SURE,
    ),
    case(
        "a wrong port, and the right one is closed too",
        Row.TARGET_PORT,
        USELESS,
        closed=frozenset({REMOTE}),
        s_endpoints=(an_endpoint("home-2", declared=(8080,), others=(8080,)),),
        confidence=LIKELY,
    ),
    # --- the overlay ----------------------------------------------------------------------------
    case(
        "the pod's node is cut off",
        Row.OVERLAY_DOWN,
        USELESS,
        lost=around("home-2"),
        s_endpoints=ALONE,
        places=("home-2",),
        confidence=SURE,
    ),
    case(
        "Traefik's node is cut off",
        Row.OVERLAY_DOWN,
        USELESS,
        lost=around("home-1"),
        s_endpoints=ALONE,
        places=("home-1",),
    ),
    case("a local pod hides it", Row.OVERLAY_DOWN, USELESS, lost=around("home-2")),
    case(
        "UDP 8472 is dropped everywhere",
        Row.OVERLAY_DOWN,
        USELESS,
        lost=all_pairs("home-1", "home-2", "home-3"),
        s_endpoints=ALONE,
    ),
    case(
        "the node itself is gone",
        Row.OVERLAY_DOWN,
        USELESS,
        below=frozenset({"home-2"}),
        s_endpoints=ALONE,
        confidence=LIKELY,
    ),
    case(
        "there without a way back",
        Row.ONE_WAY,
        USELESS,
        lost=frozenset({("home-2", "home-1")}),
        places=("home-2 -> home-1",),
    ),
    case(
        "no way there",
        Row.ONE_WAY,
        USELESS,
        lost=frozenset({("home-1", "home-2")}),
        places=("home-1 -> home-2",),
    ),
    case(
        "flannel announces a wrong address",
        Row.NODE_ADDRESS,
        USELESS,
        lost=frozenset({("home-1", "home-2"), ("home-3", "home-2")}),
        s_nodes=(a_node("home-1"), a_node("home-2", announced="192.168.1.9"), a_node("home-3")),
        places=("home-2",),
        confidence=SURE,
    ),
    case(
        "every node announces another address: it is meant so",
        Row.OVERLAY_DOWN,
        USELESS,
        lost=around("home-2"),
        s_nodes=tuple(a_node(f"home-{i}", announced=f"192.168.1.{i}") for i in (1, 2, 3)),
    ),
    case(
        "a wrong address, and another pair is dead: it explains not all",
        Row.OVERLAY_DOWN,
        USELESS,
        lost=around("home-1"),
        s_nodes=(a_node("home-1"), a_node("home-2"), a_node("home-3", announced="192.168.1.9")),
        s_endpoints=ALONE,
    ),
    case("no route", Row.NO_ROUTE, USELESS, routeless=frozenset({("home-1", "home-2")})),
    case(
        "a gateway resets",
        Row.NO_ROUTE,
        USELESS,
        gateway=frozenset({("home-1", "home-2"), ("home-1", "home-3")}),
        s_endpoints=ALONE,
    ),
    case(
        "large packets get lost",
        Row.MTU,
        USELESS,
        narrow=around("home-2"),
        places=("home-1 -> home-2",),
        confidence=SURE,
    ),
    case("large packets, no listener", Row.MTU, USELESS, narrow=around("home-2"), deaf=True),
    case("packets get lost", Row.LOSS, USELESS, loss=dict.fromkeys(around("home-2"), 0.3)),
    case("everything is slow", Row.SLOW_PATH, USELESS, trip=300.0, confidence=SURE),
    case(
        "so slow that some connections do not come about in time",
        Row.SLOW_PATH,
        USELESS,
        trip=700.0,
        loss=dict.fromkeys(around("home-2"), 0.1),
    ),
    case("far apart, and no slower than that", Row.HEALTHY, Effect.NEEDLESS, trip=120.0),
    # --- VIPs, names, objects -------------------------------------------------------------------
    case(
        "VIPs stall over the overlay",
        Row.CHECKSUM_OFFLOAD,
        HARMS,
        vip_stalls=frozenset({"home-1"}),
        places=("home-1",),
    ),
    case(
        "VIPs stall, and nativeLB is on",
        Row.CHECKSUM_OFFLOAD,
        HARMS,
        vip_stalls=frozenset({"home-1"}),
        s_native=Native.ON,
    ),
    case("no VIP rules", Row.VIP_BROKEN, HARMS, no_vip={"home-1": Outcome.TIMEOUT}),
    case("the VIP refuses", Row.VIP_BROKEN, HARMS, no_vip={"home-1": Outcome.REFUSED}),
    case(
        "no VIP rules elsewhere", Row.HEALTHY, Effect.NEEDLESS, no_vip={"home-2": Outcome.TIMEOUT}
    ),
    case(
        "kube-proxy does not follow",
        Row.KUBE_PROXY_STALE,
        HARMS,
        no_new_vip=frozenset({"home-1"}),
        places=("home-1",),
    ),
    case(
        "kube-proxy does not follow elsewhere",
        Row.HEALTHY,
        Effect.NEEDLESS,
        no_new_vip=frozenset({"home-2"}),
    ),
    case(
        "no kube-proxy knows a new Service in time",
        Row.HEALTHY,
        Effect.NEEDLESS,
        no_new_vip=frozenset({"home-1", "home-2", "home-3"}),
    ),
    case("an application hangs up on a large request", Row.HEALTHY, Effect.NEEDLESS, hangs_up=1),
    case("and on each of them, for a pass", Row.HEALTHY, Effect.NEEDLESS, hangs_up=4),
    case("no names", Row.DNS, USELESS, nameless=frozenset({"home-1"}), places=("home-1",)),
    case("no endpoint", Row.NO_ENDPOINTS, USELESS, s_endpoints=(), confidence=SURE),
    case(
        "no endpoint, since its node is away",
        Row.NO_ENDPOINTS,
        USELESS,
        s_endpoints=(),
        s_unready=(UnreadyAt("10.42.2.5", "home-2"),),
        s_nodes=(NodeAt("home-1"), NodeAt("home-2", ready=False)),
        places=("home-2",),
        confidence=SURE,
    ),
    case(
        "no endpoint, of which one node is ready",
        Row.NO_ENDPOINTS,
        USELESS,
        s_endpoints=(),
        s_unready=(UnreadyAt("10.42.1.5", "home-1"), UnreadyAt("10.42.2.5", "home-2")),
        s_nodes=(NodeAt("home-1"), NodeAt("home-2", ready=False)),
        places=(),
        confidence=SURE,
    ),
    case(
        "no slices were read",
        Row.INCONCLUSIVE,
        UNKNOWN,
        s_endpoints=(),
        s_endpoints_seen=False,
        confidence=NONE,
    ),
    case(
        "an ExternalName",
        Row.OUTSIDE,
        Effect.IMPOSSIBLE,
        s_external="example.net",
        s_endpoints=(),
        s_vips=(),
        s_native=Native.IMPOSSIBLE,
    ),
    case("no Traefik", Row.INCONCLUSIVE, UNKNOWN, s_traefik=(), confidence=NONE),
    # --- what cannot be told --------------------------------------------------------------------
    case("it heals", Row.INCONCLUSIVE, UNKNOWN, lost=around("home-2"), heals=True),
    case(
        "a redirect is taken away meanwhile",
        Row.INCONCLUSIVE,
        UNKNOWN,
        redirected={"home-1": 80},
        heals=True,
    ),
    case("silence, and no listener", Row.INCONCLUSIVE, UNKNOWN, lost=around("home-2"), deaf=True),
    case(
        "two pods, two faults",
        Row.INCONCLUSIVE,
        UNKNOWN,
        s_endpoints=(an_endpoint("home-2"), an_endpoint("home-3")),
        lost=around("home-2"),
        closed=frozenset({"10.42.3.20"}),
    ),
)


@cache
def told(expected: Expected) -> Diagnosis:
    return diagnosed(World(a_subject(**dict(expected.subject)), **expected.world))


@pytest.mark.parametrize("expected", TABLE, ids=lambda each: each.name)
def test_a_fault_has_its_row_and_its_effect(expected: Expected):
    """Row, effect of nativeLB, and where it is said, place and confidence."""
    found = told(expected)
    assert (found.row, found.effect) == (expected.row, expected.effect), found.because
    if expected.places is not None:
        assert found.places == expected.places
    if expected.confidence is not None:
        assert found.confidence is expected.confidence


@pytest.mark.parametrize("row", [row for row in Row if row is not Row.STALE_ENDPOINTS])
def test_every_row_is_in_the_table(row: Row):
    """Stale endpoints need Traefik's own view, and have tests of their own below."""
    assert any(expected.row is row for expected in TABLE)


@pytest.mark.parametrize("expected", TABLE, ids=lambda each: each.name)
def test_an_answer_has_what_a_person_needs(expected: Expected):
    """Sentences that end, advice or the next test, and evidence that bears where there is any."""
    found = told(expected)
    assert found.because.endswith("."), found.because
    assert found.effect_because
    inconclusive = found.row is Row.INCONCLUSIVE
    assert bool(found.next) is inconclusive
    assert bool(found.advice) is not inconclusive
    if found.evidence and not inconclusive:
        assert any(each.bears for each in found.evidence)


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5])
def test_loss_is_never_taken_for_anything_else(rate: float, seed: int):
    """Whatever the dice: loss, or no verdict. Never a cure by nativeLB."""
    loss = dict.fromkeys(around("home-2"), rate)
    found = diagnosed(World(a_subject(), loss=loss, dice=dice(seed)))
    assert found.row in (Row.LOSS, Row.INCONCLUSIVE)
    assert found.effect in (USELESS, UNKNOWN)


def test_stale_addresses_of_the_api_are_proof():
    """The slices' endpoints answer, and Traefik sends somewhere else."""
    believed = Belief(servers=(("10.42.2.7", 80),), of="API")
    found = diagnosed(World(a_subject()), believed)
    assert (found.row, found.confidence) == (Row.STALE_ENDPOINTS, SURE)
    assert found.effect is UNKNOWN


def test_stale_addresses_of_the_log_are_likely():
    """The log tells what was, not what is."""
    failures = (Upstream("10.42.2.7", 80, Outcome.NO_ROUTE, 4),)
    found = diagnosed(World(a_subject()), Belief(failures=failures))
    assert (found.row, found.confidence) == (Row.STALE_ENDPOINTS, LIKELY)


@pytest.mark.parametrize("server", [(REMOTE, 80), ("10.43.0.80", 80)])
def test_present_addresses_are_not_stale(server: tuple[str, int]):
    """An endpoint, or the VIP of a route with nativeLB."""
    assert diagnosed(World(a_subject()), Belief(servers=(server,), of="API")).row is Row.HEALTHY


def test_an_old_traefik_knows_no_nativelb():
    """Before v2.10 the field is pruned or ignored."""
    redirected = World(a_subject(), redirected={"home-1": 80})
    assert diagnosed(redirected, Belief(version="v2.9.10")).effect is Effect.IMPOSSIBLE


def test_a_policy_is_proven_where_traefik_itself_is_refused():
    """A policy may refuse the prober alone: without Traefik's word it is only likely."""
    failures = (Upstream(REMOTE, 80, Outcome.REFUSED, 9),)

    def found(belief: Belief) -> Diagnosis:
        return diagnosed(World(a_subject(), rejects=frozenset({REMOTE})), belief)

    assert found(Belief(failures=failures)).confidence is SURE
    alone = found(Belief())
    assert alone.confidence is LIKELY
    assert any("prober" in each for each in alone.untested)


def test_a_policy_against_the_prober_alone_leaves_the_route_healthy():
    """Traefik's own pod gets through: what a prober beside it meets is not the route's fault."""
    world = World(
        a_subject(),
        rejects=frozenset({REMOTE}),
        forbidden=frozenset({ExecutionContext.HOST}),
        admits_traefik=True,
    )
    assert diagnosed(world).row is Row.HEALTHY


def test_dual_stack_endpoints_and_vips_are_each_tested():
    """A VIP of either family is asked."""
    subject = a_subject(vips=("10.43.0.80", "fd00:43::80"))
    found = diagnosed(World(subject))
    assert found.row is Row.HEALTHY
    assert any("fd00:43::80" in each.what for each in found.evidence)


PASSES: tuple[tuple[str, World, bool], ...] = (
    ("all is well", World(a_subject()), True),
    ("names are not found", World(a_subject(), nameless=frozenset({"home-1"})), True),
    ("a VIP that is not used", World(a_subject(), no_vip={"home-1": Outcome.REFUSED}), True),
    (
        "a VIP that is used",
        World(a_subject(native=Native.ON), no_vip={"home-1": Outcome.REFUSED}),
        False,
    ),
    ("refused", World(a_subject(), redirected={"home-1": 80}), False),
    (
        "refused, and the VIP in use leads past it",
        World(a_subject(native=Native.ON), redirected={"home-1": 80}),
        True,
    ),
    (
        "refused, and the VIP in use fails, too",
        World(
            a_subject(native=Native.ON),
            redirected={"home-1": 80},
            no_vip={"home-1": Outcome.REFUSED},
        ),
        False,
    ),
    (
        "refused, and large payloads stall by the VIP in use",
        World(
            a_subject(native=Native.ON),
            redirected={"home-1": 80},
            narrow=frozenset({("home-1", "home-2")}),
        ),
        False,
    ),
    ("large payloads stall", World(a_subject(), narrow=frozenset({("home-1", "home-2")})), False),
    ("nothing is asked", World(a_subject(traefik=())), False),
    ("no endpoint", World(a_subject(endpoints=())), False),
)


@pytest.mark.parametrize(
    ("world", "passed"), [each[1:] for each in PASSES], ids=[each[0] for each in PASSES]
)
def test_a_route_passed_where_its_own_requests_got_through_on_every_way(world: World, passed: bool):
    """Whatever else is wrong: names, or a VIP that the route does not use."""
    assert diagnosed(world).passed is passed
