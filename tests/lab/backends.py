"""What runs in the pods: web servers that name themselves, and the cluster's DNS.

They are sockets of the pods' namespaces, all served by this one process.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from tests.lab.namespaces import a_socket
from tests.lab.topology import Pod

FILLING = b"." * 4000
"""More than a packet holds, so that an answer shows what becomes of large ones."""


async def web(pod: Pod, port: int = 80, *, address: str = "") -> asyncio.Server:
    """A web server that says the pod's name, as traefik/whoami does."""
    listening = a_socket(pod.namespace)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((address or "0.0.0.0", port))  # noqa: S104  # in its own namespace

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(20):
                await reader.readuntil(b"\r\n\r\n")
                body = b"Hostname: %s\n" % pod.name.encode() + FILLING
                head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
                writer.write(head + body)
                await writer.drain()
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(serve, sock=listening, limit=2**16)


class Names(asyncio.DatagramProtocol):
    """Answers A queries from a table, else that there is no such name."""

    def __init__(self, table: dict[str, str]) -> None:
        self._table = table

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        labels, at = [], 12
        while length := data[at]:
            labels.append(data[at + 1 : at + 1 + length].decode("latin-1"))
            at += 1 + length
        address = self._table.get(".".join(labels))
        found = address is not None and data[at + 2] == 1
        packed = socket.inet_aton(address) if address else b""
        code = 0 if address else 3
        head = data[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, int(found), 0, 0)
        answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 5, 4) + packed
        whole = head + data[12 : at + 5] + (answer if found else b"")
        self._transport.sendto(whole, addr)  # type: ignore[attr-defined]


async def dns(pod: Pod, table: dict[str, str]) -> asyncio.BaseTransport:
    """The cluster's DNS in a pod."""
    listening = a_socket(pod.namespace, socket.SOCK_DGRAM)
    listening.bind(("0.0.0.0", 53))  # noqa: S104  # in its own namespace
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Names(table), sock=listening)
    return transport


async def get(pod: Pod, address: str, port: int, seconds: float = 1.5) -> str:
    """One request as Traefik makes it, from its pod: who answered, or what went wrong."""
    made = a_socket(pod.namespace)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            await loop.sock_connect(made, (address, port))
            await loop.sock_sendall(made, b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n")
            answer = b""
            while part := await loop.sock_recv(made, 65536):
                answer += part
                if len(answer) > len(FILLING):
                    break
    except TimeoutError:
        return "! timeout"
    except OSError as error:
        return f"! {error.strerror}"
    finally:
        made.close()
    return answer.partition(b"Hostname: ")[2].partition(b"\n")[0].decode() or "! cut short"
