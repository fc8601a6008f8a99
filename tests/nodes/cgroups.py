"""One tree of cgroups for all nodes: by it a node's processes are found and ended.

A kubelet wants its root to exist in every hierarchy of cgroup v1, and cpuset's starts empty. On
cgroup v2 there is one hierarchy, whose controllers are handed down level by level.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
TREE = "meshmedic-nodes"

SYSTEM = "system"
"""The part of a node's tree for what is no pod: containerd, the kubelet, the control plane."""

ENDING = 15.0
HANDED_DOWN = ("cpuset", "cpu", "io", "memory", "hugetlb", "pids")


def root_of(node: str) -> str:
    """The kubelet's `cgroupRoot`."""
    return f"/{TREE}/{node}"


def make(node: str) -> None:
    """Make a node's tree in every hierarchy."""
    for hierarchy in _hierarchies():
        _hand_down(hierarchy)
        for part in (TREE, f"{TREE}/{node}", f"{TREE}/{node}/{SYSTEM}"):
            at = hierarchy / part
            at.mkdir(exist_ok=True)
            if hierarchy.name == "cpuset":
                _fill_cpuset(at)
            elif part != f"{TREE}/{node}/{SYSTEM}":
                _hand_down(at)


def entering(node: str) -> tuple[str, ...]:
    """The words before a command that runs in the node's tree."""
    files = [
        f"{hierarchy / TREE / node / SYSTEM}/cgroup.procs"
        for hierarchy in _hierarchies()
        if hierarchy.name in ("pids", "memory", CGROUPS.name)
    ]
    enter = "".join(f"echo 0 >{file}; " for file in files)
    return ("sh", "-ec", f'{enter}exec "$@"', "sh")


def members(node: str) -> list[int]:
    """The PIDs of a node's processes: its programs, shims and containers."""
    tracking = CGROUPS / "pids" if (CGROUPS / "pids").is_dir() else CGROUPS
    files = (tracking / TREE / node).rglob("cgroup.procs")
    return [int(pid) for file in files if file.exists() for pid in file.read_text().split()]


def memory_files(node: str) -> Iterator[Path]:
    """Each container's folder of the memory controller."""
    tracking = CGROUPS / "memory" if (CGROUPS / "memory").is_dir() else CGROUPS
    yield from (path.parent for path in (tracking / TREE / node).rglob("cgroup.procs"))


def kill(node: str) -> None:
    """Kill everything of a node at once, as a power cut does.

    Raises:
        TimeoutError: Something did not end.
    """
    end = time.monotonic() + ENDING
    while pids := members(node):
        if time.monotonic() > end:
            msg = f"{node}: {len(pids)} processes did not end: {pids[:10]}"
            raise TimeoutError(msg)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def remove(node: str) -> None:
    """Remove a node's tree, once nothing runs in it, and the nodes' own with the last of them."""
    # runc makes its cgroups in the unified hierarchy beside version 1, too.
    for hierarchy in [*_hierarchies(), CGROUPS / "unified"]:
        at = hierarchy / TREE / node
        for folder in sorted((path for path in at.rglob("*") if path.is_dir()), reverse=True):
            _remove(folder)
        _remove(at)
        with contextlib.suppress(OSError):  # another node is still in it
            at.parent.rmdir()


def _remove(folder: Path) -> None:
    for _ in range(50):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:  # the kernel takes a moment after the last process
            time.sleep(0.05)
        else:
            return


def _hierarchies() -> list[Path]:
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return [
        path
        for path in sorted(CGROUPS.iterdir())
        if path.is_dir() and not path.is_symlink() and path.name != "unified"
    ]


def _fill_cpuset(at: Path) -> None:
    for name in ("cpuset.cpus", "cpuset.mems"):
        if not (at / name).read_text().strip():
            (at / name).write_text((at.parent / name).read_text())


def _hand_down(at: Path) -> None:
    controls = at / "cgroup.subtree_control"
    if not controls.exists():
        return
    offered = (at / "cgroup.controllers").read_text().split()
    for name in HANDED_DOWN:
        if name in offered:
            controls.write_text(f"+{name}")
