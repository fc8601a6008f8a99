"""What carries a request to the API server and its answer back: the port of `Api`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from bot.domain.redaction import known as known_secrets
from bot.errors import ClusterError
from bot.kube.paths import ApiPath

if TYPE_CHECKING:
    # It takes a third of a second to import, which a terminal's check does not need.
    from kubernetes.aio.client.configuration import Configuration


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long a request may take, in seconds; None: any number.

    total: For all of it, with its body. connect: To open a connection. read: Without a byte.
    """

    total: float | None = None
    connect: float | None = None
    read: float | None = None


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request as it is sent: its query is quoted, its body is JSON."""

    method: str
    path: ApiPath
    query: tuple[tuple[str, str | int], ...]
    headers: Mapping[str, str]
    body: Mapping[str, Any] | None
    limits: TimeLimits


class Content(Protocol):
    """The body of an answer while it comes in."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Its lines."""
        ...

    def iter_any(self) -> AsyncIterator[bytes]:
        """Whatever has come."""
        ...

    def iter_chunked(self, n: int) -> AsyncIterator[bytes]:
        """Parts of at most `n` bytes."""
        ...

    async def read(self, n: int) -> bytes:
        """At most `n` bytes."""
        ...


class Response(Protocol):
    """An answer whose body has not been read."""

    @property
    def status(self) -> int:
        """HTTP's status code."""
        ...

    @property
    def reason(self) -> str | None:
        """The words behind the code."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """By name; case does not matter."""
        ...

    @property
    def content(self) -> Content:
        """The body."""
        ...

    def close(self) -> None:
        """Hang up, unless the whole body was read."""
        ...


class Transport(Protocol):
    """Sends requests to one API server."""

    host: str
    """The server's address, such as `https://10.0.0.1:6443`."""

    errors: tuple[type[Exception], ...]
    """How it fails, besides `OSError` and `TimeoutError`."""

    async def send(self, request: ApiRequest) -> Response:
        """The answer, once its headers are there, whatever its status."""
        ...

    def configuration(self) -> Awaitable[Configuration]:
        """What a connection of another kind is made from: address, TLS, credentials.

        Raises:
            ClusterError: The kubeconfig cannot be used.
        """
        ...


def unusable_certificates(error: Exception) -> ClusterError:
    """The error for certificates of a kubeconfig that no connection can be made with."""
    msg = f"The cluster's certificates cannot be loaded ({error}). Check the kubeconfig's CA."
    return ClusterError(msg)


def learn_token(headers: Mapping[str, str]) -> None:
    """Keep the token of a request from being shown. It rotates, so each request's is learnt."""
    token = str(headers.get("authorization") or "").rpartition(" ")[2]
    known_secrets.learn("kubernetes", token)
