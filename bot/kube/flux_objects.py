"""Flux's own objects, whole, read at the moment: the watch cache keeps only what checks look at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from bot.domain.resources import flux
from bot.domain.resources.registry import KIND_OF, Kind
from bot.errors import Absent, ServerError
from bot.kube.client import Api
from bot.kube.discovery import Served, discover
from bot.kube.paths import path

NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
"""What Kubernetes takes for a name: nothing else is made a path of."""

KINDS = (KIND_OF[flux.Kustomization], KIND_OF[flux.GitRepository])


class FluxObjects:
    """Kustomizations and GitRepositories by name, in the best version that is served."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._served: Served | None = None

    async def kustomization(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """One, or None where there is none.

        Raises:
            ClusterError: It cannot be read.
        """
        return await self._one(KIND_OF[flux.Kustomization], namespace, name)

    async def git_repository(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """One, or None where there is none.

        Raises:
            ClusterError: It cannot be read.
        """
        return await self._one(KIND_OF[flux.GitRepository], namespace, name)

    async def _one(self, kind: Kind, namespace: str, name: str) -> Mapping[str, Any] | None:
        if not NAME.fullmatch(namespace) or not NAME.fullmatch(name):
            return None
        if self._served is None:
            self._served = await discover(self._api, KINDS)
        for source in self._served.sources(kind):
            try:
                body = await self._api.get(path(source.path(namespace), name))
            except Absent:
                # Also where the version is no longer served: look anew the next time.
                self._served = None
                return None
            return self._read(body)
        self._served = None
        return None

    def _read(self, body: bytes) -> dict[str, Any]:
        try:
            return msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.MsgspecError, RecursionError) as error:
            msg = f"What {self._api.host} answers is no object."
            raise ServerError(msg) from error
