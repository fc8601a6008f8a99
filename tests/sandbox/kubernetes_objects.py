"""Objects and questions that the tests of the simulated Kubernetes API share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from kubernetes.aio import client, config

from bot.sandbox.kubernetes_api import SimulatedCluster, kubeconfig, serve

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


def a_pod(name: str, namespace: str = "web", *, node: str = "n1", **labels: str) -> dict[str, Any]:
    """A running pod with one container, `app`."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"nodeName": node, "containers": [{"name": "app", "image": "nginx"}]},
        "status": {"phase": "Running"},
    }


def a_certificate(name: str = "blog", *, version: str = "v1") -> dict[str, Any]:
    return {
        "apiVersion": f"cert-manager.io/{version}",
        "kind": "Certificate",
        "metadata": {"name": name, "namespace": "web"},
        "spec": {"secretName": f"{name}-tls"},
    }


async def ask(
    url: str, path: str, *, accept: str = "*/*", token: str | None = None, **query: str | int
) -> tuple[int, dict[str, Any]]:
    """The status and the JSON body of one raw request."""
    headers = {"Accept": accept} | ({"Authorization": f"Bearer {token}"} if token else {})
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(url + path, params=query) as response,
    ):
        return response.status, await response.json()


async def names(url: str, path: str, **query: str | int) -> list[str]:
    """The names in a list."""
    _, body = await ask(url, path, **query)
    return [item["metadata"]["name"] for item in body["items"]]


@asynccontextmanager
async def the_real_client(
    cluster: SimulatedCluster, *, token: str | None = None
) -> AsyncIterator[client.ApiClient]:
    """The real client, connected to a served cluster."""
    async with serve(cluster) as url:
        api = await config.new_client_from_config_dict(kubeconfig(url, token=token))
        async with api:
            yield api
