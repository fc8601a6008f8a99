"""Compose a digest: look at the cluster, compare with the one before, and draw meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.charts.process import Draw
from bot.digest.domain import open_items as reading
from bot.digest.domain.config import UTC_ZONE
from bot.digest.domain.diff import BASES, Base
from bot.digest.domain.digest import Digest, compose
from bot.digest.domain.records import DigestSchedule
from bot.digest.ports import DigestMessage
from bot.domain.record import Store
from bot.domain.report import Report
from bot.errors import MeshmedicError
from bot.health.service import Health
from bot.history.domain.record import HISTORY, History
from bot.history.domain.trends import Trends, trends
from bot.history.views import chart as timeline
from bot.net.mesh.history import LINKS, LinkHistory

BACK = timedelta(days=7)
"""What the picture and the trends look back on."""


async def nobody(_report: Report) -> Mapping[str, str]:
    """Nothing is muted."""
    return {}


async def nothing() -> tuple[str, ...]:
    """No Change waits."""
    return ()


@dataclass
class Composer:
    """What a digest says at the clock's moment: scheduled and by hand are the same.

    `muted` gives a line (who, until when) by the key of each silenced finding, `approvals` those
    of Changes that wait (MeshmedicError where they cannot be listed).
    """

    health: Health
    store: Store
    draw: Draw
    zone: ZoneInfo = UTC_ZONE
    muted: Callable[[Report], Awaitable[Mapping[str, str]]] = nobody
    approvals: Callable[[], Awaitable[tuple[str, ...]]] = nothing
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    async def compose(self, each: DigestSchedule, due: datetime | None = None) -> DigestMessage:
        """Look, compare, and draw meanwhile; `due` where it comes late."""
        history = await self._history()
        links = await self.store.read(LINKS)
        now = self.clock()
        picture = timeline.timeline(history, now, BACK, self.zone, links)
        drawing = asyncio.ensure_future(self.draw(picture)) if picture.lanes else None
        try:
            digest = await self._digest(each, due, history, links)
            if drawing is None or digest.brief:
                return DigestMessage(digest, brief=digest.brief)
            return DigestMessage(digest, await drawing, timeline.alt(picture))
        finally:
            if drawing:
                drawing.cancel()

    async def trends(self) -> Trends:
        """What the history tells of the last days."""
        links = await self.store.read(LINKS)
        return trends(await self._history(), self.clock(), BACK, links)

    async def _digest(
        self,
        each: DigestSchedule,
        due: datetime | None,
        history: History,
        links: LinkHistory | None,
    ) -> Digest:
        namespace = each.namespace or None
        report = await self.health.check(each.scopes, namespace)
        seen = await self.health.cluster.snapshot(reading.READS, namespace)
        return compose(
            each.name,
            report,
            reading.standing(seen, each.namespace),
            await self._base(each.name),
            threshold=each.threshold,
            due=due,
            muted=await self.muted(report),
            approvals=await self._waiting(),
            trends=trends(history, report.taken_at, BACK, links) if each.trends else None,
        )

    async def _waiting(self) -> tuple[str, ...]:
        try:
            return await self.approvals()
        except MeshmedicError as error:
            return (f"changes that wait were not seen: {error}",)

    async def _history(self) -> History:
        return await self.store.read(HISTORY) or History()

    async def _base(self, name: str) -> Base | None:
        bases = await self.store.read(BASES)
        return bases.by_name.get(name) if bases else None
