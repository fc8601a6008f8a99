"""The fixtures of both clusters, for `tests/conftest.py`."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.cluster import control_plane
from tests.clusters import Cluster, crds
from tests.clusters.real import RealCluster, tried
from tests.clusters.simulated import Simulated, simulated
from tests.programs import catalogue
from tests.programs.program import ensure_built


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    """The control plane: built here, or the one that the environment names."""
    if named := os.environ.get("KUBECONFIG_UNDER_TEST"):
        yield RealCluster(Path(named), (_own_kubectl(),))
        return
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    program = None if assets else ensure_built(catalogue.KUBERNETES)
    kubectl = (str(Path(assets) / "kubectl"),) if assets else (str(program), "kubectl")
    how = control_plane.commands(program)
    with control_plane.running(tmp_path_factory.mktemp("control-plane"), how) as plane:
        yield RealCluster(plane.kubeconfig, kubectl, plane)


@pytest.fixture(scope="session")
def homelab(real: RealCluster, data: Path) -> RealCluster:
    """The real cluster with the CRDs of Traefik, Flux, cert-manager and External Secrets."""
    real.install(crds.installed(data))
    return real


@pytest.fixture
async def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cluster]:
    """An empty cluster: simulated, or real with `--cluster real`."""
    if request.config.getoption("cluster") == "simulated":
        async with simulated(tmp_path) as one:
            yield one
        return
    data = request.getfixturevalue("data")
    async with tried(request.getfixturevalue("homelab"), data, tmp_path) as one:
        yield one


@pytest.fixture
def simulation(cluster: Cluster) -> SimulatedCluster:
    """The simulated cluster itself, for what only a simulation can do; never with a real one."""
    assert isinstance(cluster, Simulated)
    return cluster.simulation


def _own_kubectl() -> str:
    found = shutil.which("kubectl")
    if found is None:
        pytest.fail("KUBECONFIG_UNDER_TEST needs kubectl, 1.33 or newer, on the PATH")
    return found
