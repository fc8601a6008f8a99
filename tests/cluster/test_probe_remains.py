"""What a bot that is gone leaves of a test: the real controllers remove it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from bot.domain.temporary import NAMESPACE
from bot.net.probing import manifests
from bot.net.probing.protocol import ProbedBackend, ProbeJob
from tests.cluster.asking import Somebody, everything_goes
from tests.cluster.conftest import RealCluster
from tests.cluster.deployed import until
from tests.cluster.test_rbac_components import JOBS, PROBES, SLICES

SECONDS = 120.0
"""For what controllers do by the clock, on a machine that many share."""


@pytest.fixture(scope="module")
def admin(real: RealCluster) -> Iterator[Somebody]:
    """Whoever makes what the bot makes, in a cluster whose controllers tidy up."""
    account = {"metadata": {"name": manifests.ACCOUNT, "namespace": NAMESPACE}}
    real.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {"apiVersion": "v1", "kind": "ServiceAccount", **account},
    )
    with real.plane.cleaning() if real.plane else nullcontext():
        yield everything_goes(real)


def test_temporary_services_end_with_the_job_without_a_pod_that_owns_them(admin: Somebody) -> None:
    """Its deadline ends it, its end removes it, and the garbage collector what it owns."""
    made = admin.ask("POST", JOBS, manifests.anchor_job("left-anchor", "probe", 2))
    assert made.done, made.said
    owner = made.body
    backend = ProbedBackend("192.0.2.1", 80)
    for listing, each in (
        (f"{PROBES}/services", manifests.sole_service("left-sole", 80, owner)),
        (SLICES, manifests.sole_slice("left-sole", backend, owner)),
    ):
        answer = admin.ask("POST", listing, each)
        assert answer.done, answer.said
    gone = (f"{JOBS}/left-anchor", f"{PROBES}/services/left-sole", f"{SLICES}/left-sole")
    until(lambda: all(admin.ask("GET", each).code == 404 for each in gone), SECONDS)
    pods = admin.ask("GET", f"{PROBES}/pods?labelSelector={manifests.JOB_NAME}=left-anchor")
    assert pods.body["items"] == []


def test_a_probe_ends_with_its_deadline_whoever_has_forgotten_it(admin: Somebody) -> None:
    """Its pod is told to end; once its kubelet says that it has, nothing is left.

    On a node that is away this waits until it is back, or is taken out of the cluster, as it does
    for every pod there.
    """
    job = ProbeJob(id="left-probe", expires=time.time() + 1)
    manifest = manifests.probe_job(job, node="no-such-node", image="probe", seconds=2)
    manifest["spec"]["ttlSecondsAfterFinished"] = 0
    answer = admin.ask("POST", JOBS, manifest)
    assert answer.done, answer.said
    listing = f"{PROBES}/pods?labelSelector={manifests.JOB_NAME}=left-probe"

    def leaving() -> list[str]:
        found = [each["metadata"] for each in admin.ask("GET", listing).body["items"]]
        return [each["name"] for each in found if "deletionTimestamp" in each]

    until(leaving, SECONDS)
    (name,) = leaving()
    admin.ask("DELETE", f"{PROBES}/pods/{name}?gracePeriodSeconds=0")
    until(lambda: not admin.ask("GET", listing).body["items"], SECONDS)
    until(lambda: admin.ask("GET", f"{JOBS}/left-probe").code == 404, SECONDS)
