"""Examining a snapshot: collapse to causes, gaps, scopes."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.finding import Finding, Ref
from bot.domain.report import Report, collapse, examine, focus
from bot.domain.snapshot import Gap, Snapshot, Why
from bot.domain.temporary import LABELS, NAMESPACE
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS, in_scope
from tests.builders import Plain, a_kustomization, a_pod, an_object
from tests.fakes import snapshot_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def a_finding(name: str, *follows: str, minutes_ago: int | None = None) -> Finding:
    return Finding(
        check="pods",
        subject=Ref("Pod", "apps", name),
        verdict=Verdict.FAILED,
        reason="Error",
        message="",
        since=None if minutes_ago is None else NOW - timedelta(minutes=minutes_ago),
        follows=tuple(Ref("Pod", "apps", each) for each in follows),
    )


def causes(*findings: Finding) -> dict[str, str | None]:
    names = {each.key: each.subject.name for each in findings}
    return {each.subject.name: names.get(each.cause or "") for each in collapse(findings)}


def a_broken_node() -> dict:
    ready = {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}
    return an_object("Node", "home-1", namespace="", status={"conditions": [ready]})


def test_an_effect_is_linked_to_the_first_cause_that_is_itself_a_finding():
    """Of several candidates the healthy ones cause nothing."""
    found = causes(a_finding("effect", "healthy", "cause"), a_finding("cause"))
    assert found == {"effect": "cause", "cause": None}


def test_what_began_clearly_later_is_no_cause():
    """An effect does not begin before its cause."""
    found = causes(a_finding("effect", "late", minutes_ago=60), a_finding("late", minutes_ago=10))
    assert found["effect"] is None


def test_clocks_may_differ_a_little():
    """A cause that seems a few minutes younger is still one."""
    found = causes(a_finding("effect", "cause", minutes_ago=12), a_finding("cause", minutes_ago=9))
    assert found["effect"] == "cause"


def test_a_time_at_the_end_of_the_calendar_is_no_error():
    """Anybody may write one into a condition."""
    last = msgspec.structs.replace(a_finding("b", "a"), since=datetime.max.replace(tzinfo=UTC))
    assert causes(a_finding("a", minutes_ago=1), last)["b"] is not None


def test_a_circle_of_blame_keeps_a_root():
    """Two findings that blame each other stay visible: one of them is the root."""
    found = causes(a_finding("one", "two"), a_finding("two", "one"))
    assert sorted(map(str, found.values())) == ["None", "two"]


@given(st.lists(st.tuples(st.integers(0, 8), st.lists(st.integers(0, 8), max_size=4)), max_size=9))
def test_every_finding_hangs_on_exactly_one_root(drawn):
    """Whatever blames whatever: nothing is lost, no circle, each effect counted once."""
    findings = {
        f"p{name}": a_finding(f"p{name}", *(f"p{each}" for each in to)) for name, to in drawn
    }
    report = Report(NOW, collapse(tuple(findings.values())))
    below = [each.key for effects in report.downstream.values() for each in effects]
    assert len(below) == len(set(below))
    assert len(report.roots) + len(below) == len(findings)


def test_a_node_that_is_down_explains_its_pods():
    """Sixty pods of one lost node are one root and "60 downstream"."""
    pods = [a_pod(f"web-{number}", waiting="CrashLoopBackOff") for number in range(60)]
    report = examine(snapshot_of(a_broken_node(), *pods), CHECKS)
    (root,) = report.roots
    assert root.subject == Ref("Node", "", "home-1")
    assert len(report.downstream[root.key]) == 60


def of_a_test(pod: Plain) -> Plain:
    """A pod of a Job that the bot made."""
    pod["metadata"] |= {"namespace": NAMESPACE, "labels": LABELS}
    return pod


@pytest.mark.parametrize("waiting", ["ContainerCreating", "ImagePullBackOff", "CrashLoopBackOff"])
def test_a_pod_of_a_test_is_neither_a_finding_nor_counted(waiting: str):
    """Not while it starts, nor where it cannot; in its own namespace as little as anywhere."""
    snapshot = snapshot_of(a_pod(), of_a_test(a_pod("listen-1", waiting=waiting)))
    report = examine(snapshot, CHECKS)
    assert report.findings == ()
    assert report.counts["Pod"] == 1
    assert examine(snapshot, CHECKS, namespace=NAMESPACE).judged_count == 0


def test_a_pod_of_a_test_that_ends_on_a_dead_node_is_not_downstream_of_it():
    """The node is said; what the bot itself left there says nothing more."""
    left = of_a_test(a_pod("probe-1"))
    left["metadata"]["deletionTimestamp"] = "2026-11-23T10:00:00Z"
    report = examine(snapshot_of(a_broken_node(), left, now=NOW), CHECKS)
    assert [each.subject.kind for each in report.findings] == ["Node"]
    assert report.downstream == {}


def test_an_agent_that_does_not_run_is_a_finding():
    """It stays, so it is judged like any other pod."""
    agent = of_a_test(a_pod("agent", waiting="CrashLoopBackOff"))
    owner = {"kind": "DaemonSet", "name": "meshmedic-probe", "controller": True}
    agent["metadata"]["ownerReferences"] = [owner]
    report = examine(snapshot_of(agent), CHECKS)
    assert [each.subject.name for each in report.findings] == ["agent"]


def test_the_label_of_a_test_hides_no_pod_of_somebody_else():
    """The namespace counts as well."""
    pod = a_pod(waiting="CrashLoopBackOff")
    pod["metadata"]["labels"] = LABELS
    assert len(examine(snapshot_of(pod), CHECKS).findings) == 1


def test_the_cause_of_another_scope_comes_along():
    """`/health pods` shows the node that explains them, and not the healthy rest."""
    snapshot = snapshot_of(a_broken_node(), a_pod(waiting="CrashLoopBackOff"), a_kustomization())
    report = focus(examine(snapshot, CHECKS), in_scope(("pods",)))
    assert {each.subject.kind for each in report.findings} == {"Node", "Pod"}
    assert "Pod" in report.counts
    assert "Kustomization" not in report.counts
    assert report.scopes == ("pods",)


def test_a_finding_keeps_its_code_while_it_gets_worse():
    """The code names check and object, not the message of the day."""
    bad, worse = (
        examine(snapshot_of(a_pod(waiting=reason)), CHECKS).findings[0]
        for reason in ("ContainerCreating", "CrashLoopBackOff")
    )
    assert bad.verdict is not worse.verdict
    assert bad.code == worse.code


def test_nothing_seen_is_unknown_and_not_healthy():
    """An empty snapshot proves nothing."""
    assert examine(Snapshot(NOW), CHECKS).verdict is Verdict.UNKNOWN


def test_an_empty_cluster_is_unknown_although_all_of_it_was_seen():
    """Where there was nothing to judge, nobody can say that it is well."""
    assert examine(snapshot_of(), CHECKS).verdict is Verdict.UNKNOWN


def test_a_namespace_that_does_not_exist_is_not_healthy():
    """A typing error in its name must not be read as good news."""
    snapshot = snapshot_of(a_pod(namespace="apps"))
    assert examine(snapshot, CHECKS, namespace="apps").verdict is Verdict.HEALTHY
    assert examine(snapshot, CHECKS, namespace="aps").verdict is Verdict.UNKNOWN


def test_every_reason_for_not_seeing_but_the_owners_choice_is_unknown():
    """Forbidden, unreachable and stale kinds make a report unknown; absent ones do not."""
    verdicts = {
        why: examine(snapshot_of(a_pod(), gaps=(Gap("Pod", why),)), CHECKS).verdict for why in Why
    }
    assert verdicts == {
        Why.NOT_INSTALLED: Verdict.HEALTHY,
        Why.OFF: Verdict.HEALTHY,
        Why.FORBIDDEN: Verdict.UNKNOWN,
        Why.UNREACHABLE: Verdict.UNKNOWN,
        Why.STALE: Verdict.UNKNOWN,
        Why.NOT_SET_UP: Verdict.HEALTHY,
        Why.OLDER: Verdict.HEALTHY,
        Why.NOT_YET: Verdict.UNKNOWN,
        Why.IN_PART: Verdict.UNKNOWN,
    }


def test_what_was_seen_to_be_broken_is_said_although_something_was_not_seen():
    """A gap does not hide a failure."""
    gap = Gap("Node", Why.FORBIDDEN)
    report = examine(snapshot_of(a_pod(waiting="ErrImagePull"), gaps=(gap,)), CHECKS)
    assert report.verdict is Verdict.FAILED
    assert report.gaps == (gap,)


def test_an_object_that_could_not_be_read_whole_is_unknown():
    """A field of the wrong type is never read as health."""
    odd = a_pod()
    odd["status"]["conditions"] = 5
    (finding,) = examine(snapshot_of(odd), CHECKS).findings
    assert finding.verdict is Verdict.UNKNOWN
    assert "status.conditions" in finding.message


def test_roots_are_ordered_by_how_bad_and_how_much():
    """Failed before degraded; of two failed ones the one with more downstream first."""
    lone = a_finding("lone")
    cause = a_finding("cause")
    effects = [a_finding(f"effect-{n}", "cause") for n in range(3)]
    mild = msgspec.structs.replace(a_finding("mild"), verdict=Verdict.DEGRADED)
    snapshot = snapshot_of(a_broken_node(), a_pod(waiting="ErrImagePull"), a_pod("b", node="x"))
    assert snapshot is not None
    report = Report(NOW, collapse((mild, lone, *effects, cause)))
    assert {each.subject.name for each in report.roots} == {"mild", "lone", "cause"}
    assert len(report.downstream[cause.key]) == 3
