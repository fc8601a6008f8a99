"""Running a command in a container: its output and exit code, within bounds of size and time.

Source: Kubernetes' remote command protocol v4 over a WebSocket. The package's own ways to run a
command lose the exit code or split letters at frames, so the frames are read here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp
import msgspec
from kubernetes.aio.stream import WsApiClient

from bot.domain import principal
from bot.domain.finding import Ref
from bot.errors import ClusterError, Forbidden, ServerError, Unreachable
from bot.kube.client import ERRORS, MAX_DETAIL, Api, ApiStatus, translated
from bot.kube.paths import ApiPath, path
from bot.kube.transport import learn_token
from bot.net.probing.wget import CommandOutput
from bot.net.request.origin import RequestOrigin

STDOUT, STDERR, ERROR = 1, 2, 3
"""Channels of the protocol: the first byte of a frame."""

MOST_STATUS = 64 * 1024
"""Bytes of the final status that are read."""

SECONDS = 20.0
"""The limit of a command of `/net`."""

MOST_OUTPUT = 16 * 1024
"""Bytes of such a command's output that are read."""


class CannotExecute(ClusterError):
    """The command could not be started: no such container, no such program."""


class Executed(msgspec.Struct, frozen=True):
    """What a command wrote; `exit_code` is None where it was cut off for writing too much."""

    stdout: bytes
    stderr: bytes
    exit_code: int | None


class _Cause(msgspec.Struct, frozen=True):
    reason: str = ""
    message: str = ""


class _Details(msgspec.Struct, frozen=True):
    causes: tuple[_Cause, ...] | None = None


class _Status(ApiStatus, frozen=True):
    details: _Details | None = None


async def execute(
    api: Api,
    pod: Ref,
    container: str,
    argv: Sequence[str],
    *,
    limit_bytes: int,
    seconds: float,
) -> Executed:
    """Run `argv` in a container of a pod, without a shell and without input.

    `limit_bytes` bounds both outputs together. Needs `get` and `create` of pods/exec.

    Raises:
        Refused: The principal may not run it.
        CannotExecute: The container runtime did not start it.
        Forbidden: The permission is missing, or a policy refuses.
        ClusterError: Any other failure; `Unreachable` after `seconds`.
    """
    at = path("/api/v1/namespaces", pod.namespace, "pods", pod.name, "exec")
    query = [("container", container), ("stdout", "true"), ("stderr", "true")]
    query += [("command", word) for word in argv]
    await principal.authorize()
    client = WsApiClient(configuration=await api.transport.configuration())
    try:
        async with asyncio.timeout(seconds):
            with translated(api.host, aiohttp.ClientError):
                return await _run(client, pod, at, query, limit_bytes)
    except TimeoutError as error:
        msg = f"{argv[0]} in {pod} did not end within {seconds:.0f} s."
        raise Unreachable(msg) from error
    finally:
        await client.close()


@dataclass(frozen=True, slots=True)
class PodCommands:
    """Runs commands for `/net`; deploy/components/exec allows it in Traefik's pods."""

    api: Api

    async def run(
        self, start: RequestOrigin, argv: Sequence[str], seconds: float = SECONDS
    ) -> CommandOutput:
        """Run a command for `seconds` at most, and return what it wrote to its standard error.

        Raises:
            ClusterError: It is not allowed, or the container lacks the program.
        """
        if start.pod is None:
            raise ClusterError("A node is not a container: no command can run in it.")
        executed = await execute(
            self.api, start.pod, start.container, argv, limit_bytes=MOST_OUTPUT, seconds=seconds
        )
        return CommandOutput(executed.stderr.decode(errors="replace"), executed.exit_code)


async def _run(
    client: WsApiClient, pod: Ref, at: ApiPath, query: list[tuple[str, str]], limit: int
) -> Executed:
    call = await client.param_serialize(
        "GET", at, query_params=query, auth_settings=["BearerToken"]
    )
    learn_token(call[2])
    try:
        answer = await client.call_api(*call, _preload_content=False)
        async with answer.response as socket:
            return await _read(socket, limit)
    except aiohttp.WSServerHandshakeError as error:
        raise _refused(pod, error) from error


async def _read(socket: aiohttp.ClientWebSocketResponse, limit: int) -> Executed:
    """Read frames until the status comes; the first byte of each is its channel."""
    written = {STDOUT: bytearray(), STDERR: bytearray()}
    status = bytearray()
    async for frame in socket:
        if frame.type not in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT):
            continue
        data = frame.data if isinstance(frame.data, bytes) else frame.data.encode()
        channel, content = data[:1], data[1:]
        if not content:
            continue
        if channel[0] == ERROR:
            status += content[:MOST_STATUS]
        elif channel[0] in written:
            room = limit - sum(map(len, written.values()))
            written[channel[0]] += content[:room]
            if len(content) > room:
                return Executed(bytes(written[STDOUT]), bytes(written[STDERR]), None)
    code = _exit_code(bytes(status))
    return Executed(bytes(written[STDOUT]), bytes(written[STDERR]), code)


def _exit_code(body: bytes) -> int:
    """The exit code in a final status: 0 for Success, else the one among its causes.

    Raises:
        CannotExecute: The command never ran.
        ServerError: The connection ended before the command did.
    """
    if not body:
        msg = "The connection ended before the command did."
        raise ServerError(msg)
    try:
        status = msgspec.json.decode(body, type=_Status)
        if status.status == "Success":
            return 0
        causes = (status.details.causes if status.details else None) or ()
        codes = [int(cause.message) for cause in causes if cause.reason == "ExitCode"]
    except (msgspec.DecodeError, ValueError) as error:
        msg = "How the command ended is not understood."
        raise ServerError(msg) from error
    if not codes:
        msg = f"The command could not be started: {status.message}"[:MAX_DETAIL]
        raise CannotExecute(msg)
    return codes[0]


def _refused(pod: Ref, error: aiohttp.WSServerHandshakeError) -> ClusterError:
    """The error for a refused handshake, which has a status and no body."""
    if ERRORS.get(error.status) is Forbidden:
        msg = f"The bot may not run a command in {pod} (create pods/exec, or an admission policy)."
        return Forbidden(msg)
    msg = f"The API server answered {error.status} to a command in {pod}: {error.message}"
    return ERRORS.get(error.status, ServerError)(msg[:MAX_DETAIL])
