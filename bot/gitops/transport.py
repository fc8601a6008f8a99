"""Git over HTTP to one repository and nowhere else, with limits on time and size."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import urllib3
from dulwich.client import AbstractHttpGitClient
from urllib3.util import Timeout, make_headers

from bot.domain.redaction.known import HIDDEN
from bot.errors import RepositoryError
from bot.gitops.domain.repository_url import RepositoryAddress
from bot.gitops.http_status import status_error
from bot.gitops.pack import MIB, SMALLER
from bot.gitops.refusals import FileReason, Stop

CONNECT = 10.0
SILENT = 20.0
"""Seconds without a byte."""
USER = "x-access-token"
"""GitHub and Gitea accept a token as the password of any user."""

TYPES = frozenset(
    f"application/x-git-{service}-{part}"
    for service in ("upload-pack", "receive-pack")
    for part in ("advertisement", "result")
)
HINTS = {
    403: "The token may not do this. Give it read and write of the repository's contents.",
    404: "There is no such repository, or the token may not see it. Check MESHMEDIC_GIT_URL.",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one conversation: seconds in total, and bytes to read."""

    seconds: float = 60.0
    bytes: int = 32 * MIB


class Wire(AbstractHttpGitClient):
    """Dulwich's client with one address, no redirects, limits, and clear errors."""

    def __init__(self, at: RepositoryAddress, token: str, limits: Limits) -> None:
        super().__init__(at.url, thin_packs=False)
        self._at, self._token = at, token
        self._limits, self._read = limits, 0
        self._ends = time.monotonic() + limits.seconds
        self._pool = urllib3.PoolManager(num_pools=1)
        self._open: list[urllib3.BaseHTTPResponse] = []

    def close(self) -> None:
        """Close the connection, even in the middle of an answer."""
        for response in self._open:
            response.close()
        self._pool.clear()

    @staticmethod
    def _warn_filter_objects() -> None:
        """Say nothing where a server leaves no files out: the limits hold without it."""

    def _http_request(
        self,
        url: str,
        headers: dict[str, str] | None = None,
        data: bytes | Iterator[bytes] | None = None,
        raise_for_status: bool = True,  # noqa: FBT001, FBT002  # the library's own signature
    ) -> tuple[Any, Callable[[int], bytes]]:
        """One request, with the token, which goes nowhere else.

        Raises:
            RepositoryError: No answer, or another than 200.
            Stop: The answer is too large.
        """
        del raise_for_status
        if not url.startswith(f"{self._at.url}/"):
            raise RepositoryError(f"{self._at.page}: it names another address, which is not asked.")
        sent = {**make_headers(basic_auth=f"{USER}:{self._token}"), **(headers or {})}
        try:
            response = self._pool.request(
                "GET" if data is None else "POST",
                url,
                headers={**sent, "User-Agent": "git/meshmedic"},
                body=data,
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=Timeout(connect=CONNECT, read=min(SILENT, self._left())),
            )
        except urllib3.exceptions.HTTPError as error:
            raise self._lost(error) from error
        self._open.append(response)
        self._check(response.status, response.headers)
        named: Any = response
        named.content_type = response.headers.get("Content-Type")
        named.redirect_location = ""
        return named, lambda size=-1: self._some(response, size)

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise RepositoryError(
                f"{self._at.page}: it took longer than {self._limits.seconds:.0f} seconds."
            )
        return left

    def _some(self, response: urllib3.BaseHTTPResponse, size: int) -> bytes:
        self._left()
        try:
            most = self._limits.bytes - self._read + 1
            read = response.read(most if size is None or size < 0 else min(size, most))
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._lost(error) from error
        self._read += len(read)
        if self._read > self._limits.bytes:
            raise Stop(
                FileReason.TOO_LARGE,
                f"the branch is larger than {self._limits.bytes // MIB} MiB. {SMALLER}",
            )
        return read

    def _check(self, status: int, headers: Mapping[str, str]) -> None:
        if status != 200:  # noqa: PLR2004  # HTTP's OK
            raise status_error(self._at.page, status, HINTS)
        # The types of the smart protocol. The library would follow any other as the dumb one,
        # which has no end.
        if str(headers.get("Content-Type")).partition(";")[0] not in TYPES:
            raise RepositoryError(
                f"{self._at.page}: the answer is not Git's. Check MESHMEDIC_GIT_URL."
            )

    def _lost(self, error: Exception) -> RepositoryError:
        why = type(error).__name__ if self._token in str(error) else str(error)
        return RepositoryError(f"{self._at.page}: no answer: {why.replace(self._token, HIDDEN)}.")
