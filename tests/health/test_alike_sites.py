"""Sites that fail alike where none answers have one cause, and others have none in common."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.finding import Ref
from bot.domain.report import Report, examine
from bot.domain.snapshot import Snapshot
from bot.health.alike_sites import LEAST, BehindRoute, silent_places
from bot.health.checks import CHECKS
from bot.net.diagnosis.diagnosis import Diagnosed, Diagnoses
from bot.net.route_checks.answered import RouteAnswer
from bot.net.route_checks.checks import CheckedHost, RouteChecks
from tests.builders import Plain, an_object
from tests.net.mesh.around import proven
from tests.net.networks import MOMENT, TRAEFIK, a_service, a_slice, a_snapshot
from tests.net.route_checks.checked import (
    BAD,
    GOOD,
    SILENT,
    UNKNOWN,
    a_check,
    a_host,
    checks_of,
)
from tests.net.test_route_resolution import a_backend, a_traefik, placed

NAMES = ("web", "shop", "wiki")
BY_TRAEFIK = "route-faults/Fault//Traefik on edge: no site answers"


def route(name: str) -> Ref:
    return Ref("IngressRoute", "apps", name)


def a_site(name: str, *answers: RouteAnswer, nodes: tuple[str, ...] = ("edge",)) -> CheckedHost:
    check = a_check(f"{name}.example", route(name), nodes=nodes, sole=True)
    return a_host(*answers, check=check)


def objects(native: tuple[str, ...] = ()) -> list[Plain]:
    """Traefik on edge, and a route for each name to a pod of its own on attic.

    nativeLB is on for those of `native`.
    """
    made = [a_traefik()]
    for number, name in enumerate(NAMES, 5):
        rule = {
            "match": f"Host(`{name}.example`)",
            "services": [{"name": name, "port": 80, "nativeLB": name in native}],
        }
        made += [
            an_object("IngressRoute", name, TRAEFIK, spec={"routes": [rule]}),
            a_service(name, clusterIP=f"10.43.0.{number}"),
            a_slice(name, placed(f"10.42.1.{number}", pod=f"{name}-1")),
            a_backend(f"{name}-1"),
        ]
    return made


def report(
    *hosts: CheckedHost, tests: tuple[Diagnosed, ...] = (), native: tuple[str, ...] = ()
) -> Report:
    facts = {RouteChecks: checks_of(*hosts), Diagnoses: Diagnoses(tests)}
    return examine(replace(a_snapshot(*objects(native)), supplements=facts), CHECKS)


def causes(seen: Report) -> dict[str, str | None]:
    """The cause of each route that fails."""
    return {
        finding.subject.name: finding.cause
        for finding in seen.findings
        if finding.subject.kind == "IngressRoute"
    }


def test_sites_that_all_fail_alike_are_one_finding_of_the_place():
    seen = report(*(a_site(name, BAD) for name in NAMES))
    assert causes(seen) == dict.fromkeys(NAMES, BY_TRAEFIK)
    (root,) = seen.roots
    assert (root.reason, root.message) == (
        "NoSiteAnswers",
        "No site answers through Traefik on edge, and 3 routes fail the same way: "
        "HTTP 502 of Traefik itself.",
    )


def test_where_one_site_answers_by_traefik_and_none_of_a_node_that_node_is_named():
    hosts = (a_site("web", BAD), a_site("shop", BAD))
    other = a_host(GOOD, check=a_check("other.example", route("other")))
    seen = report(*hosts, other)
    assert set(causes(seen).values()) == {"route-faults/Fault//pods on attic: no site answers"}


def test_where_others_at_the_same_place_answer_each_has_a_cause_of_its_own():
    seen = report(a_site("web", BAD), a_site("shop", BAD), a_site("wiki", GOOD))
    assert causes(seen) == {"web": None, "shop": None}


def test_one_site_alone_shows_nothing_of_a_place():
    assert causes(report(a_site("web", BAD))) == {"web": None}


def test_another_symptom_is_another_cause():
    """They may still be of one place, which nobody can tell by it."""
    seen = report(a_site("web", BAD), a_site("shop", BAD), a_site("wiki", SILENT))
    assert causes(seen) == {"web": BY_TRAEFIK, "shop": BY_TRAEFIK, "wiki": None}


def test_a_fault_that_a_test_of_one_of_them_proved_there_is_the_cause_of_all():
    """One was diagnosed: the others fail alike, by Traefik on the node that the test named."""
    seen = report(*(a_site(name, BAD) for name in NAMES), tests=(proven("web"),))
    assert set(causes(seen).values()) == {"route-faults/Fault//edge: redirect"}
    assert len(seen.roots) == 1


def test_a_fault_that_only_a_test_in_private_showed_is_no_cause_for_everybody():
    seen = report(*(a_site(name, BAD) for name in NAMES), tests=(proven("web", private=True),))
    others = {name: cause for name, cause in causes(seen.public).items() if name != "web"}
    assert set(others.values()) == {BY_TRAEFIK}


def test_those_that_are_not_repaired_yet_keep_their_cause_while_one_leads_past_it():
    """One was repaired: that it answers by the VIP shows nothing of those by pod IPs."""
    repaired = (proven("web", repaired=0.1),)
    hosts = (a_site("web", GOOD), a_site("shop", BAD), a_site("wiki", BAD))
    seen = report(*hosts, tests=repaired, native=("web",))
    assert causes(seen) == dict.fromkeys(("shop", "wiki"), "route-faults/Fault//edge: redirect")
    last = (a_site("web", GOOD), a_site("shop", GOOD), a_site("wiki", BAD))
    both = (*repaired, proven("shop", repaired=0.1))
    seen = report(*last, tests=both, native=("web", "shop"))
    assert causes(seen) == {"wiki": "route-faults/Fault//edge: redirect"}


def test_one_that_answers_by_the_way_of_the_others_shows_that_the_place_is_well():
    hosts = (a_site("web", GOOD), a_site("shop", BAD), a_site("wiki", BAD))
    assert set(causes(report(*hosts, native=("web",))).values()) == {None}


ANSWERS = st.sampled_from((GOOD, BAD, SILENT, UNKNOWN))


@given(st.lists(st.tuples(ANSWERS, st.sampled_from(("attic", "shed"))), max_size=8))
def test_a_place_is_named_only_where_no_site_answers_and_several_fail_so(sites):
    hosts = [a_site(str(number), answer) for number, (answer, _) in enumerate(sites)]
    behind = {
        route(str(number)): BehindRoute(
            frozenset({Ref("Service", "", str(number))}), frozenset({node})
        )
        for number, (_, node) in enumerate(sites)
    }
    snapshot = Snapshot(MOMENT, {}, supplements={RouteChecks: checks_of(*hosts)})
    for of, place in silent_places(snapshot, behind.__getitem__).items():
        there = [
            answer
            for number, (answer, node) in enumerate(sites)
            if place.of_traefik or node == place.node
        ]
        assert GOOD not in there
        assert of in place.routes
        assert len(place.routes) >= LEAST
        assert sum(answer.what == place.what for answer in there) == len(place.routes)


def of_services(namespace: str, *names: str) -> dict[Ref, BehindRoute]:
    return {
        Ref("IngressRoute", namespace, name): BehindRoute(
            frozenset({Ref("Service", namespace, name)}), frozenset({"attic"})
        )
        for name in names
    }


def test_two_failing_sites_of_one_namespace_are_no_cause_of_another_ones():
    """Whoever has two fail alike would hide the next failure of somebody else in their incident."""
    tenants, bank = of_services("tenant", "a", "b", "c"), of_services("bank", "ledger")
    others = of_services("shop", "till")

    def blamed(*known: dict[Ref, BehindRoute]) -> set[str]:
        behind = {route: place for part in known for route, place in part.items()}
        hosts = [a_host(BAD, check=a_check(f"{ref.name}.example", ref)) for ref in behind]
        facts = {RouteChecks: checks_of(*hosts)}
        found = silent_places(replace(a_snapshot(), supplements=facts), behind.__getitem__)
        return {route.namespace for route in found}

    assert blamed(tenants, bank) == {"tenant"}
    assert blamed(tenants, bank, others) == {"tenant", "bank", "shop"}
    assert blamed(bank, of_services("bank", "vault")) == {"bank"}
