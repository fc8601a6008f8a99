"""Looking a name up, which distinguishes a name server's refusal from its silence."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from bot.probe.connecting import connected, datagrams, receive, send
from bot.probe.job import ProbeTask
from bot.probe.outcomes import NAME, NO_ROUTE, Ended, TryProgress

RESOLV_CONF = Path("/etc/resolv.conf")
PORT = 53
A, AAAA = 1, 28
TRUNCATED = 0x0200
CODES = {1: "format error", 2: "server failure", 3: "no such name", 5: "refused by the server"}
NO_SUCH_NAME = 3
LONGEST_LABEL = 63


async def look_up(probe: ProbeTask, progress: TryProgress, resolv_conf: Path = RESOLV_CONF) -> None:
    """Look up the addresses of a name as the pod's resolver would, by its configuration file.

    Raises:
        Ended: There is no address, or no answer.
    """
    servers, search, dots = _configuration(resolv_conf)
    server = probe.address or next(iter(servers), "")
    if not server:
        raise Ended(NO_ROUTE, "no name server is configured")
    last: Ended | None = None
    for name in _candidates(probe.name, search, dots):
        try:
            progress.addresses = await _addresses(server, probe.port or PORT, name, progress)
        except Ended as error:
            if error.outcome != NAME:
                raise
            # Of all failures keep one that says more than that the name does not exist.
            if last is None or last.number == NO_SUCH_NAME:
                last = error
        else:
            return
    raise last or Ended(NAME, "no such name", NO_SUCH_NAME)


def _configuration(resolv_conf: Path) -> tuple[list[str], list[str], int]:
    """Name servers, search domains and `ndots` of this pod."""
    servers: list[str] = []
    search: list[str] = []
    dots = 1
    try:
        lines = resolv_conf.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        match line.split():
            case ["nameserver", server, *_]:
                servers.append(server)
            case ["search", *domains]:
                search = domains
            case ["options", *options]:
                values = [option.removeprefix("ndots:") for option in options if "ndots:" in option]
                dots = int(values[0]) if values and values[0].isdecimal() else dots
    return servers, search, dots


def _candidates(name: str, search: list[str], dots: int) -> list[str]:
    """The names to try, in the order of resolv.conf(5)."""
    if name.endswith("."):
        return [name]
    absolute = f"{name}."
    searched = [f"{absolute}{domain.strip('.')}." for domain in search if domain.strip(".")]
    return [absolute, *searched] if name.count(".") >= dots else [*searched, absolute]


async def _addresses(server: str, port: int, name: str, progress: TryProgress) -> tuple[str, ...]:
    addresses: list[str] = []
    for kind in (A, AAAA):
        addresses += await _ask(server, port, name, kind, progress)
        if addresses:
            return tuple(addresses)
    raise Ended(NAME, f"{name} has no address")


async def _ask(server: str, port: int, name: str, kind: int, progress: TryProgress) -> list[str]:
    query = _query(name, kind)
    reply = await _by_udp(server, port, query, progress)
    if struct.unpack_from("!H", reply, 2)[0] & TRUNCATED:
        reply = await _by_tcp(server, port, query)
    code = reply[3] & 0x0F
    if code:
        raise Ended(NAME, f"{name}: {CODES.get(code, f'code {code}')}", code)
    try:
        return list(_answers(reply, kind))
    except (struct.error, IndexError, ValueError) as error:
        raise Ended(NAME, f"{name}: the answer cannot be read") from error


def _query(name: str, kind: int) -> bytes:
    labels = name.rstrip(".").split(".")
    if not all(0 < len(label) <= LONGEST_LABEL and label.isascii() for label in labels):
        raise Ended(NAME, f"{name} is not a name")
    question = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
    header = os.urandom(2) + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0)
    return header + question + struct.pack("!HH", kind, 1)


async def _by_udp(server: str, port: int, query: bytes, progress: TryProgress) -> bytes:
    async with datagrams(server, port, progress) as sock:
        await send(sock, query)
        while True:
            reply = await receive(sock, 4096)
            if len(reply) >= len(query) and reply[:2] == query[:2]:
                return reply


async def _by_tcp(server: str, port: int, query: bytes) -> bytes:
    async with connected(server, port, TryProgress()) as sock:
        await send(sock, struct.pack("!H", len(query)) + query)
        (length,) = struct.unpack("!H", await _exactly(sock, 2))
        return await _exactly(sock, length)


async def _exactly(sock: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        part = await receive(sock, length - len(received))
        if not part:
            raise Ended(NAME, "the name server closed the connection")
        received += part
    return received


def _answers(reply: bytes, kind: int) -> Iterator[str]:
    """The addresses of one kind in the answer section. Source: RFC 1035, 4.1."""
    questions, answers = struct.unpack_from("!HH", reply, 4)
    at = 12
    for _ in range(questions):
        at = _past_name(reply, at) + 4
    for _ in range(answers):
        at = _past_name(reply, at)
        record_type, _, _, length = struct.unpack_from("!HHIH", reply, at)
        at += 10
        if record_type == kind:
            number = socket.AF_INET if kind == A else socket.AF_INET6
            yield socket.inet_ntop(number, reply[at : at + length])
        at += length


def _past_name(reply: bytes, at: int) -> int:
    while length := reply[at]:
        if length & 0xC0:
            return at + 2
        at += 1 + length
    return at + 1
