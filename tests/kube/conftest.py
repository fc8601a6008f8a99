"""A simulated API server on a real wire, and the real client connected to it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from bot.kube.api import Api
from bot.kube.connect import connect
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig


@pytest.fixture
def cluster() -> SimulatedCluster:
    """An empty cluster; tests put objects and faults into it."""
    return SimulatedCluster()


@pytest.fixture
async def api(cluster: SimulatedCluster, tmp_path) -> AsyncIterator[Api]:
    """The real client of kubernetes.aio, on that cluster."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serve(cluster))
        write_kubeconfig(tmp_path / "kubeconfig", url, None)
        yield await stack.enter_async_context(connect(kubeconfig=tmp_path / "kubeconfig"))
