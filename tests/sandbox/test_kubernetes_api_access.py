import shutil
import ssl
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from pathlib import Path

import aiohttp
import pytest
import trustme
from kubernetes.aio import client
from kubernetes.aio.client.exceptions import ApiException

from bot.sandbox.kubernetes_api import SimulatedCluster, serve, without, write_kubeconfig
from tests.refusals import a_config_map
from tests.sandbox.kubernetes_objects import (
    TABLE,
    a_certificate,
    a_pod,
    ask,
    names,
    the_real_client,
)

PODS = "/api/v1/pods"
CERTIFICATES = "/apis/cert-manager.io/v1/certificates"


async def test_a_group_that_is_not_installed_is_404_everywhere() -> None:
    """Lists and discovery miss it alike; a dropped version leaves the others."""
    served = without("cert-manager.io", "external-secrets.io/v1")
    async with the_real_client(SimulatedCluster(served=served)) as api:
        custom = client.CustomObjectsApi(api)
        with pytest.raises(ApiException) as caught:
            await custom.list_cluster_custom_object("cert-manager.io", "v1", "certificates")
        groups = {
            group.name: group for group in (await client.ApisApi(api).get_api_versions()).groups
        }
        left = await custom.list_cluster_custom_object(
            "external-secrets.io", "v1beta1", "externalsecrets"
        )
    assert (caught.value.status, caught.value.body) == (404, "404 page not found\n")
    assert "cert-manager.io" not in groups
    assert groups["external-secrets.io"].preferred_version.version == "v1beta1"
    assert left["items"] == []


async def test_a_group_can_be_installed_later() -> None:
    """The table of what is served can change while the server runs."""
    cluster = SimulatedCluster(served=without("cert-manager.io"))
    complete = SimulatedCluster().served
    with pytest.raises(LookupError, match="serves no Certificate"):
        cluster.put(a_certificate())
    async with serve(cluster) as url:
        cluster.served = complete
        cluster.put(a_certificate())
        assert await names(url, CERTIFICATES) == ["blog"]


async def test_aggregated_discovery_says_the_same_as_the_plain_one() -> None:
    """Both ways of discovery name the same resources of every group."""
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
    plain, aggregated = set(), set()
    async with serve(SimulatedCluster()) as url:
        _, groups = await ask(url, "/apis")
        listed = [v["groupVersion"] for group in groups["groups"] for v in group["versions"]]
        for path in ["/api/v1", *(f"/apis/{each}" for each in listed)]:
            _, document = await ask(url, path)
            plain |= {(document["groupVersion"], r["name"]) for r in document["resources"]}
        for path in ("/api", "/apis"):
            _, document = await ask(url, path, accept=accept)
            for group in document["items"]:
                for version in group["versions"]:
                    of = "/".join(filter(None, (group["metadata"].get("name"), version["version"])))
                    aggregated |= {(of, r["resource"]) for r in version["resources"]}
    assert {each for each in plain if "/" not in each[1]} == aggregated
    assert ("traefik.io/v1alpha1", "ingressroutes") in aggregated


async def test_a_token_is_asked_for() -> None:
    """A wrong and a missing token are 401, and a token may be changed while running."""
    cluster = SimulatedCluster(token="right")
    async with serve(cluster) as url:
        wrong, body = await ask(url, PODS, token="wrong")
        missing, _ = await ask(url, "/version")
        right, _ = await ask(url, PODS, token="right")
        cluster.token = "rotated"
        stale, _ = await ask(url, PODS, token="right")
    assert (wrong, missing, right, stale) == (401, 401, 200, 401)
    assert (body["message"], body["reason"]) == ("Unauthorized", "Unauthorized")


async def test_access_rules_decide_on_writes() -> None:
    """A verb that is forbidden is refused in the words of RBAC, and nothing happens."""
    cluster = SimulatedCluster([a_config_map("a")])
    cluster.forbid("delete", "configmaps", namespace="default")
    async with the_real_client(cluster) as api:
        core = client.CoreV1Api(api)
        with pytest.raises(ApiException) as caught:
            await core.delete_namespaced_config_map("a", "default")
        assert (await core.read_namespaced_config_map("a", "default")).data == {"a": "1"}
        cluster.allow("delete", "configmaps", namespace="default")
        await core.delete_namespaced_config_map("a", "default")
    assert caught.value.status == 403
    assert 'cannot delete resource \\"configmaps\\"' in caught.value.body
    assert cluster.get("ConfigMap", "default", "a") is None


async def test_requests_are_recorded_without_the_token() -> None:
    """A test can count what a client asked, and see what it accepts, but no secret."""
    cluster = SimulatedCluster(token="right")
    async with serve(cluster) as url:
        await ask(url, PODS, token="right", accept=TABLE, limit=7)
    (asked,) = cluster.requests
    assert (asked.method, asked.path, asked.query) == ("GET", PODS, {"limit": "7"})
    assert asked.headers["Accept"] == TABLE
    assert "right" not in str(asked)


async def test_kubectl_reads_over_tls_with_a_token(tmp_path: Path) -> None:
    """The real kubectl discovers, lists, gets and reads logs through the written kubeconfig."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    cluster = SimulatedCluster([a_pod("a"), a_pod("b"), a_certificate()], token="right")
    cluster.logs["web", "a", "app", False] = "one\ntwo\n"
    written = tmp_path / "kubeconfig"

    async def kubectl(*arguments: str) -> str:
        flags = (f"--kubeconfig={written}", f"--cache-dir={tmp_path / 'cache'}")
        process = await create_subprocess_exec("kubectl", *flags, *arguments, stdout=PIPE)
        out, _ = await process.communicate()
        return out.decode()

    async with serve(cluster, ssl=context) as url:
        write_kubeconfig(written, url, "right", ca=authority.cert_pem.bytes())
        pods = await kubectl("get", "pods", "-A", "--chunk-size=1")
        certificates = await kubectl("get", "certificates", "-A")
        log = await kubectl("logs", "-n", "web", "a", "--tail=1")
    assert [line.split()[:2] for line in pods.splitlines()[1:]] == [["web", "a"], ["web", "b"]]
    assert "blog" in certificates
    assert log == "two\n"
    assert written.stat().st_mode & 0o777 == 0o600


async def test_a_body_that_is_no_review_is_refused() -> None:
    """A review that cannot be read is the client's fault, not the server's."""
    async with serve(SimulatedCluster()) as url, aiohttp.ClientSession() as session:
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        async with session.post(url + path, json=[]) as response:
            assert response.status == 400
        async with session.get(url + path) as response:
            assert response.status == 405
