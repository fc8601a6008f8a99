"""Asking the bot's process what a kubelet and Prometheus ask it."""

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

OK = 200
NO = 503

PATIENCE = 5.0
"""Seconds for one answer, on a machine that many share."""


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as found:
        found.bind(("", 0))  # on all interfaces, as the bot listens
        return int(found.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Probed:
    """The process's web server."""

    port: int

    @property
    def settings(self) -> dict[str, str]:
        """What tells the bot to listen there."""
        return {"MESHMEDIC_HTTP_PORT": str(self.port)}

    async def get(
        self, path: str, accept: str = "*/*", host: str = "127.0.0.1", source: str | None = None
    ) -> tuple[int, str]:
        """Status and text; `source` is the address to ask from."""
        limits = aiohttp.ClientTimeout(total=PATIENCE)
        connector = aiohttp.TCPConnector(local_addr=(source, 0) if source else None)
        async with (
            aiohttp.ClientSession(timeout=limits, connector=connector) as session,
            session.get(f"http://{host}:{self.port}{path}", headers={"Accept": accept}) as answer,
        ):
            return answer.status, await answer.text()

    async def becomes(self, path: str, status: int, says: str = "", *, seconds: float = 15) -> str:
        """Ask until the status is this one and the text begins so; the whole text."""
        async with asyncio.timeout(seconds):
            while True:
                with suppress(aiohttp.ClientError, TimeoutError):
                    found, text = await self.get(path)
                    if found == status and text.startswith(says):
                        return text
                await asyncio.sleep(0.05)

    async def shows(self, sample: str, value: float) -> dict[str, float]:
        """Scrape until this sample has this value; all samples."""
        async with asyncio.timeout(15):
            while True:
                told = await self.metrics()
                if told.get(sample) == value:
                    return told
                await asyncio.sleep(0.1)

    async def metrics(self) -> dict[str, float]:
        """Every sample by its name and labels: `name{label="value"}`."""
        status, text = await self.get("/metrics")
        assert status == OK
        return {
            _title(sample.name, sample.labels): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


def _title(name: str, labels: dict[str, str]) -> str:
    told = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    return f"{name}{{{told}}}" if told else name
