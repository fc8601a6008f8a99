"""Finalizers: what keeps an object that is being deleted."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain import finalizers
from bot.domain.report import judge_one
from bot.domain.resources.base import Object
from bot.domain.verdict import Verdict
from bot.health.checks import ALL_CHECKS
from bot.health.offline import judge as judge_offline
from bot.health.offline import type_of
from tests.builders import Plain, a_certificate, a_kustomization, a_pod, an_object
from tests.health.checks.conditioned import ACME, CERT_MANAGER, SOURCE, a_thing, said
from tests.net.networks import MOMENT, a_path, a_route, a_rule, a_service, a_snapshot, ago
from tests.net.networks import an_ingress as a_plain_ingress

SINCE = datetime(2026, 11, 20, 8, tzinfo=UTC)
JUDGES = {kind: judge for check in ALL_CHECKS for kind, judge in check.judges.items()}

OBJECTS = (
    a_pod(),
    a_service(),
    a_route(a_rule()),
    a_plain_ingress(a_path()),
    a_certificate(),
    a_kustomization(),
    a_thing("CertificateRequest", "site-1", CERT_MANAGER, said("Ready")),
    a_thing("Order", "site-1", ACME, state="valid"),
    a_thing("Challenge", "site-1", ACME, state="valid"),
    a_thing("Issuer", "own", CERT_MANAGER, said("Ready")),
    a_thing("GitRepository", "flux-system", SOURCE, said("Ready")),
    an_object("PersistentVolumeClaim", "data", status={"phase": "Bound"}),
    an_object("PersistentVolume", "data", namespace="", status={"phase": "Bound"}),
    an_object("Namespace", "old", namespace="", status={"phase": "Terminating"}),
    an_object("Node", "home-2", namespace="", status={"conditions": [said("Ready")]}),
    an_object("Job", "backup", "batch/v1", status={"startTime": ago(hours=1)}),
)


def deleted(plain: Plain, since: str, *names: str) -> Plain:
    meta = {**plain["metadata"], "deletionTimestamp": since, "finalizers": list(names)}
    return {**plain, "metadata": meta}


@pytest.mark.parametrize("plain", OBJECTS, ids=lambda plain: str(plain["kind"]))
def test_an_object_that_a_finalizer_holds_is_degraded_and_names_it(plain: Plain) -> None:
    """Of whatever kind it is, and however well it did before."""
    held = deleted(plain, ago(days=2), "example.org/cleanup")
    snapshot = a_snapshot(held)
    resource: Object = snapshot.of(type_of(held))[0]
    judgement = judge_one(resource, JUDGES[type_of(held)], snapshot)
    assert judgement.verdict in (Verdict.DEGRADED, Verdict.FAILED)
    assert "being deleted" in judgement.message
    assert "example.org/cleanup" in judgement.message


def test_a_kind_without_a_check_names_its_finalizer_too() -> None:
    """Saved objects of any group."""
    held = deleted(an_object("Volume", "pvc-1", "longhorn.io/v1beta2"), ago(days=2), "longhorn.io")
    verdict = judge_offline([held], now=MOMENT, timely=True)[0]
    assert verdict.verdict is Verdict.DEGRADED
    assert "longhorn.io: Longhorn has to clean up" in verdict.message


def test_a_deletion_of_a_moment_ago_is_under_way() -> None:
    """Finalizers are there to be waited for."""
    fresh = deleted(a_certificate(), ago(minutes=2), "example.org/cleanup")
    verdict = judge_offline([fresh], now=MOMENT, timely=True)[0]
    assert verdict.verdict is Verdict.PROGRESSING
    assert "waits for its finalizer example.org/cleanup" in verdict.message


def test_a_finalizer_of_an_object_that_is_not_deleted_means_nothing() -> None:
    """Most claims and LoadBalancer Services have one all their life."""
    claim = an_object("PersistentVolumeClaim", "data", status={"phase": "Bound"})
    claim["metadata"]["finalizers"] = ["kubernetes.io/pvc-protection"]
    assert judge_offline([claim], now=MOMENT, timely=True)[0].verdict is Verdict.HEALTHY


def test_a_namespace_says_what_is_left_in_it_and_what_that_waits_for() -> None:
    """Its own conditions count what remains."""
    words: tuple[tuple[str, str], ...] = (
        ("NamespaceContentRemaining", "Some resources are remaining: challenges has 1 instances"),
        (
            "NamespaceFinalizersRemaining",
            "Some content has finalizers remaining: acme.cert-manager.io/finalizer in 1 instances",
        ),
    )
    entries: list[Any] = [said(type_, message=message) for type_, message in words]
    status = {"phase": "Terminating", "conditions": entries}
    namespace = deleted(an_object("Namespace", "old", namespace="", status=status), ago(days=1))
    message = judge_offline([namespace], now=MOMENT, timely=True)[0].message
    assert message.startswith("It is being deleted.")
    assert "challenges has 1 instances. Some content" in message
    assert message.endswith(
        "Cert-manager has to take back what it made for the challenge. It is gone, or it cannot."
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("finalizer.acme.cert-manager.io", "cert-manager"),
        ("kubernetes.io/pvc-protection", "a pod still uses the claim"),
        ("external-attacher/driver-longhorn-io", "storage driver"),
        ("externalsecrets.external-secrets.io/externalsecret-cleanup", "External Secrets"),
        ("pushsecret.externalsecrets.io/finalizer", "External Secrets"),
        ("finalizers.fluxcd.io", "Flux"),
        ("somebody.else/finalizer", "the controller that set it"),
    ],
)
def test_a_finalizer_is_explained(name: str, words: str) -> None:
    """By who has to act."""
    assert words in finalizers.describe((name,), SINCE)


def test_many_finalizers_with_long_names_stay_one_short_message() -> None:
    """They are text that anybody may write."""
    message = finalizers.describe(tuple(f"a{number}/{'x' * 5_000}" for number in range(99)), SINCE)
    assert "and 96 more" in message
    assert len(message) < 700
