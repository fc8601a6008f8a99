"""What the suite on a real control plane shares; the control plane itself is the fixture `real`."""

from collections.abc import AsyncIterator

import pytest

from bot.kube.client import Api
from bot.kube.connect import connect
from tests.cluster.asking import Somebody, everything_goes
from tests.cluster.control_plane import ControlPlane
from tests.clusters.real import RealCluster


@pytest.fixture
def plane(real: RealCluster) -> ControlPlane:
    """The processes, for a test that stops or restarts them."""
    if real.plane is None:
        pytest.skip("the cluster that KUBECONFIG_UNDER_TEST names is not ours to restart")
    return real.plane


@pytest.fixture(scope="module")
def admin(real: RealCluster) -> Somebody:
    """An account that RBAC refuses nothing: a request that it may make is a possible one."""
    return everything_goes(real)


@pytest.fixture
async def api(real: RealCluster) -> AsyncIterator[Api]:
    """The bot's own connection, as somebody who may do everything."""
    async with connect(kubeconfig=real.kubeconfig) as connected:
        yield connected
