"""The date of the last answer that an HTTP session got, to compare clocks with its sender."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import aiohttp

from bot.domain.timestamps import ahead


class Dates:
    """Listens to a session; `trace` is for its `trace_configs`."""

    def __init__(self) -> None:
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_end.append(self._note)
        self.skew: float | None = None

    async def _note(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        ended: aiohttp.TraceRequestEndParams,
    ) -> None:
        now = datetime.now(UTC)
        skew = ahead(now, now, ended.response.headers.get("Date"))
        if skew is not None:
            self.skew = skew
