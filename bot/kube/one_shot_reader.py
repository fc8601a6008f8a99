"""Reading a cluster once, for the command line: every kind at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

from bot.domain.resources.base import Object
from bot.domain.resources.core import SecretName
from bot.domain.resources.registry import KIND_OF, Kind
from bot.domain.snapshot import Gap, Snapshot, Why
from bot.errors import ClusterError, Gone
from bot.kube.client import Api
from bot.kube.discovery import Served, Source, discover
from bot.kube.events_and_logs import Details
from bot.kube.listing import KUBECTLS_PAGE, gap, not_served, pages

PATIENCE = 60.0
"""Seconds for all pages of one kind."""

OFF = Gap("Secret", Why.OFF, "set MESHMEDIC_SECRET_INVENTORY to list Secrets by name")


class ClusterReader(Details):
    """A cluster that is listed anew for every snapshot."""

    def __init__(self, api: Api, *, secret_inventory: bool = False) -> None:
        super().__init__(api)
        self._secret_inventory = secret_inventory

    async def snapshot(
        self, types: Iterable[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        """List these types, in all namespaces or in one. A failure becomes a gap."""
        kinds = [KIND_OF[kind] for kind in dict.fromkeys(types) if kind in KIND_OF]
        off = [kind for kind in kinds if kind.type is SecretName and not self._secret_inventory]
        wanted = [kind for kind in kinds if kind not in off]
        taken_at = datetime.now(UTC)
        gaps = [OFF] if off else []
        try:
            served = await discover(self.api, wanted)
        except ClusterError as error:
            gaps += [Gap(kind.name, Why.UNREACHABLE, str(error)) for kind in wanted]
            return Snapshot(taken_at, {}, tuple(gaps))
        answers = await asyncio.gather(*(self._read(kind, served, namespace) for kind in wanted))
        objects: dict[type[Object], tuple[Object, ...]] = {}
        for kind, (resources, missing) in zip(wanted, answers, strict=True):
            gaps += missing
            if resources is not None:
                objects[kind.type] = resources
        return Snapshot(taken_at, objects, tuple(gaps), (namespace,) if namespace else None)

    async def _read(
        self, kind: Kind, served: Served, namespace: str | None
    ) -> tuple[tuple[Object, ...] | None, list[Gap]]:
        """The objects of a kind from every group that serves it; None where all of them failed."""
        sources = served.sources(kind)
        if not sources:
            return None, [not_served(kind)]
        resources: list[Object] = []
        gaps: list[Gap] = []
        for source in sources:
            try:
                async with asyncio.timeout(PATIENCE):
                    resources += await self._list(source, namespace)
            except ClusterError as error:
                gaps.append(gap(source, error, namespace=namespace, since=None))
            except TimeoutError:
                detail = f"listing {source.title} took longer than {PATIENCE:.0f} s"
                gaps.append(Gap(kind.name, Why.UNREACHABLE, detail))
        return (tuple(resources) if len(gaps) < len(sources) else None), gaps

    async def _list(self, source: Source, namespace: str | None) -> list[Object]:
        try:
            return await self._all(source, namespace)
        except Gone:
            # The continue token has expired meanwhile: list once more from the start.
            return await self._all(source, namespace)

    async def _all(self, source: Source, namespace: str | None) -> list[Object]:
        read = pages(self.api, source, namespace, page=KUBECTLS_PAGE)
        return [resource async for page in read for resource in page.items]
