"""One real control plane for the whole suite, and what its tests do to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.kube.api import Api
from bot.kube.connect import connect
from tests.cluster import build, control_plane
from tests.cluster.control_plane import ControlPlane


@dataclass(frozen=True)
class RealCluster:
    """A cluster in which a test may do everything. `plane` is None where it is somebody else's."""

    kubeconfig: Path
    kubectl_command: tuple[str, ...]
    plane: ControlPlane | None = None

    def kubectl(self, *arguments: str, given: str | None = None, fails: bool = False) -> str:
        """What kubectl prints; on failure its error, where the test expects one."""
        ended = subprocess.run(  # noqa: S603  # ours
            (*self.kubectl_command, "--kubeconfig", str(self.kubeconfig), *arguments),
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert fails == bool(ended.returncode), ended.stderr or ended.stdout
        return ended.stderr if fails else ended.stdout

    def apply(self, *objects: dict[str, Any]) -> None:
        """Server-side apply, strictly: an unknown field is an error."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self.kubectl(
            "apply", "--server-side", "--validate=strict", "-f", "-", given=json.dumps(listed)
        )

    def read(self, *arguments: str) -> Any:
        """What `kubectl get … -o json` shows."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    """The control plane: built here, or the one that the environment names."""
    if named := os.environ.get("KUBECONFIG_UNDER_TEST"):
        yield RealCluster(Path(named), (_debians_kubectl(),))
        return
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    program = None if assets else build.built(build.CONTROL_PLANE)
    kubectl = (str(Path(assets) / "kubectl"),) if assets else (str(program), "kubectl")
    how = control_plane.commands(program)
    with control_plane.running(tmp_path_factory.mktemp("control-plane"), how) as plane:
        yield RealCluster(plane.kubeconfig, kubectl, plane)


@pytest.fixture
def plane(real: RealCluster) -> ControlPlane:
    """The processes, for a test that stops or restarts them."""
    if real.plane is None:
        pytest.skip("the cluster that KUBECONFIG_UNDER_TEST names is not ours to restart")
    return real.plane


@pytest.fixture
async def api(real: RealCluster) -> AsyncIterator[Api]:
    """The bot's own connection, as somebody who may do everything."""
    async with connect(kubeconfig=real.kubeconfig) as connected:
        yield connected


def _debians_kubectl() -> str:
    found = shutil.which("kubectl")
    if found is None:
        pytest.fail("KUBECONFIG_UNDER_TEST needs kubectl, 1.33 or newer, on the PATH")
    return found
