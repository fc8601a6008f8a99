"""Flux's own objects, whole and as they are now, and the request that Flux looks at Git now.

The watch cache keeps only the fields that checks look at. The request needs
deploy/components/flux-reconcile, which allows one annotation; without it Flux waits for its
interval.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from bot.domain.resources import flux
from bot.domain.resources.registry import KIND_OF, Kind
from bot.errors import Absent, ServerError
from bot.gitops.domain.ownership import Keeper, ObjectOwner
from bot.gitops.domain.reconcile import REQUESTED, annotated_for_reconcile
from bot.kube.client import Api
from bot.kube.configmap_store import QUICK
from bot.kube.discovery import Served, Source, discover
from bot.kube.paths import path

NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
"""What Kubernetes takes for a name: no path is made of anything else."""

KUSTOMIZATION, GIT_REPOSITORY = KIND_OF[flux.Kustomization], KIND_OF[flux.GitRepository]
KINDS = {kind.name: kind for kind in (KUSTOMIZATION, GIT_REPOSITORY)}


class FluxObjects:
    """Kustomizations and GitRepositories by name, in the best version that is served."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._served: Served | None = None

    async def kustomization(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """A Kustomization; None where it does not exist.

        Raises:
            ClusterError: It cannot be read.
        """
        return await self._read(KUSTOMIZATION, namespace, name)

    async def git_repository(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """A GitRepository; None where it does not exist.

        Raises:
            ClusterError: It cannot be read.
        """
        return await self._read(GIT_REPOSITORY, namespace, name)

    async def reconcile(self, owner: ObjectOwner) -> None:
        """Annotate the Kustomization that owns an object, and its source first; do not wait.

        Raises:
            ClusterError: It is not allowed, or the API server does not answer.
        """
        if owner.keeper is not Keeper.KUSTOMIZATION:
            return
        live = await self.kustomization(owner.namespace, owner.name)
        annotations = {REQUESTED: datetime.now(UTC).isoformat()}
        for target in annotated_for_reconcile(live) if live else ():
            if kind := KINDS.get(target.kind):
                source = next(iter(await self._sources(kind)))
                at = path(source.path(target.namespace), target.name)
                await self._api.merge(at, {"metadata": {"annotations": annotations}}, total=QUICK)

    async def _read(self, kind: Kind, namespace: str, name: str) -> Mapping[str, Any] | None:
        if not NAME.fullmatch(namespace) or not NAME.fullmatch(name):
            return None
        for source in await self._sources(kind):
            try:
                body = await self._api.get(path(source.path(namespace), name))
                return msgspec.json.decode(body, type=dict[str, Any])
            except Absent:
                break
            except (msgspec.MsgspecError, RecursionError) as error:
                msg = f"What {self._api.host} answers is not an object."
                raise ServerError(msg) from error
        # Perhaps the version is no longer served: ask again the next time.
        self._served = None
        return None

    async def _sources(self, kind: Kind) -> tuple[Source, ...]:
        if self._served is None:
            self._served = await discover(self._api, KINDS.values())
        return self._served.sources(kind)
