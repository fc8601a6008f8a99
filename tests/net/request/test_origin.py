"""Where a request begins is a node or a pod that runs, by what a person types."""

from typing import Any

import pytest
from hypothesis import given

from bot.domain.finding import Ref
from bot.domain.refusal import Refusal
from bot.domain.snapshot import Snapshot
from bot.net.request.origin import RequestOrigin, resolve, suggestions
from tests.builders import a_pod, an_object
from tests.fakes import snapshot_of
from tests.render.strategies import hostile


def running(name: str, namespace: str = "apps", node: str = "home-1") -> dict[str, Any]:
    pod = a_pod(name, namespace=namespace, node=node)
    pod["status"]["phase"] = "Running"
    return pod


@pytest.fixture
def seen() -> Snapshot:
    ended = running("ended")
    ended["status"]["phase"] = "Succeeded"
    return snapshot_of(
        an_object("Node", "edge", namespace=""),
        an_object("Node", "home-1", namespace=""),
        running("traefik-5d8c7-x2v4q", "kube-system", "edge"),
        running("web-0"),
        running("web-1"),
        running("api-0", "apps"),
        running("api-0", "other"),
        ended,
    )


@pytest.mark.parametrize("typed", ["edge", "node/edge", " Edge "])
def test_a_node_is_meant_by_its_name(seen: Snapshot, typed: str) -> None:
    assert resolve(seen, typed) == RequestOrigin("edge")


@pytest.mark.parametrize(
    "typed",
    [
        "traefik",
        "kube-system/traefik",
        "traefik-5d8c7-x2v4q",
        "pod/kube-system/traefik-5d8c7-x2v4q",
    ],
)
def test_a_pod_is_meant_by_its_name_or_the_beginning_of_it(seen: Snapshot, typed: str) -> None:
    found = resolve(seen, typed)
    assert isinstance(found, RequestOrigin)
    assert found.pod == Ref("Pod", "kube-system", "traefik-5d8c7-x2v4q")
    assert (found.node, found.container) == ("edge", "main")


def test_of_several_pods_of_one_namespace_the_first_is_taken(seen: Snapshot) -> None:
    assert str(resolve(seen, "web")) == "pod/apps/web-0"


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("gone", "There's no node or running pod called 'gone'"),
        ("ended", "There's no node or running pod"),
        ("node/gone", "There are: edge, home-1"),
        ("api-0", "stands for 2 pods: apps/api-0, other/api-0"),
        ("", "There's no node"),
        ("apps/", "There's no node"),
    ],
)
def test_what_is_none_or_several_is_told(seen: Snapshot, typed: str, why: str) -> None:
    found = resolve(seen, typed)
    assert isinstance(found, Refusal)
    assert why in found.detail


@given(hostile)
def test_whatever_is_typed_is_a_start_or_a_reason(typed: str) -> None:
    found = resolve(snapshot_of(running("web-0")), typed)
    assert isinstance(found, RequestOrigin) or found.detail


def test_what_is_suggested_can_be_asked_for(seen: Snapshot) -> None:
    assert suggestions(seen, "edge") == ("node/edge",)
    names = suggestions(seen, "")
    assert names[0] == "node/edge"
    assert "pod/apps/ended" not in names
    assert all(str(resolve(seen, each)) == each for each in names)
