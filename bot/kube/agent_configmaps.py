"""A ConfigMap by which the agents are told something: they have no token to ask with."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from bot.domain.temporary import NAMESPACE
from bot.kube.client import Api
from bot.kube.paths import ApiPath, path

REQUEST = 8.0
MERGE = "application/merge-patch+json"


class _ConfigMap(msgspec.Struct, frozen=True):
    data: dict[str, str] | None = None


class AgentsConfig:
    """One of the ConfigMaps that deploy/components/prober-daemonset makes, empty."""

    def __init__(self, api: Api, name: str) -> None:
        self._api = api
        self._path = config_map(name)

    async def read(self) -> dict[str, str]:
        """What is in it.

        Raises:
            Absent: There is none, so there are no agents.
            ClusterError: It cannot be read.
        """
        body = await self._api.get(self._path, total=REQUEST)
        return msgspec.json.decode(body, type=_ConfigMap).data or {}

    async def merge(self, data: Mapping[str, str | None]) -> None:
        """Set these keys; None takes one away.

        Raises:
            ClusterError: It cannot be written.
        """
        patch = {"data": data}
        await self._api.send("PATCH", self._path, patch, content_type=MERGE, total=REQUEST)


def config_map(name: str) -> ApiPath:
    """Where a ConfigMap in the probe's namespace is."""
    return path("/api/v1/namespaces", NAMESPACE, "configmaps", name)
