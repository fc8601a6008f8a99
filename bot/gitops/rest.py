"""JSON over HTTP to one API, with limits, without redirects, and with clear errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
import msgspec

from bot.domain import principal
from bot.domain.redaction.known import HIDDEN
from bot.errors import RepositoryError
from bot.gitops.http_status import status_error

T = TypeVar("T")

SECONDS = 20.0
CONNECT = 10.0
MOST = 4 * 1024 * 1024
"""Bytes of an answer. Fifty pull requests with long bodies have half of that."""
WORDS = 200

API_HINTS = {
    403: "The token may not do this, or asked too often. docs/gitops.md names its permissions.",
    404: "There is no such thing, or the token may not see it. Check MESHMEDIC_GIT_URL.",
}


class _ErrorJson(msgspec.Struct, frozen=True):
    message: str = ""


@dataclass(frozen=True, slots=True)
class RestAnswer:
    """A status and a body."""

    status: int
    body: bytes

    @property
    def message(self) -> str:
        """The host's own error message; empty if there is none."""
        try:
            return " ".join(msgspec.json.decode(self.body, type=_ErrorJson).message.split())[:WORDS]
        except (msgspec.MsgspecError, RecursionError):
            return ""


@dataclass(frozen=True, slots=True)
class Rest:
    """One API. `headers` contain the token, which is sent only to this address."""

    base: str
    token: str
    headers: Mapping[str, str]
    seconds: float = SECONDS

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        also: frozenset[int] = frozenset(),
    ) -> RestAnswer:
        """Send one request. `also` are statuses that are no errors, besides 2xx.

        Raises:
            RepositoryError: No answer, or another status.
            Refused: The principal may not write.
        """
        if method != "GET":
            await principal.authorize()
        limits = aiohttp.ClientTimeout(total=self.seconds, sock_connect=CONNECT)
        try:
            async with (
                aiohttp.ClientSession(timeout=limits, headers=dict(self.headers)) as session,
                session.request(
                    method, f"{self.base}{path}", params=query, json=body, allow_redirects=False
                ) as response,
            ):
                answer = RestAnswer(response.status, await _bounded(response, self.base))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            why = str(error).replace(self.token, HIDDEN) or f"nothing in {self.seconds:.0f} seconds"
            raise RepositoryError(f"{self.base}: no answer: {why[:WORDS]}.") from None
        if 200 <= answer.status < 300 or answer.status in also:  # noqa: PLR2004  # HTTP's success
            return answer
        raise self.failure(answer)

    def failure(self, answer: RestAnswer) -> RepositoryError:
        """An answer as an error."""
        message = answer.message.replace(self.token, HIDDEN)
        return status_error(self.base, answer.status, API_HINTS, message)

    def read(self, answer: RestAnswer, shape: type[T]) -> T:
        """The body of an answer.

        Raises:
            RepositoryError: It is not JSON, or has another shape.
        """
        try:
            return msgspec.json.decode(answer.body, type=shape)
        except (msgspec.MsgspecError, RecursionError):
            raise RepositoryError(
                f"{self.base}: the answer is not that of such an API. Check MESHMEDIC_GIT_HOST "
                "and MESHMEDIC_GIT_API."
            ) from None


async def _bounded(response: aiohttp.ClientResponse, base: str) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(65536):
        body += chunk
        if len(body) > MOST:
            raise RepositoryError(f"{base}: an answer is larger than {MOST // 1024 // 1024} MiB.")
    return bytes(body)
