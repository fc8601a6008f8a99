"""The bot's own connection to the cluster of the test."""

from collections.abc import AsyncIterator

import pytest

from bot.kube.client import Api
from bot.kube.connect import connect
from tests.clusters import Cluster


@pytest.fixture
async def api(cluster: Cluster) -> AsyncIterator[Api]:
    """The real client of kubernetes.aio, on that cluster."""
    async with connect(kubeconfig=cluster.kubeconfig) as connected:
        yield connected
