"""Reading a cluster once, for the command line: every kind at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.domain.resources.base import Object
from bot.domain.resources.core import SecretName
from bot.domain.resources.registry import KIND_OF, Kind
from bot.domain.resources.weighing import light
from bot.domain.snapshot import Gap, Snapshot, Why
from bot.errors import ClusterError, Forbidden, Gone
from bot.kube.client import Api
from bot.kube.discovery import Served, Source, discover
from bot.kube.events_and_logs import Details
from bot.kube.listing import KUBECTLS_PAGE, gap, not_served, pages
from bot.routing.running import NAMESPACES, TraefikNamespaces

PATIENCE = 60.0
"""Seconds for all pages of one kind."""

OFF = Gap("Secret", Why.OFF, "set MESHMEDIC_SECRET_INVENTORY to list Secrets by name")


@dataclass
class _KindRead:
    """What was read of a kind: no objects where all attempts failed.

    narrowed: Whether only the namespace that was asked for could be listed.
    """

    objects: list[Object] | None
    gaps: list[Gap] = field(default_factory=list)
    narrowed: bool = False


class ClusterReader(Details):
    """A cluster that is listed anew for every snapshot.

    `namespaces` are the only ones that may be read; empty: all. `traefik` are those in which
    Traefik runs.
    """

    def __init__(
        self,
        api: Api,
        *,
        secret_inventory: bool = False,
        namespaces: tuple[str, ...] = (),
        traefik: tuple[str, ...] = NAMESPACES,
    ) -> None:
        super().__init__(api)
        self._secret_inventory = secret_inventory
        self._namespaces = namespaces
        self._traefik = traefik

    async def snapshot(
        self, types: Iterable[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        """List these types; a failure becomes a gap.

        What is wrong in one namespace may have its cause in another, and a report is narrowed where
        it is made. So `namespace` alone is listed only where all may not be.
        """
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
        parts = await asyncio.gather(*(self._read(kind, served, namespace) for kind in wanted))
        objects: dict[type[Object], tuple[Object, ...]] = {}
        for kind, part in zip(wanted, parts, strict=True):
            gaps += part.gaps
            if part.objects is not None:
                objects[kind.type] = tuple(part.objects)
        places = self._namespaces
        if namespace and any(part.narrowed for part in parts):
            places = (namespace,)
        return Snapshot(
            taken_at,
            objects,
            tuple(gaps),
            places or None,
            supplements={TraefikNamespaces: TraefikNamespaces(self._traefik)},
        )

    async def _read(self, kind: Kind, served: Served, namespace: str | None) -> _KindRead:
        """The objects of a kind from every group that serves it."""
        sources = served.sources(kind)
        if not sources:
            return _KindRead(None, [not_served(kind)])
        part = _KindRead([])
        for source in sources:
            for place in self._places(kind):
                await self._read_place(source, place, namespace, part)
        failed = len(part.gaps) >= len(sources) * len(self._places(kind))
        return replace(part, objects=None) if failed else part

    def _places(self, kind: Kind) -> tuple[str | None, ...]:
        """The namespaces in which a kind is listed; None stands for all."""
        return self._namespaces if self._namespaces and kind.namespaced else (None,)

    async def _read_place(
        self, source: Source, place: str | None, namespace: str | None, part: _KindRead
    ) -> None:
        """List one place, or the namespace that was asked for where all may not be listed."""
        title = source.title
        try:
            async with asyncio.timeout(PATIENCE):
                try:
                    found = await self._list(source, place)
                except Forbidden:
                    if place or not namespace or not source.kind.namespaced:
                        raise
                    place = namespace
                    found = await self._list(source, place)
                    part.narrowed = True
            part.objects = [*(part.objects or ()), *found]
        except ClusterError as error:
            part.gaps.append(gap(source, error, namespace=place, since=None))
        except TimeoutError:
            detail = f"listing {title} took longer than {PATIENCE:.0f} s"
            part.gaps.append(Gap(source.kind.name, Why.UNREACHABLE, detail))

    async def _list(self, source: Source, namespace: str | None) -> list[Object]:
        try:
            return await self._all(source, namespace)
        except Gone:
            # The continue token has expired meanwhile: list once more from the start.
            return await self._all(source, namespace)

    async def _all(self, source: Source, namespace: str | None) -> list[Object]:
        read = pages(self.api, source, namespace, page=KUBECTLS_PAGE)
        return [light(resource) async for page in read for resource in page.items]
