"""Roots that are no objects: one for all that have it in common, and nothing for the rest."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.domain.finding import Finding, Ref
from bot.domain.rooted import rooted, shared
from bot.domain.verdict import Verdict


def a_finding(name: str, **rest: object) -> Finding:
    finding = Finding(
        check="routes",
        subject=Ref("Ingress", "apps", name),
        verdict=Verdict.DEGRADED,
        reason="Redirect",
        message=name,
    )
    return replace(finding, **rest)


def a_root(name: str, message: str = "") -> Finding:
    return a_finding(name, check="faults", message=message)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(Verdict),
            st.booleans(),
            st.sampled_from(("", "cause")),
            st.sampled_from(("", "edge", "shed")),
        ),
        max_size=8,
    )
)
def test_every_finding_without_a_cause_follows_from_its_root(
    drawn: list[tuple[Verdict, bool, str, str]],
) -> None:
    """Nothing is lost, no root is there without an effect, and none tells what is private."""
    findings = tuple(
        a_finding(str(number), verdict=verdict, private=private, cause=cause or None)
        for number, (verdict, private, cause, _) in enumerate(drawn)
    )
    roots = {
        finding.key: a_root(name, finding.message)
        for finding, (*_, name) in zip(findings, drawn, strict=True)
        if name
    }
    result = rooted(findings, roots)
    assert [finding.subject for finding in result[: len(findings)]] == [
        finding.subject for finding in findings
    ]
    for before, after in zip(findings, result, strict=False):
        own = roots.get(before.key)
        assert after.cause == (before.cause or (own.key if own else None))
    for root in result[len(findings) :]:
        effects = [finding for finding in result if finding.cause == root.key]
        public = [finding for finding in effects if not finding.private]
        assert root.private is not bool(public)
        assert root.verdict is max(
            (finding.verdict for finding in public or effects), key=lambda verdict: verdict.rank
        )
        assert root.message in {finding.message for finding in public or effects}


def test_what_holds_for_all_effects_holds_for_the_root_and_else_for_none() -> None:
    one, other = a_finding("one"), a_finding("other")
    roots = {finding.key: a_root("edge") for finding in (one, other)}
    findings = rooted((one, other), roots)
    (key,) = {root.key for root in roots.values()}
    assert shared(findings, roots, {one.key: "muted"}) == {}
    assert shared(findings, roots, {one.key: "muted", other.key: "too"}) == {key: "muted"}
