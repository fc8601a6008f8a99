"""metrics-server's word, by an API server that has it or has not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.domain.finding import Ref
from bot.errors import ServerError
from bot.kube.connect import connect
from bot.kube.events_and_logs import Details
from bot.sandbox.kubernetes_api import write_kubeconfig

POD = Ref("Pod", "apps", "web")
HEAD = (
    '"apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics",'
    ' "metadata": {"namespace": "apps", "name": "web"}'
)


@asynccontextmanager
async def answering(body: str, tmp_path: Path, status: int = 200) -> AsyncIterator[Details]:
    """Details read from an API server that gives this answer about the pod's metrics."""

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text=body, status=status, content_type="application/json")

    app = web.Application()
    app.router.add_get("/apis/metrics.k8s.io/v1beta1/namespaces/apps/pods/web", metrics)
    async with TestServer(app) as server:
        write_kubeconfig(tmp_path / "kubeconfig", str(server.make_url("")).rstrip("/"))
        async with connect(kubeconfig=tmp_path / "kubeconfig") as api:
            yield Details(api)


async def test_memory_is_read_in_bytes_by_container(tmp_path: Path) -> None:
    """In whatever unit it is written; what is no amount is left out."""
    body = (
        f'{{{HEAD}, "containers": [{{"name": "a", "usage": {{"memory": "490516Ki"}}}},'
        ' {"name": "b", "usage": {"memory": "12", "cpu": "1n"}}, {"name": "c", "usage": {}},'
        ' {"name": "d", "usage": {"memory": "a lot"}}]}'
    )
    async with answering(body, tmp_path) as details:
        assert await details.memory_usage(POD) == {"a": 490516 * 1024, "b": 12}


async def test_without_metrics_server_nothing_is_known(tmp_path: Path) -> None:
    """Neither where it has not measured the pod."""
    async with answering("{}", tmp_path, status=404) as details:
        assert await details.memory_usage(POD) == {}


async def test_an_answer_that_is_none_is_an_error(tmp_path: Path) -> None:
    """In words, and not a crash."""
    async with answering(f'{{{HEAD}, "containers": 5}}', tmp_path) as details:
        with pytest.raises(ServerError, match="metrics of Pod apps/web cannot be read"):
            await details.memory_usage(POD)
