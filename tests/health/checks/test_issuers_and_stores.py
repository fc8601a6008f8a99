"""Those whom many others wait for: Issuers, and secret stores of both scopes."""

from typing import Any

import pytest

from bot.domain.finding import Judgement, Ref
from bot.domain.report import examine
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from bot.health.offline import type_of
from tests.builders import Plain
from tests.health.checks.conditioned import CERT_MANAGER, ESO, a_thing, said
from tests.net.networks import a_snapshot, judged

JUDGES = {kind: judge for check in CHECKS for kind, judge in check.judges.items()}
KINDS = {
    "Issuer": CERT_MANAGER,
    "ClusterIssuer": CERT_MANAGER,
    "SecretStore": ESO,
    "ClusterSecretStore": ESO,
}


def one(kind: str, *conditions: Plain, **rest: Any) -> Plain:
    place = "" if kind.startswith("Cluster") else "apps"
    return a_thing(kind, "main", KINDS[kind], *conditions, namespace=place, **rest)


def verdict(plain: Plain) -> Judgement:
    return judged(JUDGES[type_of(plain)], plain)


@pytest.mark.parametrize("kind", KINDS)
def test_ready_decides(kind: str) -> None:
    """True is healthy, False failed, in the controller's own words."""
    assert verdict(one(kind, said("Ready"))).verdict is Verdict.HEALTHY
    found = verdict(one(kind, said("Ready", "False", reason="ErrInitIssuer", message="no route")))
    assert (found.verdict, found.reason, found.message) == (
        Verdict.FAILED,
        "ErrInitIssuer",
        "no route",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_nobody_looked_at_is_not_healthy(kind: str) -> None:
    """It was made three days ago and has no status."""
    assert verdict(one(kind)).verdict is Verdict.DEGRADED


@pytest.mark.parametrize("kind", ["SecretStore", "ClusterSecretStore"])
def test_a_store_that_could_not_be_validated_is_degraded_although_ready(kind: str) -> None:
    """What nobody could see is never healthy."""
    unsure = said("Ready", reason="ValidationUnknown")
    assert verdict(one(kind, unsure)).verdict is Verdict.DEGRADED


def test_those_who_wait_for_a_store_follow_from_it() -> None:
    """One root for all ExternalSecrets of a store."""
    broken = said("Ready", "False", reason="InvalidProviderConfig", minutes=60)
    failed = said("Ready", "False", reason="SecretSyncedError")
    spec = {"secretStoreRef": {"kind": "ClusterSecretStore", "name": "main"}}
    waiting = [a_thing("ExternalSecret", name, ESO, failed, spec=spec) for name in ("a", "b")]
    cluster = a_snapshot(one("ClusterSecretStore", broken), *waiting)
    report = examine(cluster, CHECKS)
    (root,) = report.roots
    assert root.subject == Ref("ClusterSecretStore", "", "main")
    assert len(report.downstream[root.key]) == 2
