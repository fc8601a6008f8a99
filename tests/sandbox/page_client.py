"""Speaks to the sandbox page as its own script does, without a browser."""

import asyncio
import json
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any
from urllib.parse import urldefrag

import aiohttp

from tests.wire.messages import walk

Snapshot = dict[str, Any]


class PageClient:
    """One open tab. `see` waits for what the page shows by itself; `act` sends one action."""

    def __init__(self, url: str) -> None:
        address, key = urldefrag(url)
        self.address = address.rstrip("/")
        self._http = aiohttp.ClientSession(headers={"X-Simcord-Capability": key})
        self._context = ""
        self._sequence = 0

    async def __aenter__(self) -> "PageClient":
        async with self._http.post(f"{self.address}/api/pages", json={}) as answer:
            opened = await answer.json()
        self._context = opened["context"]["id"]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.close()

    async def get(self, path: str) -> bytes:
        headers = {"X-Simcord-Context": self._context}
        async with self._http.get(f"{self.address}{path}", headers=headers) as answer:
            answer.raise_for_status()
            return await answer.read()

    async def snapshot(self) -> Snapshot:
        seen: Snapshot = json.loads(await self.get("/api/state"))
        return seen

    async def see(self, *texts: str, seconds: float = 10) -> Snapshot:
        """The page once its messages show all of `texts`; fails with what they show instead."""

        def shows(page: Snapshot) -> bool:
            shown = json.dumps(page["messages"])
            return all(text in shown for text in texts)

        return await self.until(shows, f"the page to show {texts}", seconds=seconds)

    async def until(
        self, holds: Callable[[Snapshot], bool], what: str, *, seconds: float = 10
    ) -> Snapshot:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not holds(page := await self.snapshot()):
            assert loop.time() < deadline, f"waited {seconds} s for {what}: {page['messages']}"
            await asyncio.sleep(0.05)
        return page

    async def act(self, kind: str, *, revision: int | None = None, **body: Any) -> dict[str, Any]:
        """The receipt of one action: rejected, settlement, acknowledgement, result."""
        page = await self.snapshot()
        self._sequence += 1
        envelope = {
            "protocol_version": 3,
            "sequence": self._sequence,
            "request_id": str(uuid.uuid4()),
            "generation": page["context"]["generation"],
            "bot_generation": page["botGeneration"],
            "published_revision": page["publishedRevision"] if revision is None else revision,
            "kind": kind,
        }
        headers = {"X-Simcord-Context": self._context}
        url = f"{self.address}/api/action"
        async with self._http.post(url, json=envelope | body, headers=headers) as answer:
            receipt: dict[str, Any] = await answer.json()
        return receipt

    async def command(self, name: str, **options: str) -> dict[str, Any]:
        return await self.act("run_command", options=options, **await self._entry(name))

    async def suggest(self, name: str, option: str, typed: str) -> list[dict[str, str]]:
        entry = await self._entry(name)
        receipt = await self.act(
            "autocomplete_command", focused=option, value=typed, options={}, **entry
        )
        choices: list[dict[str, str]] = receipt["result"]["choices"]
        return choices

    async def press(self, label: str, *, revision: int | None = None) -> dict[str, Any]:
        message, control = self.find(await self.snapshot(), "label", label)
        return await self.act("click", target_id=message, control_key=control, revision=revision)

    async def choose(self, placeholder: str, value: str) -> dict[str, Any]:
        message, control = self.find(await self.snapshot(), "placeholder", placeholder)
        return await self.act("select", target_id=message, control_key=control, values=[value])

    async def view_as(self, user_id: int) -> None:
        await self.act("viewer", viewer_id=str(user_id))

    @staticmethod
    def find(page: Snapshot, field: str, value: str) -> tuple[str, str]:
        """The newest message with such a component, and the component's key."""
        for message_id in reversed(page["timeline"]):
            for component in walk(page["messages"][message_id]["components"]):
                if component.get(field) == value:
                    return message_id, component["control_key"]
        raise AssertionError(f"no component with {field} {value!r} in {page['messages']}")

    async def _entry(self, name: str) -> dict[str, Any]:
        catalog = json.loads(await self.get("/api/commands"))
        entries = {entry["invocation"]: entry for entry in catalog["entries"]}
        assert name in entries, f"no /{name} among {sorted(entries)}"
        entry = entries[name]
        return {
            "command_id": entry["commandId"],
            "path": entry["path"],
            "schema_fingerprint": entry["schemaFingerprint"],
        }
