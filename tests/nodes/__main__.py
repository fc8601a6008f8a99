"""`python -m tests.nodes`: the bot on three real nodes, and what it says of their faults."""

from __future__ import annotations

import argparse
import fcntl
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.nodes import cgroups, needs, networks
from tests.nodes.cluster import RealNodes, say
from tests.nodes.commands import CommandFailed
from tests.nodes.kubectl import lan_env, on_lan, theirs
from tests.nodes.place import HOME
from tests.nodes.prepare import prepare
from tests.nodes.processes import DidNotStart
from tests.nodes.theirs import Unfit, with_a_route
from tests.programs import catalogue
from tests.programs.program import CannotBuild, ensure_built


def main() -> int:
    """Read the command line; without a command, run everything and leave nothing behind."""
    parser = argparse.ArgumentParser(prog="make test-nodes", description=__doc__)
    parser.add_argument("--build", action="store_true", help="build what is missing, no more")
    parser.add_argument("--start", action="store_true", help="start the nodes, and leave them")
    parser.add_argument("--stop", action="store_true", help="remove the nodes")
    parser.add_argument("--lan", nargs=argparse.REMAINDER, help="run a command beside the nodes")
    arguments, suite = parser.parse_known_args()
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _frame: sys.exit(128 + number))
    if arguments.stop:
        RealNodes().clean()
        return 0
    if arguments.lan:
        return _on_lan(*arguments.lan)
    if theirs():
        return _beside_theirs(suite)
    try:
        if arguments.build:
            return _build()
        with _alone():
            return _run(suite, keep=arguments.start)
    except (needs.Missing, CannotBuild, CommandFailed, DidNotStart) as error:
        say(str(error))
        return 1


def _build() -> int:
    """What needs long and no cluster, so that nothing is compiled beside tests of other suites."""
    needs.require()
    for program in catalogue.NODES:
        ensure_built(program)
    return 0


def _run(suite: Sequence[str], *, keep: bool) -> int:
    """Start everything and run the suite; whatever happens, nothing stays unless it is kept."""
    cluster = RealNodes()
    kept = False
    try:
        needs.require()
        prepare(cluster, whole="--all" in suite)
        kept = keep
        return 0 if keep else _on_lan(sys.executable, "-m", "tests.nodes.suite", *suite)
    finally:
        if not kept:
            cluster.clean()


@contextmanager
def _alone() -> Iterator[None]:
    """Another run would take the nodes of this one for what a killed run left, and remove them.

    Raises:
        Missing: Another run has the nodes.
    """
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msg = "Another run has the nodes: wait until it ends, or stop it."
            raise needs.Missing(msg) from error
        yield


def _beside_theirs(suite: Sequence[str]) -> int:
    try:
        with with_a_route():
            command = [sys.executable, "-m", "tests.nodes.suite", *suite]
            return subprocess.run(command, check=False).returncode  # noqa: S603
    except (Unfit, CommandFailed) as error:
        say(str(error))
        return 1


def _on_lan(*words: str) -> int:
    """Run a command in a cgroup, by which the next start finds it where this process is killed."""
    cgroups.make(networks.LAN)
    command = [*cgroups.entering(networks.LAN), *on_lan(), *words]
    return subprocess.run(command, env=dict(lan_env()), check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
