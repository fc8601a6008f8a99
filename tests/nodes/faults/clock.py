"""A node whose clock is an hour ahead: for what runs in its pods, and in the times of its logs.

A time namespace moves no wall clock. So the pods of the node are started with libfaketime, which
every program with a C library loads by `/etc/ld.so.preload`, and Python is one. containerd asks the
kernel itself, as every program of Go, so no library can deceive it: the times that it wrote before
the agent's lines are moved in the log file as soon as they stand there.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from tests.nodes.cluster import RealNodes
from tests.nodes.faults import rounds
from tests.nodes.faults.fault import Fault, Undo
from tests.nodes.modes import AGENTS
from tests.nodes.node import BIN, Node

AHEAD = timedelta(hours=1)
LIBRARY = "libfaketime.so.1"
TO_THE_SECOND = "%Y-%m-%dT%H:%M:%S"
STAMP = re.compile(rb"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)", re.MULTILINE)
OFTEN = 0.02

CLOCK = r"Not all nodes could be tested(?s:.*)Not seen(?s:.*)n2: [^\n]*clock"


def _advance(cluster: RealNodes) -> Undo:
    node = cluster.nodes["n2"]
    node.runtime_spec = _spec_with_other_time(node)
    _start_containerd_again(node)
    logs = _MovedLogs(node)
    slow_down = rounds.hurry()  # new agents, with the new clock

    def mend() -> None:
        logs.end()
        node.runtime_spec = {}
        _start_containerd_again(node)
        slow_down()

    return mend


def _start_containerd_again(node: Node) -> None:
    node.stop("containerd")
    node.start_agent()


def _spec_with_other_time(node: Node) -> Mapping[str, object]:
    """The runtime's own default for every container, and three files more."""
    spec = json.loads(node.run(BIN / "ctr", "oci", "spec"))
    preload, rest = node.folder / "ld.so.preload", node.folder / "faketimerc"
    preload.write_text(f"/faketime/{LIBRARY}\n")
    rest.write_text(f"+{AHEAD.total_seconds():.0f}\n")
    for source, target in (
        (_library(), f"/faketime/{LIBRARY}"),
        (preload, "/etc/ld.so.preload"),
        (rest, "/etc/faketimerc"),
    ):
        options = ["rbind", "ro"]
        mount = {"source": str(source), "destination": target, "type": "bind", "options": options}
        spec["mounts"].append(mount)
    return dict(spec)


class _MovedLogs:
    """Moves the times in the logs of the node's agent while it runs."""

    def __init__(self, node: Node) -> None:
        self._folder = node.root / "var/log/pods"
        self._done: dict[Path, int] = {path: path.stat().st_size for path in self._logs()}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Move no more."""
        self._ending.set()
        self._thread.join()

    def _logs(self) -> list[Path]:
        return list(self._folder.glob("meshmedic-probe_*/agent/*.log"))

    def _run(self) -> None:
        while not self._ending.wait(OFTEN):
            for path in self._logs():
                try:
                    self._done[path] = moved(path, self._done.get(path, 0))
                except FileNotFoundError:
                    continue


def moved(path: Path, begin: int) -> int:
    """Move the times of whole lines from there on, in place; where the next line begins."""
    with path.open("r+b") as log:
        log.seek(begin)
        whole, newline, _ = log.read().rpartition(b"\n")
        for match in STAMP.finditer(whole):
            at = datetime.strptime(match[1].decode(), TO_THE_SECOND)  # noqa: DTZ007  # as it stands
            log.seek(begin + match.start())
            log.write((at + AHEAD).strftime(TO_THE_SECOND).encode())
    return begin + len(whole) + len(newline)


def _left_out(_: RealNodes) -> str:
    return "" if _library() else "left out: install Debian's package faketime"


def _library() -> Path | None:
    return next(Path("/usr/lib").glob(f"*/faketime/{LIBRARY}"), None)


FAULTS = (
    Fault(
        "the clock of n2 is an hour ahead",
        _advance,
        matrix=CLOCK,
        health=r"n2[^\n]*its clock is 60 min ahead",
        left_out=_left_out,
        settle=rounds.TOLD_WITHIN,
        modes=(AGENTS,),
        recovers=90,
    ),
)
