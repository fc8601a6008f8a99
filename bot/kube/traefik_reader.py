"""Traefik through the API server: its pods, its own API, its log, its metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

import msgspec

from bot.domain.finding import Ref
from bot.domain.principal import ITSELF, acting_as
from bot.domain.refusal import NotObserved
from bot.domain.sentences import sentences
from bot.errors import Absent, ClusterError, Forbidden, ServerError
from bot.kube.client import CONNECT, Api, Query, breathe, within
from bot.kube.events_and_logs import NOTHING
from bot.kube.paths import path
from bot.kube.pods import collection, list_pods, log_path
from bot.routing.instance import (
    API_PORT,
    SEE_DOCTOR,
    StaticConfig,
    TraefikPod,
    static_config,
)
from bot.routing.running import NAMESPACES, is_traefik, traefik_pod
from bot.traefik.domain import api as decoding
from bot.traefik.domain.api import Runtime
from bot.traefik.domain.log_request import LogEnd, LogRequest

OTHER_PORT = 9000
"""The API's port in k3s's Traefik charts before version 34."""

QUICK = 6.0
"""Seconds for one request: a person is waiting."""

MOST = 16 * 1024 * 1024
"""Bytes of an answer of Traefik's API."""

MOST_METRICS = 8 * 1024 * 1024
"""Bytes of its metrics: some 100 a series, eight series for each service and code."""

CHUNK = 64 * 1024
PAGES = 200
"""Pages of one list, of a hundred entries each."""

ALLOW_PROXY = "add deploy/components/traefik-api"
ALLOW_EXEC = "add deploy/components/exec"


async def traefik_pods(
    api: Api, namespaces: tuple[str, ...], *, total: float = QUICK
) -> tuple[TraefikPod, ...]:
    """All Traefik pods in these namespaces, whatever their state.

    Raises:
        ClusterError: They cannot be listed.
        msgspec.DecodeError: The answer is not a list of pods.
    """
    lists = await asyncio.gather(
        *(list_pods(api, namespace=namespace, total=total) for namespace in namespaces)
    )
    pods = (pod for part in lists for pod in part if is_traefik(pod, namespaces))
    return tuple(map(traefik_pod, pods))


Page = tuple[bytes, str]
"""A body, and the number of the next page; empty where there is none."""

Fetch = Callable[..., Awaitable[Page]]
"""Gets the page at a path, with a query."""


class TraefikReader:
    """Reads from Traefik itself, replica by replica, in the namespaces where it runs."""

    def __init__(
        self, api: Api, namespaces: tuple[str, ...] = NAMESPACES, *, seconds: float = QUICK
    ) -> None:
        self._api = api
        self._namespaces = namespaces
        self._seconds = seconds

    async def pods(self) -> tuple[TraefikPod, ...]:
        """Traefik's running pods.

        Raises:
            ClusterError: They cannot be listed.
        """
        try:
            pods = await traefik_pods(self._api, self._namespaces)
        except msgspec.DecodeError:
            raise ServerError("The list of Traefik's pods is not understood.") from None
        return tuple(pod for pod in pods if pod.running)

    async def runtime(self, pod: TraefikPod) -> Runtime | NotObserved:
        """What this replica serves by its own API, or why that cannot be read.

        It is read through the API server's proxy, else by a command in the pod, which needs no
        open port. An API that is on but not open is tried too: a route on its own port may lead to
        it, as in k3s's older charts.
        """
        arguments = static_config(pod.args)
        if arguments.complete and not arguments.api_on:
            return NotObserved(f"{pod.id}: Traefik's API is off.", SEE_DOCTOR)
        reasons: list[str] = []
        for fetch, allow in ((self._by_proxy, ALLOW_PROXY), (self._by_exec, ALLOW_EXEC)):
            for port in _ports(arguments):
                try:
                    return await _read(partial(fetch, pod, port, arguments.base_path))
                except Forbidden as error:
                    reasons.append(sentences(str(error), f"To allow it, {allow}."))
                    break
                except Absent:
                    reasons.append(f"Nothing answers to /api at port {port}.")
                except ClusterError as error:
                    reasons.append(str(error))
                except (msgspec.DecodeError, RecursionError):
                    reasons.append(f"What answers at port {port} is not Traefik's API.")
        why = sentences(*dict.fromkeys(reasons))
        return NotObserved(f"{pod.id}: its API couldn't be read. {why}", SEE_DOCTOR)

    async def log(
        self, pod: TraefikPod, request: LogRequest, on_chunk: Callable[[bytes], None]
    ) -> LogEnd:
        """Pass the log of a replica to `on_chunk`, within the bounds of the request.

        Raises:
            Forbidden: The permission for pods/log is missing.
            ClusterError: It cannot be read.
        """
        query: list[tuple[str, str | int]] = [
            ("container", pod.container),
            ("tailLines", request.lines),
            ("limitBytes", request.limit_bytes),
            ("previous", str(request.previous).lower()),
        ]
        if request.seconds:
            query.append(("sinceSeconds", request.seconds))
        size = lines = 0
        try:
            async with (
                asyncio.timeout(request.patience) as clock,
                self._api.stream(
                    log_path(pod.namespace, pod.name), query, accept="*/*", limits=within(None)
                ) as response,
            ):
                async for chunk in response.content.iter_chunked(CHUNK):
                    part = chunk[: request.limit_bytes - size]
                    on_chunk(part)
                    await breathe()
                    size += len(part)
                    lines += part.count(b"\n")
                    if len(part) < len(chunk):
                        break
        except (TimeoutError, ClusterError) as error:
            if isinstance(error, TimeoutError) or (clock.expired() and size):
                return LogEnd(
                    size, f"{pod.id}: after {request.patience:.0f} s reading was stopped."
                )
            if isinstance(error, Absent) or NOTHING.search(str(error)):
                return LogEnd(size)
            raise
        if size >= request.limit_bytes:
            return LogEnd(size, f"{pod.id}: only {size:,} bytes were read.")
        if lines >= request.lines:
            return LogEnd(size, f"{pod.id}: only the last {lines:,} lines were read.")
        return LogEnd(size)

    async def metrics(self, pod: TraefikPod, port: int, on_chunk: Callable[[bytes], None]) -> None:
        """Pass the metrics of a replica to `on_chunk`, by the API server's proxy.

        Raises:
            Forbidden: The permission for pods/proxy is missing.
            ClusterError: They cannot be read to their end.
        """
        at = path(collection(pod.namespace), f"{pod.name}:{port}", "proxy", "metrics")
        size = 0
        limits = within(self._seconds)
        async with self._api.stream(at, (), accept="text/plain", limits=limits) as response:
            async for chunk in response.content.iter_chunked(CHUNK):
                size += len(chunk)
                if size > MOST_METRICS:
                    raise ServerError(f"{pod.id}: its metrics are more than {MOST_METRICS:,} B.")
                on_chunk(chunk)
                await breathe()

    async def _by_proxy(
        self, pod: TraefikPod, port: int, base: str, place: str, query: Query = ()
    ) -> Page:
        proxy = path(collection(pod.namespace), f"{pod.name}:{port}", "proxy")
        at = path(proxy, *filter(None, f"{base}{place}".split("/")))
        async with self._api.stream(at, query, limits=within(self._seconds)) as response:
            body = bytearray()
            async for chunk in response.content.iter_chunked(CHUNK):
                body += chunk
                if len(body) > MOST:
                    raise ServerError(f"{pod.id}: its API answers more than {MOST:,} bytes.")
            return bytes(body), response.headers.get("X-Next-Page", "")

    async def _by_exec(
        self, pod: TraefikPod, port: int, base: str, place: str, query: Query = ()
    ) -> Page:
        parameters = "&".join(f"{key}={value}" for key, value in query)
        url = f"http://127.0.0.1:{port}{base}{place}{'?' if parameters else ''}{parameters}"
        from bot.kube.exec import execute  # noqa: PLC0415  # it takes the whole package, and is rare

        # It only reads, and what it reads is for everybody who looks.
        with acting_as(ITSELF):
            executed = await execute(
                self._api,
                Ref("Pod", pod.namespace, pod.name),
                pod.container,
                ("wget", "-qO-", "-T", str(int(self._seconds)), url),
                limit_bytes=MOST,
                seconds=self._seconds + CONNECT,
            )
        if b"404" in executed.stderr:
            raise Absent(url)
        if executed.exit_code:
            text = executed.stderr.decode(errors="replace").strip()[:200]
            msg = f"{pod.id}: wget {url} ended with {executed.exit_code}: {text}"
            raise ServerError(msg)
        return executed.stdout, ""


async def _read(fetch: Fetch) -> Runtime:
    """Everything in one answer, else in pages."""
    try:
        body, _ = await fetch("/api/rawdata")
        return decoding.decode_rawdata(body)
    except Absent:
        routers = await _pages(fetch, "/api/http/routers")
        return decoding.decode_lists(routers, await _pages(fetch, "/api/http/services"))


async def _pages(fetch: Fetch, path: str) -> list[bytes]:
    """Every page: Traefik names the next one in a header, and 1 after the last."""
    bodies: list[bytes] = []
    page = 1
    while page and len(bodies) < PAGES:
        body, following = await fetch(path, [("page", page), ("per_page", 100)])
        bodies.append(body)
        number = int(following) if following.isdecimal() and len(following) <= len("9999") else 0
        page = number if number > page else 0
    return bodies


def _ports(arguments: StaticConfig) -> Iterator[int]:
    yield arguments.api_port
    if not arguments.complete:
        yield from (port for port in (API_PORT, OTHER_PORT) if port != arguments.api_port)
