from datetime import UTC, datetime

import pytest
from kubernetes.aio import client

from bot.sandbox.kubernetes_api import SimulatedCluster, serve
from tests.sandbox.kubernetes_objects import (
    METADATA,
    TABLE,
    a_certificate,
    a_pod,
    ask,
    names,
    the_real_client,
)

PODS = "/api/v1/pods"
CERTIFICATES = "/apis/cert-manager.io/v1/certificates"


async def test_the_real_client_reads_lists_and_objects() -> None:
    """The typed models of the real client accept what is served."""
    cluster = SimulatedCluster([a_pod("a"), a_pod("b", "db")])
    async with the_real_client(cluster) as api:
        core = client.CoreV1Api(api)
        everywhere = await core.list_pod_for_all_namespaces()
        one = await core.read_namespaced_pod("a", "web")
    assert [pod.metadata.name for pod in everywhere.items] == ["b", "a"]
    assert one.metadata.uid
    assert one.metadata.creation_timestamp
    assert one.metadata.generation == 1


async def test_a_list_of_a_built_in_kind_does_not_repeat_the_type() -> None:
    """Only items of custom kinds carry apiVersion and kind, as from a real server."""
    async with serve(SimulatedCluster([a_pod("a"), a_certificate()])) as url:
        _, pods = await ask(url, PODS)
        _, certificates = await ask(url, CERTIFICATES)
    assert (pods["kind"], pods["apiVersion"]) == ("PodList", "v1")
    assert "kind" not in pods["items"][0]
    assert certificates["items"][0]["kind"] == "Certificate"
    assert certificates["items"][0]["apiVersion"] == "cert-manager.io/v1"


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


async def test_pages_stay_at_the_version_of_the_first() -> None:
    """A change between two pages is seen in neither the items nor the version."""
    cluster = SimulatedCluster([a_pod(f"p{n}") for n in range(5)])
    async with serve(cluster) as url:
        _, first = await ask(url, PODS, limit=2)
        cluster.put(a_pod("p2a"))
        cluster.delete("Pod", "web", "p3")
        token = first["metadata"]["continue"]
        _, second = await ask(url, PODS, limit=2, **{"continue": token})
        token = second["metadata"]["continue"]
        _, last = await ask(url, PODS, limit=2, **{"continue": token})
    pages = (first, second, last)
    assert [[i["metadata"]["name"] for i in p["items"]] for p in pages] == [
        ["p0", "p1"],
        ["p2", "p3"],
        ["p4"],
    ]
    assert len({page["metadata"]["resourceVersion"] for page in pages}) == 1
    assert [page["metadata"].get("remainingItemCount") for page in pages] == [3, 1, None]
    assert "continue" not in last["metadata"]


async def test_pages_of_one_namespace_hold_that_namespace_alone() -> None:
    """Neighbours in the order of keys do not slip in, and all objects are seen once."""
    homes = ["web", "web-2", "we", "web0"]
    cluster = SimulatedCluster([a_pod(f"p{n}", home) for home in homes for n in range(3)])
    async with serve(cluster) as url:
        path = "/api/v1/namespaces/web/pods"
        _, first = await ask(url, path, limit=2)
        rest = await names(url, path, **{"continue": first["metadata"]["continue"]})
    assert first["metadata"]["remainingItemCount"] == 1
    assert rest == ["p2"]


async def test_resource_version_0_ignores_the_limit() -> None:
    """A real server answers such a list from its watch cache, which knows no pages."""
    async with serve(SimulatedCluster([a_pod(f"p{n}") for n in range(5)])) as url:
        assert len(await names(url, PODS, limit=2, resourceVersion="0")) == 5


async def test_an_expired_list_offers_to_go_on_inconsistently() -> None:
    """410 carries a continue token with which the rest can still be had."""
    cluster = SimulatedCluster([a_pod(f"p{n}") for n in range(3)])
    async with serve(cluster) as url:
        _, first = await ask(url, PODS, limit=2)
        cluster.expire_history()
        token = first["metadata"]["continue"]
        status, gone = await ask(url, PODS, **{"continue": token})
        rest = await names(url, PODS, **{"continue": gone["metadata"]["continue"]})
    assert (status, gone["reason"]) == (410, "Expired")
    assert rest == ["p2"]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("app=web", ["a", "b"]),
        ("app==web,tier=1", ["a"]),
        ("app!=web", ["c", "d"]),
        ("app in (web, db)", ["a", "b", "c"]),
        ("app notin (web,db),tier", []),
        ("app notin (web,db)", ["d"]),
        ("!app", ["d"]),
        ("tier", ["a"]),
    ],
)
async def test_label_selectors(selector: str, expected: list[str]) -> None:
    """Each operator selects what Kubernetes documents; != and notin take absent keys too."""
    pods = [a_pod("a", app="web", tier="1"), a_pod("b", app="web"), a_pod("c", app="db")]
    async with serve(SimulatedCluster([*pods, a_pod("d")])) as url:
        assert await names(url, PODS, labelSelector=selector) == expected


async def test_field_selectors() -> None:
    """Fields that the API server indexes can be selected on; others are refused in its words."""
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "web"},
        "involvedObject": {"kind": "Pod", "name": "a"},
        "type": "Warning",
        "reason": "BackOff",
    }
    cluster = SimulatedCluster([a_pod("a"), a_pod("b", node=""), event])
    async with serve(cluster) as url:
        events = "involvedObject.name=a,type!=Normal,reason=BackOff"
        assert await names(url, "/api/v1/events", fieldSelector=events) == ["e"]
        assert await names(url, PODS, fieldSelector="spec.nodeName=n1") == ["a"]
        assert await names(url, PODS, fieldSelector="spec.nodeName=") == ["b"]
        assert await names(url, PODS, fieldSelector="status.phase!=Running") == []
        assert await names(url, PODS, fieldSelector="metadata.name=b") == ["b"]
        status, refused = await ask(url, PODS, fieldSelector="spec.hostname=x")
        assert (status, refused["reason"]) == (400, "BadRequest")
        assert refused["message"].endswith("field label not supported: spec.hostname")


async def test_a_selected_list_goes_on_after_the_limit() -> None:
    """A page is filled with chosen objects, and what remains is not counted."""
    pods = [a_pod(f"p{n}", even=str(n % 2 == 0)) for n in range(6)]
    async with serve(SimulatedCluster(pods)) as url:
        _, first = await ask(url, PODS, limit=2, labelSelector="even=True")
        token = first["metadata"]["continue"]
        rest = await names(url, PODS, labelSelector="even=True", **{"continue": token})
    assert "remainingItemCount" not in first["metadata"]
    assert rest == ["p4"]


async def test_metadata_alone_never_holds_data() -> None:
    """What a reader of Secrets by name asks for carries no value of a Secret."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "web"},
        "data": {"password": "aHVudGVyMg=="},
    }
    async with serve(SimulatedCluster([secret])) as url:
        _, body = await ask(url, "/api/v1/secrets", accept=METADATA)
        one = METADATA.replace("List", "")
        _, single = await ask(url, "/api/v1/namespaces/web/secrets/s", accept=one)
    assert body["kind"] == "PartialObjectMetadataList"
    assert body["items"][0]["metadata"]["name"] == "s"
    assert "aHVudGVyMg" not in str(body) + str(single)
    assert single["kind"] == "PartialObjectMetadata"


async def test_a_table_has_a_row_for_each_object() -> None:
    """The form that `kubectl get` asks for: cells, and the metadata of each object."""
    async with serve(SimulatedCluster([a_pod("a")])) as url:
        _, body = await ask(url, PODS, accept=f"{TABLE},application/json")
    assert [column["name"] for column in body["columnDefinitions"]] == ["Name", "Age"]
    assert body["rows"][0]["cells"][0] == "a"
    assert body["rows"][0]["object"]["metadata"]["namespace"] == "web"


async def test_an_unknown_form_is_not_acceptable() -> None:
    """Only JSON is spoken: protobuf alone is answered with 406."""
    async with serve(SimulatedCluster()) as url:
        status, _ = await ask(url, PODS, accept="application/vnd.kubernetes.protobuf")
    assert status == 406


async def test_what_is_not_there_is_named() -> None:
    """404 for an object, a kind and a path, in the words of a real server."""
    async with serve(SimulatedCluster()) as url:
        _, pod = await ask(url, "/api/v1/namespaces/web/pods/a")
        _, certificate = await ask(url, "/apis/cert-manager.io/v1/namespaces/web/certificates/a")
        status, kind = await ask(url, "/api/v1/unicorns")
        _, path = await ask(url, "/unknown")
    assert pod["message"] == 'pods "a" not found'
    assert certificate["message"] == 'certificates.cert-manager.io "a" not found'
    assert certificate["details"]["group"] == "cert-manager.io"
    assert (status, kind["reason"]) == (404, "NotFound")
    assert path["message"] == "the server could not find the requested resource"


async def test_a_replaced_object_keeps_its_identity() -> None:
    """Its uid and creation stay; the generation moves with the spec alone."""
    cluster = SimulatedCluster([a_pod("a")])
    before = cluster.get("Pod", "web", "a")
    cluster.put(a_pod("a", app="labelled"))
    relabelled = cluster.get("Pod", "web", "a")
    cluster.put(a_pod("a", node="n2"))
    moved = cluster.get("Pod", "web", "a")
    assert before is not None
    assert relabelled is not None
    assert moved is not None
    assert before["metadata"]["uid"] == moved["metadata"]["uid"]
    generations = [each["metadata"]["generation"] for each in (before, relabelled, moved)]
    assert generations == [1, 1, 2]
    assert before["metadata"]["resourceVersion"] < moved["metadata"]["resourceVersion"]


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
