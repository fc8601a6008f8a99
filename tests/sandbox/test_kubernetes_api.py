from datetime import UTC, datetime

import pytest

from bot.sandbox.kubernetes_api import SimulatedCluster, serve
from tests.sandbox.kubernetes_objects import (
    TABLE,
    a_pod,
    ask,
)

PODS = "/api/v1/pods"
CERTIFICATES = "/apis/cert-manager.io/v1/certificates"


async def test_an_object_is_served_under_every_version_of_its_group() -> None:
    """The stored version does not matter: apiVersion is written as it was asked for."""
    flux = {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1beta2",
        "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system"},
    }
    path = "/apis/kustomize.toolkit.fluxcd.io/{}/namespaces/flux-system/kustomizations/apps"
    async with serve(SimulatedCluster([flux])) as url:
        for version in ("v1", "v1beta2"):
            _, body = await ask(url, path.format(version))
            assert body["apiVersion"] == f"kustomize.toolkit.fluxcd.io/{version}"


async def test_an_unknown_form_is_not_acceptable() -> None:
    """Only JSON is spoken: protobuf alone is answered with 406."""
    async with serve(SimulatedCluster()) as url:
        status, _ = await ask(url, PODS, accept="application/vnd.kubernetes.protobuf")
    assert status == 406


def test_an_object_of_the_same_name_in_two_groups_must_be_named_by_its_group() -> None:
    """Traefik's two groups hold different objects of one kind."""
    route = {"kind": "IngressRoute", "metadata": {"name": "r", "namespace": "web"}}
    groups = ("traefik.io", "traefik.containo.us")
    cluster = SimulatedCluster({**route, "apiVersion": f"{group}/v1alpha1"} for group in groups)
    with pytest.raises(LookupError, match="name the group"):
        cluster.get("IngressRoute", "web", "r")
    cluster.delete("IngressRoute", "web", "r", group="traefik.io")
    left = cluster.get("IngressRoute", "web", "r")
    assert left is not None
    assert left["apiVersion"] == "traefik.containo.us/v1alpha1"
    with pytest.raises(LookupError, match="there is no IngressRoute"):
        cluster.delete("IngressRoute", "web", "r", group="traefik.io")


async def test_timestamps_that_yaml_has_read_become_text_again() -> None:
    """An object straight from a YAML reader is served with the times it was written with."""
    pod = a_pod("a")
    pod["metadata"]["creationTimestamp"] = datetime(2024, 5, 1, 12, tzinfo=UTC)
    pod["status"]["startTime"] = datetime(2024, 5, 1, 12, 1, tzinfo=UTC)
    async with serve(SimulatedCluster([pod])) as url:
        _, body = await ask(url, "/api/v1/namespaces/web/pods/a")
        _, table = await ask(url, PODS, accept=TABLE)
    assert body["metadata"]["creationTimestamp"] == "2024-05-01T12:00:00Z"
    assert body["status"]["startTime"] == "2024-05-01T12:01:00Z"
    assert table["rows"][0]["cells"][1].endswith("d")
