"""A report has the worst findings of a namespace, and counts the others: nobody else loses any."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bot.alerting.domain.transitions import AlertView
from bot.domain.finding import Finding, Ref
from bot.domain.finding_shares import MOST, FindingShares
from bot.domain.snapshot import Why
from bot.domain.verdict import Verdict
from tests.domain.test_judging_budget import a_service, report

CROWD = [a_service(f"t{number:05}", "tenant") for number in range(MOST + 300)]
OTHERS = [a_service("ledger", "bank"), a_service("shop", "shop")]


def a_finding(namespace: str, number: int, verdict: Verdict = Verdict.FAILED) -> Finding:
    return Finding(
        check="some",
        subject=Ref("Service" if namespace else "Node", namespace, f"x{number:05}"),
        verdict=verdict,
        reason="Broken",
        message="",
    )


def kept(*findings: Finding) -> Counter[str]:
    """How many are kept of each namespace."""
    shares = FindingShares({"", "flux-system"})
    keys = shares.kept(findings)
    return Counter(finding.subject.namespace for finding in findings if finding.key in keys)


def test_only_a_namespace_with_too_many_findings_is_cut():
    """The gap is of that namespace alone, and says how many findings more there are."""
    seen = report(lambda _: 0.0, *CROWD, *OTHERS)
    names = {finding.subject.name for finding in seen.findings}
    assert {service.name for service in OTHERS} <= names
    assert len(names) == MOST + len(OTHERS)
    (gap,) = seen.gaps
    assert (gap.kind, gap.why) == ("Service in tenant", Why.IN_PART)
    assert gap.detail.startswith("300 more findings")
    assert seen.counts == {"Service": len(CROWD) + len(OTHERS)}


def test_findings_that_are_kept_alert_and_those_left_out_are_not_over():
    """A finding that is there is certain; one that is missing may be among the others."""
    seen = report(lambda _: 0.0, *CROWD)
    view = AlertView(seen)
    assert all(view.observes(finding.key) for finding in seen.findings)
    assert not view.observes("endpoints/Service/tenant/t99999")


def test_the_worst_of_a_namespace_stay_in_whatever_order_they_come():
    """What failed last by name is there, and each look keeps the same ones."""
    mild = [a_finding("tenant", number, Verdict.PROGRESSING) for number in range(MOST)]
    bad = [a_finding("tenant", number) for number in range(MOST, MOST + 20)]
    first = FindingShares().kept([*mild, *bad])
    assert {finding.key for finding in bad} <= first
    assert FindingShares().kept([*bad, *mild][::-1]) == first


def test_nodes_and_flux_keep_all_their_findings():
    """They are judged to the end, too."""
    many = [a_finding(place, n) for place in ("", "flux-system", "tenant") for n in range(MOST + 9)]
    assert kept(*many) == {"": MOST + 9, "flux-system": MOST + 9, "tenant": MOST}


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2 * MOST)), max_size=4))
def test_everything_is_kept_or_counted(crowds: list[tuple[str, int]]):
    """Whoever has however many."""
    findings = [a_finding(place, n) for place, count in crowds for n in range(count)]
    findings = list({finding.key: finding for finding in findings}.values())
    shares = FindingShares()
    assert len(shares.kept(findings)) + shares.left_out.total() == len(findings)
