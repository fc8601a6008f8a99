"""What the bot sent over the wire, kept for tests to look at."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiohttp import web

from tests.wire.world import Json

API = "/api/v10"


class Endpoint(NamedTuple):
    """A method and a path template, as in Discord's API description."""

    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart body."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """One REST request.

    `path` is below `/api/v10`; `body` is the decoded JSON, or multipart's `payload_json`, or None;
    `files` are by field name (`files[0]`); `at` is the monotonic time of the last byte.
    `endpoint` is None where the server knows none.
    """

    method: str
    path: str
    body: Any = None
    endpoint: Endpoint | None = None
    files: Mapping[str, Upload] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    at: float = 0.0

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


async def record(received: web.Request, endpoint: Endpoint | None = None) -> Request:
    """Read a request to its end."""
    body, files = await _content(received)
    return Request(
        received.method,
        received.path.removeprefix(API),
        body,
        endpoint,
        files,
        dict(received.headers),
        dict(received.query),
        dict(received.match_info),
        time.monotonic(),
    )


async def _content(received: web.Request) -> tuple[Any, dict[str, Upload]]:
    if received.content_type == "multipart/form-data":
        return await _multipart(received)
    raw = await received.read()
    return (json.loads(raw) if raw else None), {}


async def _multipart(received: web.Request) -> tuple[Json | None, dict[str, Upload]]:
    body: Json | None = None
    files: dict[str, Upload] = {}
    async for part in await received.multipart():
        content = bytes(await part.read())
        if part.name == "payload_json":
            body = json.loads(content)
        else:
            files[part.name] = Upload(part.filename or "", content)
    return body, files
