"""Routes that fail for one reason are one finding, and what follows from it; others stay apart."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from bot.domain.finding import Finding, Ref
from bot.domain.report import Report, examine
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from bot.net.diagnosis import proofs
from bot.net.diagnosis.diagnosis import Diagnosed, Diagnoses, Diagnosis, Effect, Row
from bot.net.diagnosis.subject import Subject
from bot.net.mesh.matrix import By, Pair
from bot.net.mesh.rounds import KINDS, Links
from bot.net.probing.protocol import Outcome
from bot.net.route_checks.answered import TRAEFIK_IS_GONE, TRAEFIK_REFUSES, Answerer, RouteAnswer
from bot.net.route_checks.checks import CheckedHost, NodeAnswer, RouteChecks
from bot.net.route_resolution import resolve
from bot.routing.site_state import SiteState
from bot.routing.traefik_word import FailedRequests, TraefikWord
from tests.builders import Plain, a_pod
from tests.health.checks.test_connectivity import a_node
from tests.net.diagnosis.test_recent import found
from tests.net.mesh.witnesses import INTERVAL, a_round, a_witness, links
from tests.net.networks import MOMENT, a_service, a_slice, a_snapshot, ago
from tests.net.test_route_resolution import a_backend, a_traefik, an_ingress, placed

NODES = ("attic", "edge", "shed")
WEB, API, SHOP = "web.example", "api.example", "shop.example"
TO = {WEB: "web", API: "web", SHOP: "shop"}
PAIR = ("edge -> attic",)
BROKEN: tuple[Pair, ...] = (("edge", "attic"), ("attic", "edge"))
REFUSED, LOST = "502 connection refused", "504 timeout"


def a_cluster(*more: Plain, down: tuple[str, ...] = ()) -> Snapshot:
    """Traefik on edge; of three routes two lead to one Service, and all to pods on attic.

    What is given stands in the place of what has its kind and name.
    """
    objects = (
        *(a_node(name, ready=name not in down) for name in NODES),
        *(an_ingress(host[:-8], host, to=to) for host, to in TO.items()),
        a_service(clusterIP="10.43.0.9"),
        a_service("shop", clusterIP="10.43.0.10"),
        a_slice("web", placed()),
        a_slice("shop", placed("10.42.1.6", "attic", "shop-1")),
        since_yesterday(a_backend()),
        since_yesterday(a_pod("shop-1", node="attic")),
        a_traefik(),
        *more,
    )
    return a_snapshot(*{(one["kind"], one["metadata"]["name"]): one for one in objects}.values())


def since_yesterday(pod: Plain) -> Plain:
    """A pod that became ready before anything failed."""
    pod["status"]["conditions"][0]["lastTransitionTime"] = ago(days=1)
    return pod


def proof_of(
    snapshot: Snapshot,
    host: str,
    row: Row = Row.REDIRECT,
    places: tuple[str, ...] = ("edge",),
    **rest: Any,
) -> Diagnosed:
    """A test that proved this row of the route at these places."""
    subject = resolve(snapshot, host)
    assert isinstance(subject, Subject), subject
    diagnosis = found(row, Effect.USELESS, places=places)
    return Diagnosed(MOMENT - timedelta(minutes=5), subject, diagnosis, **rest)


def failing(address: str, what: str = LOST, minutes: float = 2) -> tuple[FailedRequests, ...]:
    """Requests that failed at that address, as Traefik's log has them."""
    at = MOMENT - timedelta(minutes=minutes)
    return (FailedRequests(3, f"{what} at {address}", at, address, at, lost=what == LOST),)


def report(
    snapshot: Snapshot,
    *tests: Diagnosed,
    log: dict[str, tuple[FailedRequests, ...]] | None = None,
    known: Links | None = None,
) -> Report:
    """All checks, with what was tested, what Traefik's log says by host, and the rounds."""
    failed = {Ref("Ingress", "apps", host[:-8]): said for host, said in (log or {}).items()}
    facts: dict[type, object] = {
        **snapshot.supplements,
        Diagnoses: Diagnoses(tests),
        TraefikWord: TraefikWord(failed=failed),
        Links: known,
    }
    return examine(Snapshot(MOMENT, snapshot.objects, supplements=facts), CHECKS)


def root_of(said: Report, host: str) -> Finding:
    """The root cause of a route's finding; the finding itself where nothing else is."""
    subject = Ref("Ingress", "apps", host[:-8])
    (finding,) = (finding for finding in said.findings if finding.subject == subject)
    return said.chain(finding)[-1]


def rounds(
    bad: tuple[Pair, ...] = BROKEN,
    *,
    tests: tuple[By, ...] = KINDS,
    outcome: Outcome = Outcome.TIMEOUT,
) -> Links:
    """What the agents saw in two rounds in which these tests of these pairs ended so."""
    known = [
        a_witness(
            name,
            *(
                a_round(name, bad, names=NODES, tests=tests, at=at, outcome=outcome)
                for at in (MOMENT - INTERVAL, MOMENT)
            ),
        )
        for name in NODES
    ]
    return links(*known, names=NODES)


def test_routes_that_a_test_proved_to_fail_at_one_place_are_one_finding() -> None:
    """The rule on edge is the root, and each site follows from it."""
    cluster = a_cluster()
    said = report(cluster, *(proof_of(cluster, host) for host in TO))
    (root,) = said.roots
    assert (root.check, str(root.subject)) == ("route-faults", "Fault edge: redirect")
    assert (root.verdict, root.reason, root.message) == (
        Verdict.FAILED,
        "Redirect",
        "Refused on edge.",
    )
    assert len(said.downstream[root.key]) == len(TO)


def test_the_root_is_the_same_however_many_routes_were_proof_of() -> None:
    """Whoever tests one more route opens no other incident."""
    cluster = a_cluster()
    every = [proof_of(cluster, host) for host in (SHOP, WEB, API)]
    keys = {report(cluster, *every[:count]).roots[0].key for count in (1, 2, 3)}
    assert keys == {"route-faults/Fault//edge: redirect"}


@pytest.mark.parametrize(
    ("row", "places"),
    [(Row.REDIRECT, ("shed",)), (Row.NODE_ADDRESS, ("edge",))],
    ids=["at another place", "by another fault"],
)
def test_a_route_that_fails_otherwise_stays_apart(row: Row, places: tuple[str, ...]) -> None:
    cluster = a_cluster()
    said = report(cluster, proof_of(cluster, WEB), proof_of(cluster, SHOP, row, places))
    assert root_of(said, WEB) != root_of(said, SHOP)


def test_a_fault_of_a_backend_is_put_to_the_service_whatever_pod_it_was_seen_at() -> None:
    """A pod is another one after a restart, and the finding stays the same."""
    cluster = a_cluster()
    said = report(
        cluster,
        proof_of(cluster, WEB, Row.TARGET_PORT, ("web-1",)),
        proof_of(cluster, API, Row.TARGET_PORT, ("10.42.1.5:8080",)),
        proof_of(cluster, SHOP, Row.TARGET_PORT, ("shop-1",)),
    )
    assert root_of(said, WEB) == root_of(said, API) != root_of(said, SHOP)
    assert str(root_of(said, WEB).subject) == "Fault apps/web:80: target-port"


def test_a_broken_link_that_the_rounds_see_is_the_root() -> None:
    """The same fault is not said twice: the background probes have a finding of it."""
    cluster = a_cluster()
    tests = [proof_of(cluster, host, Row.OVERLAY_DOWN, PAIR) for host in TO]
    (root,) = report(cluster, *tests, known=rounds()).roots
    assert (root.check, root.subject.kind) == ("connectivity", "Node")


@pytest.mark.parametrize(
    ("bad", "tests"),
    [((("edge", "shed"), ("shed", "edge")), KINDS), (BROKEN, (By.UDP,))],
    ids=["another link", "another kind of packets"],
)
def test_a_link_that_breaks_otherwise_explains_no_route(
    bad: tuple[Pair, ...], tests: tuple[By, ...]
) -> None:
    cluster = a_cluster()
    proven = proof_of(cluster, WEB, Row.OVERLAY_DOWN, PAIR)
    said = report(cluster, proven, known=rounds(bad, tests=tests))
    assert root_of(said, WEB).check == "route-faults"


def test_a_node_that_is_only_cordoned_explains_no_broken_link() -> None:
    """A link's finding is put to a node that has one of its own: the right one is the cause."""
    cluster = a_cluster(a_node("attic", unschedulable=True))
    proven = proof_of(cluster, WEB, Row.OVERLAY_DOWN, PAIR)
    assert root_of(report(cluster, proven, known=rounds()), WEB).check == "connectivity"
    assert root_of(report(cluster, proven), WEB).check == "route-faults"


@pytest.mark.parametrize(
    ("outcome", "check"),
    [(Outcome.REFUSED, "connectivity"), (Outcome.TIMEOUT, "route-faults")],
)
def test_a_rule_that_the_rounds_meet_too_is_one_finding(outcome: Outcome, check: str) -> None:
    """It refuses the agents' connections as those of Traefik; silence is another fault."""
    cluster = a_cluster()
    refusing = tuple(("edge", name) for name in ("attic", "shed"))
    said = report(cluster, proof_of(cluster, WEB), known=rounds(refusing, outcome=outcome))
    assert root_of(said, WEB).check == check


def test_large_packets_that_do_not_pass_are_explained_by_the_same_of_the_rounds() -> None:
    cluster = a_cluster()
    proven = proof_of(cluster, WEB, Row.MTU, PAIR)
    said = report(cluster, proven, known=rounds(tests=(By.LARGE,)))
    assert root_of(said, WEB).check == "connectivity"


def test_requests_that_fail_at_pods_of_a_dead_node_follow_from_the_node() -> None:
    """By Traefik's log alone, whatever Service they are for."""
    cluster = a_cluster(down=("attic",))
    log = {WEB: failing("10.42.1.5:8080"), SHOP: failing("10.42.1.6:8080", REFUSED)}
    said = report(cluster, log=log)
    assert {root_of(said, host).key for host in log} == {"nodes/Node//attic"}


def test_requests_that_get_no_answer_over_a_broken_link_follow_from_it() -> None:
    said = report(a_cluster(), log={WEB: failing("10.42.1.5:8080")}, known=rounds())
    assert root_of(said, WEB).check == "connectivity"


def test_what_is_refused_was_reached_so_no_link_is_to_blame() -> None:
    said = report(a_cluster(), log={WEB: failing("10.42.1.5:8080", REFUSED)}, known=rounds())
    assert root_of(said, WEB).check == "routes-ingress"


def test_a_node_explains_nothing_where_requests_fail_elsewhere_too() -> None:
    """One of the two addresses is on a node that is well."""
    cluster = a_cluster(
        a_slice("web", placed(), placed("10.42.2.5", "shed", "web-2")), down=("attic",)
    )
    log = {WEB: (*failing("10.42.1.5:8080"), *failing("10.42.2.5:8080"))}
    assert root_of(report(cluster, log=log), WEB).check == "routes-ingress"


def test_requests_that_failed_long_before_the_node_do_not_follow_from_it() -> None:
    """An effect does not begin before its cause."""
    cluster = a_cluster(down=("attic",))
    began = MOMENT - timedelta(minutes=50)
    (said,) = failing("10.42.1.5:8080")
    earlier = FailedRequests(3, said.what, said.last, said.address, began, lost=said.lost)
    assert root_of(report(cluster, log={WEB: (earlier,)}), WEB).check == "routes-ingress"


def test_a_pod_that_crashes_explains_requests_that_fail_at_it() -> None:
    crashing = a_pod("web-1", waiting="CrashLoopBackOff", node="attic")
    log = {host: failing("10.42.1.5:8080", REFUSED) for host in (WEB, API)}
    said = report(a_cluster(crashing), log=log)
    assert {root_of(said, host).key for host in log} == {"pods/Pod/apps/web-1"}


def test_routes_whose_requests_fail_alike_at_one_service_are_one_root() -> None:
    """By the log alone, where nothing else names the cause; other errors stay apart."""
    alike = failing("10.42.1.5:8080", REFUSED)
    said = report(a_cluster(), log={WEB: alike, API: alike})
    assert root_of(said, WEB) == root_of(said, API)
    said = report(a_cluster(), log={WEB: alike, API: failing("10.42.1.5:8080")})
    assert root_of(said, WEB) != root_of(said, API)
    said = report(a_cluster(), log={WEB: alike, SHOP: failing("10.42.1.6:8080", REFUSED)})
    assert root_of(said, WEB) != root_of(said, SHOP)


def test_an_error_without_an_address_links_no_two_services() -> None:
    """An access log has the status, and not which server it was."""
    at = MOMENT - timedelta(minutes=2)
    untold = (FailedRequests(3, "502 not told", at, "", at),)
    said = report(a_cluster(), log={WEB: untold, API: untold})
    assert root_of(said, WEB) != root_of(said, API)


def checked(host: str, by: Answerer, what: str, status: int = 0) -> CheckedHost:
    """A route check of a host that failed."""
    route = Ref("Ingress", "apps", host[:-8])
    at = MOMENT - timedelta(seconds=20)
    answer = NodeAnswer("edge", at, RouteAnswer(by, SiteState.FAILS, what, status))
    return CheckedHost(
        host=host, route=route, match=f"{host}/", answers=(answer,), since=at, failed=at
    )


def by_checks(snapshot: Snapshot, *hosts: CheckedHost, known: Links | None = None) -> Report:
    checks = RouteChecks(interval=timedelta(minutes=1), hosts=hosts)
    facts: dict[type, object] = {RouteChecks: checks, Links: known}
    return examine(Snapshot(MOMENT, snapshot.objects, supplements=facts), CHECKS)


def a_dead_traefik() -> Plain:
    pod = a_pod("traefik-edge", waiting="CrashLoopBackOff", namespace="traefik", node="edge")
    pod["metadata"]["labels"] = {"app.kubernetes.io/name": "traefik"}
    return pod


def test_sites_that_fail_because_none_of_traefiks_pods_is_ready_follow_from_it() -> None:
    refused = [checked(host, Answerer.NOBODY, TRAEFIK_REFUSES) for host in TO]
    said = by_checks(a_cluster(a_dead_traefik()), *refused)
    assert {root_of(said, host).key for host in TO} == {"pods/Pod/traefik/traefik-edge"}
    said = by_checks(a_cluster(a_dead_traefik(), a_traefik("shed")), *refused)
    assert {root_of(said, host).key for host in TO} == {"route-faults/Fault//edge: traefik"}


def test_sites_for_which_nobody_listens_are_one_finding_where_nothing_says_why() -> None:
    refused = [checked(host, Answerer.NOBODY, TRAEFIK_REFUSES) for host in TO]
    keys = {by_checks(a_cluster(), *refused[:count]).roots[0].key for count in (1, 2, 3)}
    assert keys == {"route-faults/Fault//edge: traefik"}


def test_sites_without_any_traefik_are_one_finding() -> None:
    gone = [checked(host, Answerer.NOBODY, TRAEFIK_IS_GONE) for host in TO]
    assert [root.key for root in by_checks(a_cluster(), *gone).roots] == [
        "route-faults/Fault//traefik: no pod runs"
    ]


def test_a_bad_gateway_follows_from_the_dead_node_of_all_its_endpoints() -> None:
    bad = [checked(host, Answerer.TRAEFIK, "HTTP 502 of Traefik itself", 502) for host in TO]
    said = by_checks(a_cluster(down=("attic",)), *bad)
    assert {root_of(said, host).key for host in TO} == {"nodes/Node//attic"}


def test_a_gateway_timeout_follows_from_a_broken_link_and_a_bad_gateway_does_not() -> None:
    late = checked(WEB, Answerer.TRAEFIK, "HTTP 504 of Traefik itself", 504)
    bad = checked(SHOP, Answerer.TRAEFIK, "HTTP 502 of Traefik itself", 502)
    said = by_checks(a_cluster(), late, bad, known=rounds())
    assert root_of(said, WEB).check == "connectivity"
    assert root_of(said, SHOP).check == "routes-ingress"


def test_sites_of_one_service_that_answer_alike_are_one_root() -> None:
    bad = [checked(host, Answerer.TRAEFIK, "HTTP 502 of Traefik itself", 502) for host in TO]
    said = by_checks(a_cluster(), *(host for host in bad if host.host != SHOP))
    assert root_of(said, WEB) == root_of(said, API)
    assert root_of(said, WEB).subject.kind == "Ingress"


def test_what_tls_or_a_middleware_answers_is_no_fault_of_the_backend() -> None:
    """The node of the backend is dead, and the certificate expired all the same."""
    said = by_checks(
        a_cluster(down=("attic",)),
        checked(WEB, Answerer.TLS, "its certificate expired"),
        checked(SHOP, Answerer.MIDDLEWARE, "HTTP 500 without a word", 500),
    )
    assert root_of(said, WEB).check == root_of(said, SHOP).check == "routes-ingress"


def test_a_page_that_traefik_does_not_find_is_no_fault_of_the_backend() -> None:
    """It has no router for it."""
    absent = checked(WEB, Answerer.TRAEFIK, "HTTP 404 of Traefik itself", 404)
    said = by_checks(a_cluster(down=("attic",)), absent)
    assert root_of(said, WEB).check == "routes-ingress"


def test_a_fault_that_only_a_test_in_private_shows_is_private_until_a_public_one_does() -> None:
    cluster = a_cluster()
    own = proof_of(cluster, WEB, private=True)
    (root,) = report(cluster, own).roots
    assert root.private
    both = report(cluster, own, proof_of(cluster, SHOP))
    assert not both.roots[0].private
    assert {finding.subject.name for finding in both.public.findings} == {"shop", "edge: redirect"}


def test_a_fault_of_which_all_routes_are_silenced_is_silent_too() -> None:
    """Who silenced a route hears of no root of it instead."""
    line = {"meshmedic.dev/mute": "known"}
    quiet = an_ingress("web", WEB)
    quiet["metadata"]["annotations"] = line
    cluster = a_snapshot(
        quiet, a_service(clusterIP="10.43.0.9"), a_slice("web", placed()), a_backend(), a_traefik()
    )
    said = report(cluster, proof_of(cluster, WEB))
    assert set(said.muted) == {finding.key for finding in said.findings}


def test_the_root_outlasts_a_restart() -> None:
    """What is kept of a proof has its places."""
    cluster = a_cluster()
    kept = [proofs.diagnosed(proofs.proof(proof_of(cluster, host))) for host in TO]
    assert report(cluster, *kept).roots[0].key == "route-faults/Fault//edge: redirect"


def test_a_proof_of_an_earlier_version_stands_alone() -> None:
    """It says at no place, so nothing shows that two of them are one."""
    cluster = a_cluster()
    kept = [replace(proofs.proof(proof_of(cluster, host)), places=()) for host in (WEB, API)]
    said = report(cluster, *map(proofs.diagnosed, kept))
    assert root_of(said, WEB) != root_of(said, API)


def test_what_is_worked_around_has_no_root() -> None:
    """Its fault concerns no request now."""
    cluster = a_cluster()
    around = proof_of(cluster, WEB)
    passed = Diagnosed(
        around.taken_at,
        around.subject,
        Diagnosis(
            row=Row.VIP_BROKEN,
            confidence=around.diagnosis.confidence,
            because="By the VIP alone.",
            effect=Effect.HARMS,
            effect_because="",
            places=("edge",),
            passed=True,
        ),
    )
    assert not report(cluster, passed).findings
