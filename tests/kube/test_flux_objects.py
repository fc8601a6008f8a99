"""Flux's own objects, whole, in whatever version is served."""

from bot.kube.flux_objects import FluxObjects
from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.builders import an_object
from tests.clusters import Cluster

SPEC = {
    "interval": "10m",
    "path": "./apps",
    "prune": True,
    "sourceRef": {"kind": "GitRepository", "name": "home"},
    "targetNamespace": "apps",
}


async def test_a_kustomization_comes_with_fields_that_no_check_reads(cluster: Cluster, api):
    """And one that is not there is None."""
    version = "kustomize.toolkit.fluxcd.io/v1"
    made = an_object("Kustomization", "apps", version, "default", spec=SPEC)
    await cluster.put(made)
    flux = FluxObjects(api)
    found = await flux.kustomization("default", "apps")
    assert found is not None
    assert found["spec"]["targetNamespace"] == "apps"
    assert await flux.kustomization("default", "gone") is None
    assert await flux.git_repository("default", "gone") is None


async def test_no_name_leads_to_another_path(simulation: SimulatedCluster, api):
    """Names of a reference are the cluster's words."""
    flux = FluxObjects(api)
    before = len(simulation.requests)
    for name in ("../secrets/x", "a/b", "..", "", "a?b", "A"):
        assert await flux.git_repository("default", name) is None
        assert await flux.kustomization(name, "apps") is None
    assert len(simulation.requests) == before
