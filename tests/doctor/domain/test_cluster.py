"""What the cluster serves and allows, and what each fault is called."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.doctor.domain import cluster
from bot.doctor.domain.diagnostic import Diagnostic, DiagnosticOutcome
from bot.doctor.domain.facts import ClusterFacts, Right, Setup
from bot.domain.facts import Denied
from bot.domain.refusal import NotObserved
from bot.domain.resources.registry import KINDS
from bot.health.checks import CHECKS
from tests.doctor.domain.seen import SERVED, SETUP, a_cluster, failed_with_fix

MISSING = "Missing Authority Key Identifier"
LOST = NotObserved("The API server did not answer in time.")
INVENTORY = replace(SETUP, secret_inventory=True)
NARROW = replace(SETUP, namespaces=("apps", "media"))


def access(facts: ClusterFacts, setup: Setup = SETUP) -> dict[str, Diagnostic]:
    return {each.name: each for each in cluster.access(facts, CHECKS, setup)}


def without(wrong: Callable[[Right], bool], setup: Setup = SETUP) -> ClusterFacts:
    rights = {right: not wrong(right) for right in a_cluster(setup).rights}
    return a_cluster(setup, rights=rights)


def test_a_server_that_answers_tells_its_version_and_who_asked():
    """Permissions are those of that user."""
    found = cluster.server(a_cluster(user="system:serviceaccount:meshmedic:meshmedic"))
    assert found.outcome is DiagnosticOutcome.OK
    assert "v1.34.2+k3s1 at https://10.0.0.1:6443, as system:serviceaccount" in found.observation


def test_a_certificate_that_python_3_13_refuses_fails_where_it_keeps_the_bot_out():
    """Not the firewall is to be looked at, but the certificate."""
    found = cluster.server(a_cluster(version=LOST, strict_fault=MISSING))
    assert failed_with_fix(found, f"refuse the API server's certificate: {MISSING}.", "Renew the")


def test_a_certificate_that_only_the_image_refuses_is_a_warning_of_an_older_python():
    """What asks from a terminal works, and the pod will not."""
    found = cluster.server(a_cluster(strict_fault=MISSING))
    assert found.outcome is DiagnosticOutcome.WARNING
    assert "v1.34.2+k3s1" in found.observation
    assert f"certificate: {MISSING}. This Python accepts it" in found.observation
    assert found.fix.startswith("Renew the cluster's CA with keyUsage")


def test_a_server_that_refuses_fails_and_one_that_is_silent_is_not_seen():
    """401 is a fault of the set-up; silence tells nothing about it."""
    refused = cluster.server(a_cluster(version=Denied("The API server answered 401")))
    assert failed_with_fix(refused, "401", "Renew the kubeconfig")
    silent = cluster.server(a_cluster(version=LOST))
    assert silent.outcome is DiagnosticOutcome.UNOBSERVED
    assert "firewall" in silent.fix


def test_every_check_has_an_examination_of_its_permissions_and_so_have_stories():
    """None is forgotten."""
    found = access(a_cluster())
    assert set(found) == {check.name for check in CHECKS if check.reads} | {"why"}
    found.pop("injected-secrets")
    assert {each.outcome for each in found.values()} == {DiagnosticOutcome.OK}


@pytest.mark.parametrize("verb", ["list", "watch"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_permission_that_is_missing_fails_each_check_that_reads_the_kind(kind, verb: str):
    """Both verbs, every kind, every group; the component that grants it is named."""
    for group in kind.groups:
        missing = Right(verb, group, kind.plural)
        found = access(without(lambda right, m=missing: right == m, INVENTORY), INVENTORY)
        failed = {name for name, each in found.items() if each.outcome is DiagnosticOutcome.FAILED}
        assert failed == {each.name for each in CHECKS if kind.type in each.reads}
        component = "components/secret-inventory" if kind.plural == "secrets" else "deploy/base"
        for name in failed:
            assert failed_with_fix(found[name], f"May not {missing}", component)


@pytest.mark.parametrize("right", cluster.STORIES, ids=str)
def test_stories_need_events_and_logs(right: Right):
    """`/why` reads both."""
    found = access(without(lambda each: each == right))["why"]
    assert failed_with_fix(found, f"May not {right}", "deploy/base")


def test_a_review_that_was_not_answered_is_never_a_permission():
    """Whether one or none was answered."""
    one = a_cluster()
    pods = Right("watch", "", "pods")
    found = access(replace(one, rights={**one.rights, pods: LOST}))["pods"]
    assert (found.outcome, found.observation) == (DiagnosticOutcome.UNOBSERVED, LOST.why)
    none = access(a_cluster(rights={}))
    none.pop("injected-secrets")
    assert {each.outcome for each in none.values()} == {DiagnosticOutcome.UNOBSERVED}


def test_a_refusal_is_said_although_another_review_was_not_answered():
    """What is known to be wrong outweighs what is not known."""
    one = a_cluster()
    rights = {**one.rights, Right("list", "", "pods"): LOST, Right("watch", "", "pods"): False}
    assert access(replace(one, rights=rights))["pods"].outcome is DiagnosticOutcome.FAILED


def test_what_is_not_installed_needs_no_permission():
    """A homelab without Flux has no failure for it; without discovery nothing is excused."""
    flux = {key: each for key, each in SERVED.items() if "fluxcd" not in key[0]}
    refusing = without(lambda right: "fluxcd" in right.group)
    assert access(replace(refusing, served=flux))["flux-sources"].outcome is DiagnosticOutcome.NOTE
    assert (
        access(replace(refusing, served=LOST))["flux-sources"].outcome is DiagnosticOutcome.FAILED
    )


def test_secrets_are_asked_about_only_where_they_are_wanted():
    """The inventory is off by default, and that is no fault."""
    assert access(a_cluster())["injected-secrets"].outcome is DiagnosticOutcome.NOTE
    assert not any(right.resource == "secrets" for right in cluster.wanted(CHECKS, SETUP))
    assert (
        access(a_cluster(INVENTORY), INVENTORY)["injected-secrets"].outcome is DiagnosticOutcome.OK
    )


def test_permissions_in_each_of_the_named_namespaces_are_enough():
    """All of them, and nodes, which are in none, everywhere."""
    enough = without(lambda right: not right.namespace and right.resource != "nodes", NARROW)
    assert access(enough, NARROW)["why"].outcome is DiagnosticOutcome.OK
    lacking = without(lambda right: right.namespace != "apps", NARROW)
    found = access(lacking, NARROW)["why"]
    assert failed_with_fix(found, "in apps, media", "deploy/base")


def kinds(served: object) -> dict[str, Diagnostic]:
    return {each.name: each for each in cluster.kinds(a_cluster(served=served))}


def test_every_kind_belongs_to_one_family():
    """None is left out of the examination, but those that every cluster has."""
    groups = [group for each in cluster.FAMILIES.values() for group in each]
    assert len(groups) == len(set(groups))
    assert {group for kind in KINDS for group in kind.groups} == {"", *groups}


def test_installed_kinds_are_named_with_their_versions():
    """Those that are served, in the server's order."""
    served = {**SERVED, ("external-secrets.io", "externalsecrets"): ("v1", "v1beta1")}
    found = kinds(served)
    assert {each.outcome for each in found.values()} == {DiagnosticOutcome.OK}
    assert "ExternalSecret (v1, v1beta1)" in found["External Secrets"].observation


@pytest.mark.parametrize("family", ["Traefik", "Flux", "cert-manager", "External Secrets"])
def test_what_is_not_installed_is_a_note(family: str):
    """The owner's choice is no fault, and no health either."""
    rest = {key: v for key, v in SERVED.items() if key[0] not in cluster.FAMILIES[family]}
    assert kinds(rest)[family].outcome is DiagnosticOutcome.NOTE


def test_a_version_that_no_struct_was_written_for_is_a_warning():
    """It is read as well as it goes."""
    key = ("helm.toolkit.fluxcd.io", "helmreleases")
    found = kinds({**SERVED, key: ("v3",)})["Flux"]
    assert found.outcome is DiagnosticOutcome.WARNING
    assert "HelmRelease as v3" in found.observation
    assert "newer meshmedic" in found.fix
    assert kinds({**SERVED, key: ("v3", "v2")})["Flux"].outcome is DiagnosticOutcome.OK


def test_kinds_that_could_not_be_seen_are_not_called_absent():
    """Discovery failed, so nobody knows."""
    assert {each.outcome for each in kinds(LOST).values()} == {DiagnosticOutcome.UNOBSERVED}
