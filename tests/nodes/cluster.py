"""Three real nodes on this machine, started from nothing and ended without a trace."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tests.nodes import cgroups, control_plane, keys, networks, processes
from tests.nodes.commands import CommandFailed, run
from tests.nodes.kubectl import get, kubectl, wait_until
from tests.nodes.node import BIN, Node
from tests.nodes.place import ADDRESSES, RUN, SERVER
from tests.programs import catalogue
from tests.programs.program import ensure_built

SYSCTLS = ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops")
"""What a kubelet sets for the whole machine: put back at the end."""

READY = 300.0


def _nodes() -> dict[str, Node]:
    return {name: Node(name) for name in ADDRESSES}


@dataclass
class RealNodes:
    """The cluster. Whoever makes this object again finds what runs."""

    nodes: dict[str, Node] = field(default_factory=_nodes)

    @property
    def server(self) -> Node:
        """The node with the control plane."""
        return self.nodes[SERVER]

    def start(self) -> float:
        """Start what does not run; the seconds until every node was Ready.

        Raises:
            DidNotStart: A program ended or was not ready in time.
        """
        began, since = time.monotonic(), datetime.now(UTC)
        RUN.mkdir(parents=True, exist_ok=True)
        _link_programs()
        _remember_sysctls()
        keys.make()
        networks.make_lan()
        for each in self.nodes.values():
            each.make()
        control_plane.start(self.server)
        for each in self.nodes.values():
            each.start_agent()
        for each in self.nodes.values():
            has_range = partial(_has_pods, each.name)
            processes.until(each.name, "kubelet", has_range, 120, "the range of pods")
            each.start_overlay(_pods_of(each.name))
        self.until_ready(since)
        return time.monotonic() - began

    def until_ready(self, since: datetime, timeout: float = READY) -> float:
        """Wait until every node is Ready and was heard of since; the seconds that it took."""
        return wait_until("all nodes are Ready", lambda: _all_ready(since), timeout)

    def load(self, *archives: Path) -> None:
        """Import images on every node."""
        for archive in archives:
            for each in self.nodes.values():
                each.load(archive)

    def clean(self) -> None:
        """End everything at once, and remove every file of the cluster.

        Also what a killed run left: processes are found by their cgroups, and the rest by name.
        """
        cgroups.kill(networks.LAN)  # first: a suite that still runs would start nodes again
        for each in self.nodes.values():
            each.power_off()
        cgroups.remove(networks.LAN)
        for name in (*ADDRESSES, networks.LAN):
            networks.remove(name)
        _restore_sysctls()
        run("rm", "-rf", RUN)  # tens of thousands of files: shutil takes a minute longer


def _link_programs() -> None:
    BIN.mkdir(exist_ok=True)
    for program in catalogue.NODES:
        link = BIN / program.name
        link.unlink(missing_ok=True)
        link.symlink_to(ensure_built(program))


def _pods_of(name: str) -> str:
    """A node's range of pods, as the controller manager gave it; empty before."""
    with suppress(CommandFailed):
        return kubectl("get", "node", name, "-o", "jsonpath={.spec.podCIDR}", timeout=20)
    return ""


def _has_pods(name: str) -> bool:
    return bool(_pods_of(name))


def _all_ready(since: datetime) -> bool:
    """Ready, and heard of since: the API says for 40 s more what a stopped kubelet said last."""
    try:
        nodes, leases = get("nodes"), get("leases", "-n", "kube-node-lease")
    except CommandFailed:
        return False
    ready = [
        condition["status"] == "True"
        for item in nodes["items"]
        for condition in item["status"]["conditions"]
        if condition["type"] == "Ready"
    ]
    renewed = [datetime.fromisoformat(item["spec"]["renewTime"]) for item in leases["items"]]
    heard = [at for at in renewed if at > since]
    return ready == [True] * len(ADDRESSES) and len(heard) == len(ADDRESSES)


def _remember_sysctls() -> None:
    at = RUN / "sysctls.json"
    if not at.exists():
        at.write_text(json.dumps({name: Path("/proc/sys", name).read_text() for name in SYSCTLS}))


def _restore_sysctls() -> None:
    at = RUN / "sysctls.json"
    if not at.exists():
        return
    for name, value in json.loads(at.read_text()).items():
        with suppress(OSError):  # some machines let nobody write them
            Path("/proc/sys", name).write_text(value)
    at.unlink()


def say(text: str) -> None:
    """Tell what happens."""
    sys.stderr.write(f"nodes: {text}\n")
