"""Who may read what, as RBAC decides and words it."""

from kubernetes.aio import client, config

from tests.clusters import Cluster, ask, names
from tests.clusters.objects import PODS, a_pod


async def test_what_is_forbidden_is_named_in_the_words_of_rbac(cluster: Cluster) -> None:
    """The messages that administrators know, at the cluster's scope and in a namespace."""
    await cluster.put(a_pod("a"))
    await cluster.forbid("list", "pods")
    await cluster.forbid("get", "certificates", "cert-manager.io")
    status, everywhere = await ask(cluster, PODS)
    _, inside = await ask(cluster, "/apis/cert-manager.io/v1/namespaces/web/certificates/a")
    readable, _ = await ask(cluster, "/api/v1/namespaces/web/pods/a")
    assert (status, readable) == (403, 200)
    assert everywhere["message"] == (
        f'pods is forbidden: User "{cluster.user}" cannot list resource "pods" in API group ""'
        " at the cluster scope"
    )
    assert inside["message"] == (
        f'certificates.cert-manager.io "a" is forbidden: User "{cluster.user}" cannot get resource'
        ' "certificates" in API group "cert-manager.io" in the namespace "web"'
    )


async def test_one_namespace_may_be_permitted(cluster: Cluster) -> None:
    """Forbidden at the cluster's scope and allowed in a namespace, as with a Role."""
    await cluster.put(a_pod("a"))
    await cluster.forbid("*", "pods")
    await cluster.allow("list", "pods", namespace="web")
    status, _ = await ask(cluster, PODS)
    assert status == 403
    assert await names(cluster, "/api/v1/namespaces/web/pods") == ["a"]


async def test_a_review_agrees_with_the_answers(cluster: Cluster) -> None:
    """SelfSubjectAccessReview says what a request would meet, subresources included."""
    await cluster.forbid("get", "pods/log")
    configuration = client.Configuration()
    await config.load_kube_config(str(cluster.kubeconfig), client_configuration=configuration)
    async with client.ApiClient(configuration) as api:

        async def may(verb: str, subresource: str | None = None) -> bool:
            asked = client.V1ResourceAttributes(verb=verb, resource="pods", subresource=subresource)
            spec = client.V1SelfSubjectAccessReviewSpec(resource_attributes=asked)
            body = client.V1SelfSubjectAccessReview(spec=spec)
            reviews = client.AuthorizationV1Api(api)
            answer = await reviews.create_self_subject_access_review(body)
            return bool(answer.status.allowed)

        assert await may("get")
        assert not await may("get", "log")


async def test_a_wrong_token_is_unauthorized(cluster: Cluster) -> None:
    """401 in the same words."""
    async with cluster.session() as session:
        headers = {"Authorization": "Bearer wrong"}
        async with session.get("/api/v1/pods", headers=headers) as response:
            body = await response.json()
    assert response.status == 401
    assert (body["message"], body["reason"]) == ("Unauthorized", "Unauthorized")
