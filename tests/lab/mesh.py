"""The mesh between the nodes, in user space as Tailscale is: a TUN device in each node.

Run as a program it reads packets from every device and writes them to the one whose address they
are for, after the delay of that direction. The kernel here has no netem, so this is where distance
is made. `python -m tests.lab.mesh` takes JSON lines: first the nodes, then changes.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import socket
import struct
import sys
from typing import Any

from tests.lab.namespaces import inside

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
DEVICE = "tailscale0"
LARGEST = 65536


def device(namespace: str) -> int:
    """A new TUN device of a namespace, as a file descriptor."""
    with inside(namespace):
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        request = struct.pack("16sH", DEVICE.encode(), IFF_TUN | IFF_NO_PI)
        fcntl.ioctl(descriptor, TUNSETIFF, request)
    return descriptor


class Mesh:
    """Devices by address, and the delay of each direction in seconds; None: it is cut."""

    def __init__(self, nodes: dict[str, str], delay: float) -> None:
        self._devices = {socket.inet_aton(address): device(name) for address, name in nodes.items()}
        self._delay = delay
        self._delays: dict[tuple[bytes, bytes], float | None] = {}

    def start(self) -> None:
        """Read from all of them."""
        loop = asyncio.get_running_loop()
        for each in self._devices.values():
            loop.add_reader(each, self._forward, each)

    def change(self, line: dict[str, Any]) -> None:
        """Take in one change: `from`, `to` and `delay`."""
        pair = socket.inet_aton(line["from"]), socket.inet_aton(line["to"])
        self._delays[pair] = line["delay"]

    def _forward(self, descriptor: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(64):
            try:
                packet = os.read(descriptor, LARGEST)
            except (BlockingIOError, OSError):
                return
            there = self._devices.get(packet[16:20])
            if packet[0] >> 4 != 4 or there is None:
                continue
            delay = self._delays.get((packet[12:16], packet[16:20]), self._delay)
            if delay is None:
                continue
            if delay:
                loop.call_later(delay, _write, there, packet)
            else:
                _write(there, packet)


def _write(descriptor: int, packet: bytes) -> None:
    try:
        os.write(descriptor, packet)
    except OSError:
        # A device that is down or full loses packets, as any wire does.
        return


async def _main() -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    first = json.loads(await reader.readline())
    mesh = Mesh(first["nodes"], first["delay"])
    mesh.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while line := await reader.readline():
        mesh.change(json.loads(line))
        sys.stdout.write("changed\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_main())
