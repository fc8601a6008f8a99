"""Starts the nodes' programs and ends them by their PIDs, also after whoever started them is gone.

A PID is kept with the time at which its process started, so that a PID that the machine gave to
somebody else is never taken for ours.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.nodes import cgroups
from tests.nodes.place import folder_of

ENDING = 10.0


class DidNotStart(Exception):
    """A program ended, or was not ready in time; the message has the end of its log."""


def start(node: str, name: str, command: Sequence[object], env: Mapping[str, str]) -> None:
    """Start a program in the node's cgroup, unless it runs. It outlives this process."""
    if pid_of(node, name):
        return
    with log_file(node, name).open("ab") as log:
        started = subprocess.Popen(  # noqa: S603  # ours
            [*cgroups.entering(node), *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=dict(env),
        )
    _pid_file(node, name).write_text(f"{started.pid} {_started_at(started.pid)}")


def pid_of(node: str, name: str) -> int:
    """The PID of a program that runs, else 0."""
    try:
        pid, began = _pid_file(node, name).read_text().split()
        return int(pid) if _started_at(int(pid)) == began else 0
    except (OSError, ValueError):
        return 0


def stop(node: str, name: str) -> None:
    """End a program; kill it where it does not end in ten seconds."""
    pid = pid_of(node, name)
    if pid:
        _end(pid, lambda: bool(pid_of(node, name)))
    _pid_file(node, name).unlink(missing_ok=True)


def forget(node: str) -> None:
    """Forget the PIDs of a node whose power was cut."""
    for path in folder_of(node).glob("*.pid"):
        path.unlink()


def until(node: str, name: str, ready: Callable[[], bool], timeout: float, what: str = "") -> None:
    """Wait for what a program makes ready.

    Raises:
        DidNotStart: It was not ready in time, or ended.
    """
    end = time.monotonic() + timeout
    while not ready():
        ended = not pid_of(node, name)
        if ended or time.monotonic() > end:
            log = log_file(node, name).read_text(errors="replace")[-3000:]
            why = "ended" if ended else f"took longer than {timeout:.0f} s"
            msg = f"{what or name} on {node}: {name} {why}. The end of its log:\n{log}"
            raise DidNotStart(msg)
        time.sleep(0.1)


def log_file(node: str, name: str) -> Path:
    """What a program prints."""
    return folder_of(node) / f"{name}.log"


def _pid_file(node: str, name: str) -> Path:
    return folder_of(node) / f"{name}.pid"


def _end(pid: int, runs: Callable[[], bool]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + ENDING
    while runs():
        if time.monotonic() > end:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):  # not ours where a former run started it
            os.waitpid(pid, os.WNOHANG)
        time.sleep(0.05)


def _started_at(pid: int) -> str:
    """Field 22 of `/proc/PID/stat`; empty for a zombie. Source: proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]
