"""Network namespaces of this process: made, entered for a moment, and always removed."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "mml"
NAMED = re.compile(rf"{PREFIX}(\d+)-")
RUN = Path("/run/netns")
ETC = Path("/etc/netns")
CLONE_NEWNET = 0x40000000
TOOLS = {"ip": "iproute2", "iptables-restore": "iptables"}

libc = ctypes.CDLL(None, use_errno=True)


class CannotMakeLab(Exception):
    """Network namespaces cannot be made here; the message says why."""


def check() -> None:
    """Raise where a right or a tool is missing."""
    if os.geteuid():
        raise CannotMakeLab("it needs root, for network namespaces")
    missing = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    if missing:
        raise CannotMakeLab(f"missing, on Debian: apt install {' '.join(missing)}")
    if not Path("/dev/net/tun").exists():
        raise CannotMakeLab("there is no /dev/net/tun")


def named(name: str) -> str:
    """The namespace's full name: it carries the process, so that a sweep knows the dead."""
    return f"{PREFIX}{os.getpid()}-{name}"


def run(command: Sequence[str], given: str = "") -> str:
    """Run a tool, and return what it prints."""
    ended = subprocess.run(  # noqa: S603  # ours
        command, input=given, capture_output=True, text=True, timeout=30, check=False
    )
    if ended.returncode:
        raise CannotMakeLab(f"{' '.join(command)}: {ended.stderr.strip()[:500]}")
    return ended.stdout


def ip(namespace: str, *lines: str) -> None:
    """Several commands of `ip` in a namespace; empty: outside of all."""
    where = ("-n", namespace) if namespace else ()
    run(("ip", *where, "-batch", "-"), "\n".join(lines) + "\n")


def sweep() -> None:
    """Remove the namespaces of processes that are dead."""
    for path in RUN.glob(f"{PREFIX}*") if RUN.is_dir() else ():
        found = NAMED.match(path.name)
        if found and not Path(f"/proc/{found[1]}").exists():
            remove(path.name)


def remove(name: str) -> None:
    """Remove a namespace and its resolver's configuration."""
    with suppress(CannotMakeLab):
        run(("ip", "netns", "del", name))
    shutil.rmtree(ETC / name, ignore_errors=True)


def resolve_by(namespace: str, server: str) -> None:
    """What /etc/resolv.conf says in a pod; `ip netns exec` shows this file there."""
    (ETC / namespace).mkdir(parents=True, exist_ok=True)
    search = "default.svc.cluster.local svc.cluster.local cluster.local"
    lines = [f"search {search}", f"nameserver {server}", "options ndots:5", ""]
    (ETC / namespace / "resolv.conf").write_text("\n".join(lines))


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """What is opened in the block belongs to that namespace for good. Nothing may be awaited."""
    with Path("/proc/self/ns/net").open() as here, (RUN / namespace).open() as there:
        _enter(there.fileno())
        try:
            yield
        finally:
            _enter(here.fileno())


def _enter(descriptor: int) -> None:
    if libc.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def a_socket(namespace: str, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    """A socket of that namespace, not blocking."""
    with inside(namespace):
        made = socket.socket(socket.AF_INET, kind)
    made.setblocking(False)
    return made
