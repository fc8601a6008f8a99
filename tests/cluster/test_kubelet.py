"""The reader of logs over the real API server's proxying, down to a fake kubelet."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.domain.finding import Ref
from bot.errors import ClusterError, Forbidden
from bot.kube.connect import connect
from bot.kube.events_and_logs import QUICK, TAIL_LINES, Details
from tests.cluster.kubelet import Kubelet, kubelet
from tests.clusters import Cluster

PLACE = "logs"
POD = Ref("Pod", PLACE, "web")
NOW, BEFORE = (PLACE, "web", "main", False), (PLACE, "web", "main", True)


def a_node(port: int) -> dict[str, Any]:
    status = {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
    }
    meta = {"name": "log-node"}
    return {"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": {}, "status": status}


def a_pod() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": PLACE},
        "spec": {"nodeName": "log-node", "containers": [{"name": "main", "image": "web"}]},
        "status": {
            "phase": "Running",
            "containerStatuses": [
                {
                    "name": "main",
                    "image": "web",
                    "imageID": "web",
                    "ready": True,
                    "restartCount": 1,
                    "state": {"running": {"startedAt": "2026-01-31T12:00:00Z"}},
                }
            ],
        },
    }


@pytest.fixture
async def node(cluster: Cluster) -> AsyncIterator[Kubelet]:
    """A Node whose kubelet is ours, and a pod on it."""
    async with kubelet() as made:
        await cluster.put(a_node(made.port), a_pod())
        yield made


@pytest.fixture
async def details(cluster: Cluster) -> AsyncIterator[Details]:
    """The bot's reader, as its service account."""
    async with connect(kubeconfig=cluster.kubeconfig) as api:
        yield Details(api)


async def test_the_last_words_of_the_run_before_come_first(node: Kubelet, details: Details) -> None:
    """A crashed container's end is told rather than its new beginning."""
    node.logs[BEFORE] = "starting\npanic: no such table\n"
    node.logs[NOW] = "starting\n"
    tail = await details.last_log_lines(POD, "main")
    assert tail is not None
    assert (tail.previous, tail.lines) == (True, ("starting", "panic: no such table"))


async def test_without_a_run_before_the_present_one_is_read(
    node: Kubelet, details: Details
) -> None:
    """A kubelet's 400 about the run before is no failure."""
    node.logs[NOW] = "".join(f"line {number}\n" for number in range(500))
    tail = await details.last_log_lines(POD, "main")
    assert tail is not None
    assert not tail.previous
    assert tail.lines == tuple(f"line {number}" for number in range(500 - TAIL_LINES, 500))


@pytest.mark.parametrize(
    "words",
    [
        'container "main" in pod "web" is waiting to start: ContainerCreating',
        'container "main" in pod "web" is waiting to start: trying and failing to pull image',
    ],
)
async def test_a_container_that_has_not_started_has_no_log(
    node: Kubelet, details: Details, words: str
) -> None:
    """In a kubelet's own words, as the API server passes them on."""
    node.refusals[NOW] = words
    assert await details.last_log_lines(POD, "main") is None


@pytest.mark.parametrize(
    "words",
    [
        "unable to retrieve container logs for containerd://6f0d5c5069f91e02",
        'failed to try resolving symlinks in path "/var/log/pods/a/main/1.log": no such file\n',
    ],
)
async def test_a_log_that_the_kubelet_removed_is_none(
    node: Kubelet, details: Details, words: str
) -> None:
    """It keeps the log of one dead container, and says in the place of others why there is none."""
    node.logs[BEFORE] = words
    node.logs[NOW] = "cannot open the database\n"
    tail = await details.last_log_lines(POD, "main")
    assert tail is not None
    assert (tail.previous, tail.lines) == (False, ("cannot open the database",))


async def test_bytes_that_are_no_text_are_shown_as_such(node: Kubelet, details: Details) -> None:
    """A log is bounded in bytes, which may cut a letter in two."""
    node.logs[NOW] = "ä" * 40_000
    tail = await details.last_log_lines(POD, "main")
    assert tail is not None
    assert len(tail.lines[0].encode()) <= 33 * 1024


async def test_a_pod_that_is_gone_has_no_log(node: Kubelet, details: Details) -> None:
    """404 for the pod."""
    assert await details.last_log_lines(Ref("Pod", PLACE, "nobody"), "main") is None


async def test_a_kubelet_that_hangs_costs_a_bounded_time(node: Kubelet, details: Details) -> None:
    """The error says that nothing came, and the API server itself is not blamed by a guess."""
    node.hangs = True
    began = time.monotonic()
    with pytest.raises(ClusterError, match="did not answer in time"):
        await details.last_log_lines(POD, "main")
    assert time.monotonic() - began < QUICK + 3


async def test_a_kubelet_that_is_away_is_an_error_and_no_empty_log(
    cluster: Cluster, details: Details
) -> None:
    """Not seen is not nothing."""
    await cluster.put(a_node(1), a_pod())
    with pytest.raises(ClusterError, match=r"answered 500: .*127\.0\.0\.1:1"):
        await details.last_log_lines(POD, "main")


async def test_without_the_permission_for_logs_it_is_said(
    cluster: Cluster, node: Kubelet, details: Details
) -> None:
    """By the real authorizer, before any kubelet is asked."""
    await cluster.forbid("get", "pods/log")
    with pytest.raises(Forbidden, match='cannot get resource "pods/log"'):
        await details.last_log_lines(POD, "main")
    assert node.asked == []
