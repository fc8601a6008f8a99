"""What the other tests stand on: a real API server, its history, and its way to fail."""

import json

import pytest

from bot.errors import Conflict, Gone, Invalid
from bot.kube.client import Api
from tests.cluster.control_plane import ControlPlane
from tests.clusters.real import RealCluster
from tests.programs import catalogue

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def a_config_map(name: str, **data: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


async def test_it_is_the_version_that_go_sum_pins(plane: ControlPlane, api: Api) -> None:
    """The server is the published one, and the client in the same program agrees."""
    assert json.loads(await api.get("/version"))["gitVersion"] == f"v{catalogue.KUBERNETES_VERSION}"


async def test_the_bot_writes_with_the_version_that_it_read(real: RealCluster, api: Api) -> None:
    """Create, replace, and the three ways in which a write is refused."""
    made = json.loads(await api.send("POST", CONFIG_MAPS, a_config_map("written", a="1")))
    with pytest.raises(Conflict):
        await api.send("POST", CONFIG_MAPS, a_config_map("written"))
    path = f"{CONFIG_MAPS}/written"
    await api.send("PUT", path, made | {"data": {"a": "2"}})
    with pytest.raises(Conflict, match="the object has been modified"):
        await api.send("PUT", path, made | {"data": {"a": "3"}})
    with pytest.raises(Invalid, match="RFC 1123"):
        await api.send("POST", CONFIG_MAPS, a_config_map("Not A Name"))
    applied = a_config_map("written", a="4")
    content_type = "application/apply-patch+yaml"
    how = [("fieldManager", "meshmedic"), ("force", "true")]
    await api.send("PATCH", path, applied, how, content_type=content_type)
    assert json.loads(await api.get(path))["data"] == {"a": "4"}
    await api.send("DELETE", path)


async def test_a_forgotten_history_expires_pages_and_versions(
    plane: ControlPlane, api: Api
) -> None:
    """410 for a page that is asked for too late, by the real server."""
    for number in range(3):
        await api.send("POST", CONFIG_MAPS, a_config_map(f"page-{number}"))
    first = json.loads(await api.get(CONFIG_MAPS, [("limit", 1)]))
    plane.forget_history()
    with pytest.raises(Gone):
        await api.get(CONFIG_MAPS, [("limit", 1), ("continue", first["metadata"]["continue"])])
