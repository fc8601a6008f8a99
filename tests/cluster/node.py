"""A node of the tests' own: a network namespace with the addresses of pods and of a VIP.

The API server takes no loopback address in an EndpointSlice, so pods need addresses of their own.
Run as a program inside that namespace it is the pods: `python -m tests.cluster.node VIP POD POD …`.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.places import ROOT

POD_PORT = 8080
VIP_PORT = 80


class CannotMakeNode(Exception):
    """Network namespaces cannot be made here; the message says why."""


def _ip(*arguments: str) -> None:
    try:
        ended = subprocess.run(  # noqa: S603  # ours
            ("ip", *arguments),  # noqa: S607  # it lies in /sbin or /usr/sbin
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except FileNotFoundError as error:
        msg = "the command ip is missing; on Debian: apt install iproute2"
        raise CannotMakeNode(msg) from error
    if ended.returncode:
        msg = f"ip {' '.join(arguments)}: {ended.stderr.strip()}"
        raise CannotMakeNode(msg)


@contextmanager
def node(vip: str, pods: Sequence[str]) -> Iterator[None]:
    """A namespace in which each pod answers on port 8080, and the VIP on port 80 for any of them.

    Raises:
        CannotMakeNode: The right or the tool is missing.
    """
    name = f"mm{os.getpid() % 100_000}"
    outside, inside = f"{name}o", f"{name}i"
    _ip("netns", "add", name)
    try:
        _ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", name)
        _ip("addr", "add", "169.254.98.1/30", "dev", outside)
        _ip("link", "set", outside, "up")
        _ip("-n", name, "addr", "add", "169.254.98.2/30", "dev", inside)
        _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", name, "link", "set", inside, "up")
        for address in (vip, *pods):
            _ip("-n", name, "addr", "add", f"{address}/32", "dev", inside)
            _ip("route", "add", f"{address}/32", "via", "169.254.98.2")
        command = ("ip", "netns", "exec", name, sys.executable, "-m", __name__, vip, *pods)
        running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)  # noqa: S603  # ours
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == b"ready\n"
            yield
        finally:
            running.kill()
            running.wait()
            running.stdout.close()
    finally:
        _ip("netns", "delete", name)  # takes the pair of interfaces and their routes along


async def _serve(vip: str, pods: Sequence[str]) -> None:
    turns = itertools.cycle(pods)
    for pod in pods:
        await asyncio.start_server(_answering(lambda pod=pod: f"{pod} directly"), pod, POD_PORT)
    await asyncio.start_server(_answering(lambda: f"{next(turns)} by the VIP"), vip, VIP_PORT)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def _answering(who):  # a program of the tests' own
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = who().encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    return answer


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], sys.argv[2:]))
