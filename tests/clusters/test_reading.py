"""Get and list, as an API server answers them."""

import pytest
from kubernetes.aio import client, config

from tests.clusters import Cluster, ask, names
from tests.clusters.objects import (
    CERTIFICATES,
    MAPS,
    METADATA,
    PODS,
    TABLE,
    a_certificate,
    a_map,
    a_pod,
)


async def test_the_real_client_reads_lists_and_objects(cluster: Cluster) -> None:
    """The typed models of the real client accept what is served, in the order of keys."""
    await cluster.put(a_pod("a"), a_pod("b", "db"))
    configuration = client.Configuration()
    await config.load_kube_config(str(cluster.kubeconfig), client_configuration=configuration)
    async with client.ApiClient(configuration) as api:
        core = client.CoreV1Api(api)
        everywhere = await core.list_pod_for_all_namespaces()
        one = await core.read_namespaced_pod("a", "web")
    assert [pod.metadata.name for pod in everywhere.items] == ["b", "a"]
    assert one.metadata.uid
    assert one.metadata.creation_timestamp
    assert one.metadata.generation == 1


async def test_a_list_of_a_built_in_kind_does_not_repeat_the_type(cluster: Cluster) -> None:
    """Only items of custom kinds carry apiVersion and kind."""
    await cluster.put(a_pod("a"), a_certificate())
    _, pods = await ask(cluster, PODS)
    _, certificates = await ask(cluster, CERTIFICATES)
    assert (pods["kind"], pods["apiVersion"]) == ("PodList", "v1")
    assert "kind" not in pods["items"][0]
    assert certificates["items"][0]["kind"] == "Certificate"
    assert certificates["items"][0]["apiVersion"] == "cert-manager.io/v1"


async def test_pages_stay_at_the_version_of_the_first(cluster: Cluster) -> None:
    """A change between two pages is seen in neither the items nor the version."""
    await cluster.put(*(a_pod(f"p{n}") for n in range(5)))
    _, first = await ask(cluster, PODS, limit=2)
    await cluster.put(a_pod("p2a"))
    await cluster.delete("Pod", "web", "p3")
    token = first["metadata"]["continue"]
    _, second = await ask(cluster, PODS, limit=2, **{"continue": token})
    token = second["metadata"]["continue"]
    _, last = await ask(cluster, PODS, limit=2, **{"continue": token})
    pages = (first, second, last)
    assert [[i["metadata"]["name"] for i in p["items"]] for p in pages] == [
        ["p0", "p1"],
        ["p2", "p3"],
        ["p4"],
    ]
    assert len({page["metadata"]["resourceVersion"] for page in pages}) == 1
    assert [page["metadata"].get("remainingItemCount") for page in pages] == [3, 1, None]
    assert "continue" not in last["metadata"]


async def test_pages_of_one_namespace_hold_that_namespace_alone(cluster: Cluster) -> None:
    """Neighbours in the order of keys do not slip in, and all objects are seen once."""
    homes = ["web", "web-2", "we", "web0"]
    await cluster.put(*(a_pod(f"p{n}", home) for home in homes for n in range(3)))
    path = "/api/v1/namespaces/web/pods"
    _, first = await ask(cluster, path, limit=2)
    rest = await names(cluster, path, **{"continue": first["metadata"]["continue"]})
    assert first["metadata"]["remainingItemCount"] == 1
    assert rest == ["p2"]


async def test_resource_version_0_ignores_the_limit(cluster: Cluster) -> None:
    """Such a list comes from the watch cache, which knows no pages."""
    await cluster.put(*(a_pod(f"p{n}") for n in range(5)))
    assert len(await names(cluster, PODS, limit=2, resourceVersion="0")) == 5


async def test_an_expired_list_offers_to_go_on_inconsistently(cluster: Cluster) -> None:
    """410 carries a continue token with which the rest can still be had."""
    await cluster.put(*(a_pod(f"p{n}") for n in range(3)))
    _, first = await ask(cluster, PODS, limit=2)
    await cluster.expire_history()
    token = first["metadata"]["continue"]
    status, gone = await ask(cluster, PODS, **{"continue": token})
    rest = await names(cluster, PODS, **{"continue": gone["metadata"]["continue"]})
    assert (status, gone["reason"]) == (410, "Expired")
    assert "The provided continue parameter is too old" in gone["message"]
    assert rest == ["p2"]


async def test_a_continue_token_that_is_none_is_refused(cluster: Cluster) -> None:
    """400, and not the first page again."""
    status, body = await ask(cluster, PODS, **{"continue": "made-up"})
    assert (status, body["reason"]) == (400, "BadRequest")
    assert body["message"].startswith("invalid continue token: continue key is not valid")


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
async def test_label_selectors(cluster: Cluster, selector: str, expected: list[str]) -> None:
    """Each operator selects what Kubernetes documents; != and notin take absent keys too."""
    pods = [a_pod("a", app="web", tier="1"), a_pod("b", app="web"), a_pod("c", app="db")]
    await cluster.put(*pods, a_pod("d"))
    assert await names(cluster, PODS, labelSelector=selector) == expected


async def test_field_selectors(cluster: Cluster) -> None:
    """Fields that the API server indexes can be selected on; others are refused in its words."""
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "web"},
        "involvedObject": {"kind": "Pod", "name": "a", "namespace": "web"},
        "type": "Warning",
        "reason": "BackOff",
    }
    await cluster.put(a_pod("a"), a_pod("b", node=""), event)
    events = "involvedObject.name=a,type!=Normal,reason=BackOff"
    assert await names(cluster, "/api/v1/events", fieldSelector=events) == ["e"]
    assert await names(cluster, PODS, fieldSelector="spec.nodeName=n1") == ["a"]
    assert await names(cluster, PODS, fieldSelector="spec.nodeName=") == ["b"]
    assert await names(cluster, PODS, fieldSelector="status.phase!=Running") == ["a", "b"]
    assert await names(cluster, PODS, fieldSelector="metadata.name=b") == ["b"]
    status, refused = await ask(cluster, PODS, fieldSelector="spec.hostname=x")
    assert (status, refused["reason"]) == (400, "BadRequest")
    assert refused["message"].endswith("field label not supported: spec.hostname")


async def test_a_selected_list_goes_on_after_the_limit(cluster: Cluster) -> None:
    """A page is filled with chosen objects, and what remains is not counted."""
    await cluster.put(*(a_pod(f"p{n}", even=str(n % 2 == 0)) for n in range(6)))
    _, first = await ask(cluster, PODS, limit=2, labelSelector="even=True")
    token = first["metadata"]["continue"]
    rest = await names(cluster, PODS, labelSelector="even=True", **{"continue": token})
    assert "remainingItemCount" not in first["metadata"]
    assert rest == ["p4"]


async def test_metadata_alone_never_holds_data(cluster: Cluster) -> None:
    """What a reader of Secrets by name asks for carries no value of a Secret."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "web"},
        "data": {"password": "aHVudGVyMg=="},
    }
    await cluster.put(secret)
    path = "/api/v1/namespaces/web/secrets"
    _, body = await ask(cluster, path, accept=METADATA)
    _, single = await ask(cluster, f"{path}/s", accept=METADATA.replace("List", ""))
    assert body["kind"] == "PartialObjectMetadataList"
    assert [each["metadata"]["name"] for each in body["items"]] == ["s"]
    assert single["kind"] == "PartialObjectMetadata"
    # A real server repeats the values in managedFields' names of fields only, never their content.
    assert "aHVudGVyMg" not in str(body) + str(single)


async def test_a_table_has_a_row_for_each_object(cluster: Cluster) -> None:
    """The form that `kubectl get` asks for: cells, and the metadata of each object."""
    await cluster.put(a_map("a"))
    _, body = await ask(cluster, MAPS, accept=f"{TABLE},application/json")
    rows = {row["object"]["metadata"]["name"]: row for row in body["rows"]}
    columns = [column["name"] for column in body["columnDefinitions"]]
    assert (columns[0], columns[-1]) == ("Name", "Age")
    assert rows["a"]["cells"][0] == "a"
    assert rows["a"]["object"]["metadata"]["namespace"] == "web"


async def test_what_is_not_there_is_named(cluster: Cluster) -> None:
    """404 for an object, a custom object and a kind; RBAC is asked before any of them."""
    await cluster.allow("list", "unicorns")
    _, pod = await ask(cluster, "/api/v1/namespaces/web/pods/a")
    path = "/apis/cert-manager.io/v1/namespaces/web/certificates/a"
    _, certificate = await ask(cluster, path)
    status, kind = await ask(cluster, "/api/v1/unicorns")
    assert pod["message"] == 'pods "a" not found'
    assert certificate["message"] == 'certificates.cert-manager.io "a" not found'
    assert certificate["details"]["group"] == "cert-manager.io"
    assert (status, kind["reason"]) == (404, "NotFound")
    assert kind["message"] == "the server could not find the requested resource"


async def test_a_group_that_is_not_installed_is_404_in_plain_text(cluster: Cluster) -> None:
    """Not a Status: Go's own answer."""
    await cluster.uninstall("cert-manager.io")
    async with cluster.session() as session, session.get(CERTIFICATES) as response:
        assert response.status == 404
        assert await response.text() == "404 page not found\n"
    _, groups = await ask(cluster, "/apis")
    assert "cert-manager.io" not in {each["name"] for each in groups["groups"]}


async def test_a_replaced_object_keeps_its_identity(cluster: Cluster) -> None:
    """Its uid and creation stay; the generation moves with the spec alone."""
    seen = []
    labelled = a_certificate()
    labelled["metadata"]["labels"] = {"app": "blog"}
    moved = a_certificate()
    moved["spec"]["secretName"] = "other"
    for each in (a_certificate(), labelled, moved):
        await cluster.put(each)
        _, body = await ask(cluster, "/apis/cert-manager.io/v1/namespaces/web/certificates/blog")
        seen.append(body["metadata"])
    assert len({each["uid"] for each in seen}) == 1
    assert len({each["creationTimestamp"] for each in seen}) == 1
    assert [each["generation"] for each in seen] == [1, 1, 2]
    versions = [int(each["resourceVersion"]) for each in seen]
    assert versions == sorted(set(versions))
