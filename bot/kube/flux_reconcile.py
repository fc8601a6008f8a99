"""Asks Flux to look at Git now: the source first, then the Kustomization.

Needs deploy/components/flux-reconcile, which allows this one annotation. Without it Flux looks at
its own interval.
"""

from __future__ import annotations

from datetime import UTC, datetime

from bot.domain.resources.flux import GitRepository, Kustomization
from bot.domain.resources.registry import KIND_OF
from bot.gitops.domain.ownership import Keeper, ObjectOwner
from bot.gitops.domain.reconcile import ReconcileRequest, requests
from bot.kube.client import Api
from bot.kube.configmap_store import QUICK
from bot.kube.discovery import discover
from bot.kube.flux_objects import FluxObjects
from bot.kube.paths import path

KINDS = {
    "Kustomization": KIND_OF[Kustomization],
    "GitRepository": KIND_OF[GitRepository],
}
MERGE = "application/merge-patch+json"


class FluxRequest:
    """Annotates, in this order; it does not wait for what comes of it."""

    def __init__(self, api: Api, flux: FluxObjects) -> None:
        self._api = api
        self._flux = flux

    async def ask(self, owner: ObjectOwner) -> None:
        """Ask for the Kustomization that owns an object.

        Raises:
            ClusterError: It is not allowed, or the API server does not answer.
        """
        if owner.keeper is not Keeper.KUSTOMIZATION:
            return
        live = await self._flux.kustomization(owner.namespace, owner.name)
        for request in requests(live, datetime.now(UTC).isoformat()) if live else ():
            if request.object.kind in KINDS:
                await self._annotate(request)

    async def _annotate(self, request: ReconcileRequest) -> None:
        kind = KINDS[request.object.kind]
        served = await discover(self._api, (kind,))
        source = next(iter(served.sources(kind)))
        at = request.object
        body = {"metadata": {"annotations": {request.annotation: request.token}}}
        live = path(source.path(at.namespace), at.name)
        await self._api.send("PATCH", live, body, content_type=MERGE, total=QUICK)
