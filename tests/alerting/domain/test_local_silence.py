"""What an annotation silences, and what it does not: its own object, and its own namespace."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from bot.alerting.domain.actions import OpenIncident, due
from bot.alerting.domain.incident import Alerts
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.domain.silences import Mute, Mutes, silenced
from bot.alerting.domain.transitions import advance
from bot.domain.finding import Finding, Ref
from bot.domain.report import Report, collapse
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import Verdict

START = datetime(2026, 11, 1, tzinfo=UTC)
RULES = Rules(routes=(AlertRoute(1),))
CERTIFICATE = Ref("Certificate", "tenant", "xy")
APPS = Ref("Kustomization", "flux-system", "apps")
LEDGER = Ref("Service", "bank", "ledger")
NODE = Ref("Node", "", "one")
ANNOTATED = "muted by the annotation"


def failed(subject: Ref, *follows: Ref) -> Finding:
    return Finding(
        check=subject.kind.lower(),
        subject=subject,
        verdict=Verdict.FAILED,
        reason="Broken",
        message="",
        follows=follows,
    )


def a_report(minute: int, *findings: Finding, annotated: tuple[Ref, ...] = ()) -> Report:
    muted = {failed(subject).key: f"{ANNOTATED} of {subject}" for subject in annotated}
    kinds = {finding.subject.kind: 1 for finding in findings}
    taken_at = START + timedelta(minutes=minute)
    return Report(taken_at, collapse(findings), (), kinds, muted=muted)


def told(
    *findings: Finding, annotated: tuple[Ref, ...] = (), mutes: Mutes | None = None
) -> set[Ref]:
    """The subjects with a message of their own after a quarter of an hour."""
    state: Alerts | None = None
    for minute in range(-1, 15):
        report = a_report(minute, *(findings if minute >= 0 else ()), annotated=annotated)
        by_people = mutes.muted(report.findings, report.taken_at) if mutes else {}
        state = advance(state, report, RULES, by_people)
    assert state is not None
    acts = due(state, START + timedelta(minutes=15), RULES)
    return {act.incident.head.subject for act in acts if isinstance(act, OpenIncident)}


def test_a_tenants_annotation_silences_neither_flux_nor_what_follows_from_flux():
    """Flux names the tenant's certificate in its condition, so it is the cause for display."""
    chain = (failed(CERTIFICATE), failed(APPS, CERTIFICATE), failed(LEDGER, APPS))
    assert told(*chain, annotated=(CERTIFICATE,)) == {APPS}
    assert told(*chain) == {CERTIFICATE, APPS}


def test_what_follows_in_the_same_namespace_is_silent_too():
    pod = Ref("Pod", "tenant", "web")
    assert told(failed(pod), failed(CERTIFICATE, pod), annotated=(pod,)) == set()


@pytest.mark.parametrize(
    "effect",
    [
        NODE,
        LEDGER,
        APPS,
        Ref("Deployment", "kube-system", "traefik"),
        Ref("Namespace", "", "bank"),
        Ref("Fault", "", "one: redirect"),
        Ref("PersistentVolume", "", "pvc-1"),
        Ref("ClusterIssuer", "", "letsencrypt"),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "cause",
    [
        CERTIFICATE,
        Ref("Service", "tenant", "web"),
        Ref("Secret", "tenant", "tls"),
        Ref("Pod", "tenant", "web"),
        Ref("Kustomization", "tenant", "apps"),
        Ref("HelmRelease", "tenant", "web"),
        Ref("Namespace", "", "tenant"),
    ],
    ids=str,
)
def test_a_silent_cause_of_a_tenant_silences_nothing_elsewhere(cause, effect):
    """Whatever it is, by whatever link: the effect has its message at its own time."""
    assert told(failed(cause), failed(effect, cause), annotated=(cause,)) == {effect}


@pytest.mark.parametrize("effect", [LEDGER, APPS, NODE], ids=str)
def test_it_does_not_do_so_by_way_of_others_either(effect):
    middle = Ref("Service", "tenant", "web")
    links = (failed(CERTIFICATE), failed(middle, CERTIFICATE), failed(effect, middle))
    assert told(*links, annotated=(CERTIFICATE, middle)) == {effect}


@pytest.mark.parametrize("subject", [APPS, NODE], ids=str)
def test_an_annotation_of_the_platform_silences_its_object_and_not_the_others(subject):
    """Whose namespace it is makes no difference to what an annotation does."""
    assert told(failed(subject), failed(LEDGER, subject), annotated=(subject,)) == {LEDGER}


@pytest.mark.parametrize("subject", [APPS, NODE], ids=str)
def test_a_mute_by_people_takes_along_what_its_object_answers_for(subject):
    mute = Mute(
        by="olga", since=START, until=START + timedelta(hours=2), finding=failed(subject).key
    )
    chain = (failed(subject), failed(LEDGER, subject))
    assert told(*chain, mutes=Mutes((mute,))) == set()
    # Also where an annotation says the same of that object.
    assert told(*chain, annotated=(subject,), mutes=Mutes((mute,))) == set()


def test_a_muted_namespace_takes_along_nothing_that_it_does_not_answer_for():
    """People mute a loud tenant, whose certificate is named by Flux: Flux is told all the same."""
    mute = Mute(by="olga", since=START, until=START + timedelta(hours=2), namespace="tenant")
    assert told(failed(CERTIFICATE), failed(APPS, CERTIFICATE), mutes=Mutes((mute,))) == {APPS}


def test_the_reports_own_lines_are_those_of_annotations_however_they_are_passed_on():
    report = a_report(0, failed(NODE), failed(LEDGER, NODE), annotated=(NODE,))
    node, ledger = failed(NODE).key, failed(LEDGER).key
    assert silenced(report) == silenced(report, report.muted) == silenced(report, {node}) == {node}
    by_olga = {**report.muted, node: "muted by olga"}
    assert silenced(report, by_olga) == {node, ledger}


def test_what_was_known_of_a_tenants_cause_makes_nothing_elsewhere_known():
    """A failure that the tenant had before the bot's first look hides none that begins later."""
    state: Alerts | None = advance(None, a_report(0, failed(CERTIFICATE)), RULES)
    for minute in range(1, 9):
        state = advance(
            state, a_report(minute, failed(CERTIFICATE), failed(APPS, CERTIFICATE)), RULES
        )
    assert state is not None
    assert [incident.head.subject for incident in state.incidents] == [APPS]


@pytest.mark.parametrize("begins", range(1, 25, 2))
def test_a_tenants_effect_makes_no_incident_of_others_longer_worse_or_earlier(begins):
    """It claims by a label that Flux made it, fails before and after, and fails worse."""
    forged = failed(Ref("Service", "tenant", "forged"), APPS)
    apps = msgspec.structs.replace(failed(APPS), verdict=Verdict.DEGRADED)
    alone, claimed = (incident_of_flux(begins, apps, *more) for more in ((), (forged,)))
    assert claimed == alone


def incident_of_flux(begins: int, apps: Finding, *forged: Finding) -> tuple[object, ...]:
    """When Flux's incident was opened and ended, and how bad it was."""
    state: Alerts | None = None
    for minute in range(40):
        findings = (*((apps,) if 10 <= minute < 20 else ()), *(forged if minute >= begins else ()))
        report = replace(a_report(minute, *findings), counts={"Kustomization": 1, "Service": 1})
        state = advance(state, report, RULES)
    assert state is not None
    (incident,) = (one for one in state.incidents if one.head.subject == APPS)
    return incident.opened, incident.ended, incident.worst, incident.since, incident.timeline


def test_what_fails_later_is_not_hidden_in_an_incident_that_was_silenced_meanwhile():
    """The incident of Flux stands, silent by an annotation, and somebody else fails below it."""
    state: Alerts | None = advance(None, a_report(-1), RULES)
    for minute in range(20):
        later = (failed(LEDGER, APPS),) if minute >= 10 else ()
        annotated = (APPS,) if minute >= 8 else ()
        report = a_report(minute, failed(APPS), *later, annotated=annotated)
        state = advance(state, report, RULES)
    assert state is not None
    assert [incident.head.subject for incident in state.incidents] == [APPS, LEDGER]


HEAVY = Gap.in_part("Service", "tenant", "too heavy to be read: big")
AWAY = Gap("Node", Why.STALE, "", START)


def not_seen(*looks: tuple[Gap, ...]) -> Alerts:
    """The alerts after looks with these gaps, a minute each."""
    state: Alerts | None = None
    for minute, gaps in enumerate(((), *looks)):
        taken_at = START + timedelta(minutes=minute)
        report = Report(taken_at, (), gaps, {"Node": 1, "Service": 1})
        state = advance(state, report, RULES)
    assert state is not None
    return state


def test_what_a_tenant_keeps_from_being_read_is_no_incident_of_the_cluster():
    """Else that stays open for ever, and nobody hears that nodes are not seen any more."""
    heavy = not_seen(*[(HEAVY,)] * 40)
    assert {(one.head.subject.namespace, one.party) for one in heavy.incidents} == {
        ("tenant", "tenant")
    }
    both = not_seen(*[(HEAVY,)] * 40, *[(HEAVY, AWAY)] * 10)
    assert [one.head.subject.namespace for one in both.incidents] == ["tenant", ""]
    after = not_seen(*[(HEAVY,)] * 40, *[(HEAVY, AWAY)] * 10, *[(HEAVY,)] * 10)
    ended = {one.head.subject.namespace: one.ended is not None for one in after.incidents}
    assert ended == {"tenant": False, "": True}
