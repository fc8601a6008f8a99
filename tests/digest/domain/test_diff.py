"""The difference of two reports: every cause has one place, and nothing unseen is called fixed."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.digest.domain.diff import BASES, Base, Bases, base, difference
from bot.digest.domain.digest import compose
from bot.digest.domain.open_items import StandingItem
from bot.domain.finding import Finding, Ref
from bot.domain.record import read, written
from bot.domain.report import Report, examine
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from bot.net.mesh.rounds import BACKGROUND_PROBES
from bot.routing.traefik_word import REQUESTS_FAIL, TRAEFIK_WORD
from tests.builders import a_pod
from tests.examples import examples
from tests.fakes import snapshot_of
from tests.render.strategies import NOW, findings, reports

THRESHOLDS = st.sampled_from(list(Verdict))


def a_report(found, *, gaps: tuple[Gap, ...] = ()) -> Report:
    unique = {each.key: each for each in found}
    return Report(NOW, tuple(unique.values()), gaps, {"Pod": 1, "Node": 1, "Kustomization": 1})


FOUND = st.lists(findings, max_size=4)


@settings(max_examples=examples(30))
@given(FOUND, FOUND, THRESHOLDS)
def test_every_cause_has_exactly_one_place(before, now, threshold):
    """Of those that are mild enough to be left out, none has."""
    report = a_report(now)
    found = difference(base(a_report(before), None), report, threshold)
    placed = [e.finding.key for part in (found.new, found.worse, found.same, found.better)
              for e in part]  # fmt: skip
    assert len(placed) == len(set(placed))
    wanted = {each.key for each in report.roots if each.verdict.rank >= threshold.rank}
    assert wanted <= set(placed) <= set(report.by_key)
    gone = {each.key for each in (*found.fixed, *found.lost)}
    assert gone.isdisjoint(report.by_key)


@settings(max_examples=examples(30))
@given(FOUND)
def test_the_same_report_again_is_no_news(found):
    """Whatever stands in it."""
    report = a_report(found)
    assert not difference(base(report, None), report, Verdict.PROGRESSING).some


@settings(max_examples=examples(30))
@given(FOUND)
def test_what_was_not_seen_is_lost_and_found_again_as_before(found):
    """A gap between two looks makes nothing new and nothing fixed."""
    gaps = tuple(Gap(kind, Why.FORBIDDEN) for kind in ("Pod", "Node", "Kustomization"))
    first = base(a_report(found), None)
    blind = a_report((), gaps=gaps)
    seen = difference(first, blind, Verdict.PROGRESSING)
    assert not seen.fixed
    assert len(seen.lost) == len({each.key for each in found})
    again = difference(base(blind, first), a_report(found), Verdict.PROGRESSING)
    assert not again.new


def test_ages_are_kept_from_the_first_time_that_it_was_seen():
    """Also where the object itself does not tell since when."""
    finding = msgspec.structs.replace(_one(), since=None)
    first = base(a_report([finding]), None)
    later = msgspec.structs.replace(finding, reason="Other")
    again = base(Report(NOW + timedelta(days=2), (later,), (), {"Pod": 1}), first)
    assert again.known[finding.key].first == NOW


def _one():
    return examine(snapshot_of(a_pod(waiting="Boom"), now=NOW), CHECKS).findings[0]


@pytest.mark.slow
@settings(max_examples=examples(50))
@given(reports)
def test_what_is_kept_is_read_again(report):
    """Hostile names are keys of a JSON object."""
    bases = Bases({"daily": base(report, None)})
    text = written(BASES, bases)
    assert isinstance(text, str)
    assert read(BASES, text) == bases


def test_a_base_that_is_too_large_drops_the_mildest_and_counts_them():
    """256 KiB at most."""
    known = base(a_report([_one()]), None).known
    (one,) = known.values()
    mild = msgspec.structs.replace(one, verdict=Verdict.PROGRESSING)
    many = {f"pods/Pod/apps/{n:0200}": (one if n % 2 else mild) for n in range(4000)}
    text = written(BASES, Bases({"daily": Base(NOW, many)}))
    assert isinstance(text, str)
    kept = read(BASES, text)
    assert isinstance(kept, Bases)
    daily = kept.by_name["daily"]
    assert daily.dropped == 4000 - len(daily.known) > 0
    assert all(each.verdict is one.verdict for each in daily.known.values())
    assert difference(daily, a_report(()), Verdict.PROGRESSING).forgotten == daily.dropped


NARROWED = st.sampled_from([("pods",), ("nodes",), ("flux",), ("pods", "flux")])


@settings(max_examples=examples(30))
@given(FOUND, NARROWED, st.sampled_from([None, "apps"]))
def test_what_a_narrower_digest_does_not_ask_for_is_neither_fixed_nor_lost(before, scopes, place):
    """`/digest now pods` says nothing of Flux, and nothing of another namespace."""
    report = replace(a_report(()), scopes=scopes, namespace=place)
    found = difference(base(a_report(before), None), report, Verdict.PROGRESSING)
    scope_of = {check.name: check.scope for check in CHECKS}
    for gone in (*found.fixed, *found.lost):
        check, _, namespace, _ = gone.key.split("/", 3)
        assert scope_of[check] in scopes
        assert place in (None, namespace)
    kept = base(report, base(a_report(before), None)).known
    assert all(scope_of[key.split("/")[0]] in scopes for key in kept)


def test_causes_alone_are_fixed_with_how_many_that_followed():
    """A node and its pods: one line, as when it was new."""
    node, *pods = _linked("nodes/Node//edge", 3)
    first = base(a_report([node, *pods]), None)
    found = difference(first, a_report([]), Verdict.PROGRESSING)
    assert [(str(each.subject), each.downstream) for each in found.fixed] == [("Node edge", 3)]
    assert not found.lost


def test_an_effect_that_went_while_its_cause_stays_is_no_news():
    """The cause has one less downstream."""
    node, *pods = _linked("nodes/Node//edge", 3)
    first = base(a_report([node, *pods]), None)
    found = difference(first, a_report([node, *pods[1:]]), Verdict.PROGRESSING)
    assert not found.some
    assert [each.downstream for each in found.same] == [2]


def test_an_effect_that_outlives_its_cause_is_as_before():
    """And the cause is fixed by itself."""
    node, *pods = _linked("nodes/Node//edge", 2)
    alone = [msgspec.structs.replace(each, cause=None) for each in pods]
    found = difference(base(a_report([node, *pods]), None), a_report(alone), Verdict.PROGRESSING)
    assert [(str(each.subject), each.downstream) for each in found.fixed] == [("Node edge", 0)]
    assert {each.finding.key for each in found.same} == {each.key for each in pods}


def test_what_failed_and_only_tries_again_is_neither_better_nor_fixed():
    """Whichever phase a digest happens to see: as before, until it was seen well."""
    failed = msgspec.structs.replace(_one(), verdict=Verdict.FAILED)
    trying = msgspec.structs.replace(failed, verdict=Verdict.PROGRESSING, reason="Starting")
    for threshold in (Verdict.PROGRESSING, Verdict.DEGRADED):
        kept = base(a_report([failed]), None)
        for seen in (trying, failed, trying, trying, failed):
            found = difference(kept, a_report([seen]), threshold)
            assert not found.some
            assert [each.finding.key for each in found.same] == [failed.key]
            kept = base(a_report([seen]), kept)
        kept = base(a_report([trying]), kept)
        (gone,) = difference(kept, a_report([]), threshold).fixed
        assert (gone.verdict, gone.reason) == (failed.verdict, failed.reason)


def test_what_only_ever_tried_is_worse_once_it_fails():
    """A start that is under way has no failure to go on with."""
    failed = msgspec.structs.replace(_one(), verdict=Verdict.FAILED)
    trying = msgspec.structs.replace(failed, verdict=Verdict.PROGRESSING)
    kept = base(a_report([trying]), base(a_report([trying]), None))
    found = difference(kept, a_report([failed]), Verdict.PROGRESSING)
    assert [each.was for each in found.worse] == [Verdict.PROGRESSING]


def test_causes_that_a_mangled_record_puts_into_a_circle_end():
    """Whoever may write the ConfigMap cannot make the digest hang."""
    one = base(a_report([_one()]), None).known.popitem()[1]
    role = {
        "pods/Pod/a/x": msgspec.structs.replace(one, cause="pods/Pod/a/y"),
        "pods/Pod/a/y": msgspec.structs.replace(one, cause="pods/Pod/a/x"),
    }
    found = difference(Base(NOW, role), a_report([]), Verdict.PROGRESSING)
    assert sum(1 + each.downstream for each in found.fixed) == 2


def _linked(cause: str, count: int):
    """A finding, and pods that follow from it."""
    check, kind, namespace, name = cause.split("/", 3)
    subject = Ref(kind, namespace, name)
    root = Finding(
        check=check, subject=subject, verdict=Verdict.FAILED, reason="NotReady", message="Gone."
    )
    pods = [
        Finding(
            check="pods",
            subject=Ref("Pod", "apps", f"web-{number}"),
            verdict=Verdict.FAILED,
            reason="NodeLost",
            message="Its node is gone.",
            cause=cause,
        )
        for number in range(count)
    ]
    return root, *pods


@pytest.mark.parametrize("verdict", [Verdict.PROGRESSING, Verdict.UNKNOWN, Verdict.SUSPENDED])
def test_what_failed_and_was_not_seen_well_is_as_before_since_it_failed_first(verdict: Verdict):
    """Trying again, suspended, or not known: none of these is better."""
    failed = msgspec.structs.replace(_one(), verdict=Verdict.FAILED, since=NOW)
    first = base(a_report([failed]), None)
    tried = msgspec.structs.replace(failed, verdict=verdict, since=NOW + timedelta(days=1))
    found = difference(first, a_report([tried]), Verdict.PROGRESSING)
    (entry,) = found.same
    assert entry.was is Verdict.FAILED
    assert entry.since == NOW
    assert not found.some


def test_what_was_under_way_and_failed_since_has_failed_since_then_only():
    """The time of an earlier digest is that of the roll-out."""
    tried = msgspec.structs.replace(_one(), verdict=Verdict.PROGRESSING, since=None)
    first = base(a_report([tried]), None)
    failed = msgspec.structs.replace(tried, verdict=Verdict.FAILED)
    later = NOW + timedelta(days=2)
    again = base(Report(later, (failed,), (), {"Pod": 1}), first)
    assert again.known[failed.key].first == later


def test_what_rests_on_a_fact_that_cannot_be_seen_now_is_not_fixed():
    """Nobody knows whether Traefik still refuses it, or whether the nodes reach each other."""
    for check, kind, fact in (
        ("routes-ingress", "Ingress", TRAEFIK_WORD),
        ("connectivity", "Node", BACKGROUND_PROBES),
    ):
        failed = msgspec.structs.replace(_one(), check=check, subject=Ref(kind, "", "web"))
        before = base(Report(NOW, (failed,), (), {kind: 1}), None)
        for why, fixed in ((Why.UNREACHABLE, 0), (Why.STALE, 0), (Why.FORBIDDEN, 1), (Why.OFF, 1)):
            now = Report(NOW, (), (Gap(fact, why),), {kind: 1})
            assert len(difference(before, now, Verdict.PROGRESSING).fixed) == fixed
            assert (failed.key in base(now, before).known) == (not fixed)


def test_requests_that_fail_no_more_are_not_called_fixed():
    """It is said once that they were there and are not seen now."""
    route = Ref("IngressRoute", "", "web")
    failed = msgspec.structs.replace(
        _one(), check="routes-ingressroute", subject=route, reason=REQUESTS_FAIL
    )
    before = base(Report(NOW, (failed,), (), {"IngressRoute": 1}), None)
    now = Report(NOW, (), (), {"IngressRoute": 1})
    found = difference(before, now, Verdict.PROGRESSING)
    assert (len(found.fixed), len(found.lost)) == (0, 1)
    assert not difference(base(now, before), now, Verdict.PROGRESSING).some
    works = replace(now, seen_well=frozenset({failed.key}))
    assert len(difference(before, works, Verdict.PROGRESSING).fixed) == 1


def test_a_kind_that_was_uninstalled_is_fixed_once_and_not_lost_for_ever():
    """Its objects went with its CRD."""
    before = base(a_report([_one()]), None)
    now = Report(NOW, (), (Gap("Pod", Why.NOT_INSTALLED),), {"Node": 1})
    found = difference(before, now, Verdict.PROGRESSING)
    assert (len(found.fixed), len(found.lost)) == (1, 0)
    after = base(now, before)
    assert not difference(after, now, Verdict.PROGRESSING).some


def test_what_only_a_test_in_private_shows_is_not_told_to_the_channel():
    """Neither itself, nor as an effect, nor that an earlier public fault of it is fixed."""
    node, *_ = _linked("nodes/Node//edge", 0)
    private = msgspec.structs.replace(_one(), private=True)
    effect = msgspec.structs.replace(private, cause=node.key)
    assert not difference(base(a_report([]), None), a_report([private]), Verdict.PROGRESSING).some
    first = difference(None, a_report([node, effect]), Verdict.PROGRESSING)
    assert [(each.finding, each.downstream) for each in first.new] == [(node, 0)]
    public = base(a_report([_one()]), None)
    assert not difference(public, a_report([private]), Verdict.PROGRESSING).some
    kept = base(a_report([private]), public)
    assert kept.known == public.known
    assert base(a_report([private]), None).known == {}


def test_a_digest_is_as_bad_as_what_is_public():
    """Its title tells no more than its entries."""
    private = msgspec.structs.replace(_one(), private=True)
    told = compose("daily", a_report([private]), StandingItem(), base(a_report([]), None))
    assert told.healthy
    assert told.verdict is Verdict.HEALTHY


ROUTE = Finding(
    check="routes-ingressroute",
    subject=Ref("IngressRoute", "apps", "web"),
    verdict=Verdict.FAILED,
    reason="MiddlewareNotFound",
    message="",
)


@pytest.mark.parametrize(
    ("kind", "why", "was"),
    [
        ("IngressRoute", Why.FORBIDDEN, Verdict.UNKNOWN),
        ("IngressRoute", Why.STALE, Verdict.UNKNOWN),
        ("Middleware", Why.FORBIDDEN, Verdict.UNKNOWN),
        ("Service", Why.UNREACHABLE, Verdict.UNKNOWN),
        (TRAEFIK_WORD, Why.IN_PART, Verdict.UNKNOWN),
        (TRAEFIK_WORD, Why.OLDER, None),
        ("IngressRoute", Why.NOT_INSTALLED, None),
        ("Certificate", Why.FORBIDDEN, None),
        ("HelmRelease", Why.FORBIDDEN, None),
    ],
)
def test_what_could_not_be_seen_before_is_not_told_as_if_it_had_been_well(
    kind: str, why: Why, was: Verdict | None
):
    """The route itself, what its check needs, or the fact that shows it, and nothing else."""
    gaps = (Gap(kind, why),)
    before = base(a_report((), gaps=gaps), None)
    shown = replace(a_report((ROUTE,)), facts={ROUTE.key: TRAEFIK_WORD})
    (entry,) = difference(before, shown, Verdict.PROGRESSING).new
    assert entry.was is was
    (entry,) = difference(before, a_report((ROUTE,)), Verdict.PROGRESSING).new
    assert entry.was is (None if kind == TRAEFIK_WORD else was)
    (entry,) = difference(before, a_report((ROUTE,), gaps=gaps), Verdict.PROGRESSING).new
    assert entry.was is None
