"""Compose a digest: examine the cluster, compare with the digest before, and draw meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.charts.process import Draw
from bot.digest.domain import open_items
from bot.digest.domain.diff import BASES, Bases
from bot.digest.domain.digest import Digest, compose
from bot.digest.domain.records import UTC_ZONE, DigestSchedule
from bot.digest.ports import DigestMessage
from bot.domain.record import Store
from bot.domain.report import Report
from bot.errors import MeshmedicError
from bot.health.service import Health
from bot.history.domain.record import HISTORY, History
from bot.history.domain.trends import Trends, trends
from bot.history.domain.uptime import UPTIME
from bot.history.views import chart
from bot.net.mesh.history import LINKS, LinkHistory

BACK = timedelta(days=7)
"""How far the picture and the trends look back."""


async def nobody(_report: Report) -> Mapping[str, str]:
    """No finding is silenced."""
    return {}


async def nothing() -> tuple[str, ...]:
    """No Change waits."""
    return ()


@dataclass
class Composer:
    """Composes a digest of the present moment, for a scheduled run or by hand.

    `muted` returns a line (who, until when) by the key of each silenced finding, `approvals` a
    line for each waiting Change (MeshmedicError where they cannot be listed).
    """

    health: Health
    store: Store
    draw: Draw
    zone: ZoneInfo = UTC_ZONE
    muted: Callable[[Report], Awaitable[Mapping[str, str]]] = nobody
    approvals: Callable[[], Awaitable[tuple[str, ...]]] = nothing
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    async def compose(self, schedule: DigestSchedule, due: datetime | None = None) -> DigestMessage:
        """Examine, compare, and draw meanwhile; `due` where the digest is late."""
        history = await self.store.read(HISTORY) or History()
        links = await self.store.read(LINKS)
        picture = chart.timeline(history, self.clock(), BACK, self.zone, links)
        drawing = asyncio.ensure_future(self.draw(picture)) if picture.lanes else None
        try:
            digest = await self._digest(schedule, due, history, links)
            if drawing is None or digest.brief:
                return DigestMessage(digest, brief=digest.brief)
            return DigestMessage(digest, await drawing, chart.alt(picture))
        finally:
            if drawing:
                drawing.cancel()

    async def trends(self) -> Trends:
        """What the history says of the last days."""
        history = await self.store.read(HISTORY) or History()
        links = await self.store.read(LINKS)
        return await self._trends(history, links, self.clock())

    async def _trends(self, history: History, links: LinkHistory | None, now: datetime) -> Trends:
        requests = await self.store.read(UPTIME)
        return trends(history, now, BACK, links, requests)

    async def _digest(
        self,
        schedule: DigestSchedule,
        due: datetime | None,
        history: History,
        links: LinkHistory | None,
    ) -> Digest:
        namespace = schedule.namespace or None
        report = await self.health.check(schedule.scopes, namespace)
        snapshot = await self.health.cluster.snapshot(open_items.READS, namespace)
        bases = await self.store.read(BASES) or Bases()
        try:
            approvals = await self.approvals()
        except MeshmedicError as error:
            approvals = (f"changes that wait were not seen: {error}",)
        return compose(
            schedule.name,
            report,
            open_items.standing(snapshot, schedule.namespace),
            bases.by_name.get(schedule.name),
            threshold=schedule.threshold,
            due=due,
            muted=await self.muted(report),
            approvals=approvals,
            trends=await self._trends(history, links, report.taken_at) if schedule.trends else None,
        )
