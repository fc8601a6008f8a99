from typing import Any

import pytest
from kubernetes.aio import client
from kubernetes.aio.client.exceptions import ApiException

from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.sandbox.kubernetes_objects import a_pod, the_real_client


def a_pod_that_waits(reason: str) -> dict[str, Any]:
    pod = a_pod("a")
    state = {"name": "app", "state": {"waiting": {"reason": reason}}}
    pod["status"]["containerStatuses"] = [state]
    return pod


def a_pod_with(*containers: str) -> dict[str, Any]:
    pod = a_pod("a")
    pod["spec"]["containers"] = [{"name": name} for name in containers]
    pod["spec"]["initContainers"] = [{"name": "setup"}]
    return pod


async def log(cluster: SimulatedCluster, **options: Any) -> str:
    async with the_real_client(cluster) as api:
        core = client.CoreV1Api(api)
        return str(await core.read_namespaced_pod_log("a", "web", **options))


async def test_a_log_is_cut_as_asked() -> None:
    """The last lines first, then the first bytes of those."""
    cluster = SimulatedCluster([a_pod("a")])
    cluster.logs["web", "a", "app", False] = "one\ntwo\nthree\n"
    assert await log(cluster) == "one\ntwo\nthree\n"
    assert await log(cluster, tail_lines=2) == "two\nthree\n"
    assert await log(cluster, tail_lines=2, limit_bytes=5) == "two\nt"
    assert await log(cluster, tail_lines=0) == ""


async def test_the_previous_container_has_its_own_log() -> None:
    """What a crashed container wrote last is kept apart."""
    cluster = SimulatedCluster([a_pod("a")])
    cluster.logs["web", "a", "app", True] = "panic\n"
    assert await log(cluster, previous=True, container="app") == "panic\n"
    assert await log(cluster) == ""


@pytest.mark.parametrize(
    ("pod", "options", "message"),
    [
        (
            a_pod("a"),
            {"previous": True},
            'previous terminated container "app" in pod "a" not found',
        ),
        (a_pod("a"), {"container": "web"}, "container web is not valid for pod a"),
        (
            a_pod_with("app", "sidecar"),
            {},
            "a container name must be specified for pod a, choose one of: [app sidecar]"
            " or one of the init containers: [setup]",
        ),
        (
            a_pod_that_waits("ContainerCreating"),
            {},
            'container "app" in pod "a" is waiting to start: ContainerCreating',
        ),
        (
            a_pod_that_waits("ImagePullBackOff"),
            {},
            'container "app" in pod "a" is waiting to start: trying and failing to pull image',
        ),
    ],
)
async def test_a_missing_log_is_explained(
    pod: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    """400 in the words of the kubelet and the API server."""
    with pytest.raises(ApiException) as caught:
        await log(SimulatedCluster([pod]), **options)
    assert caught.value.status == 400
    assert message.replace('"', '\\"') in caught.value.body


async def test_the_log_of_a_missing_pod_is_not_found() -> None:
    """404 names the pod."""
    with pytest.raises(ApiException) as caught:
        await log(SimulatedCluster())
    assert caught.value.status == 404
    assert 'pods \\"a\\" not found' in caught.value.body
