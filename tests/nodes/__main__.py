"""`python -m tests.nodes`: the bot on three real nodes, and what it says of their faults."""

from __future__ import annotations

import argparse
import subprocess
import sys

from tests.nodes import needs
from tests.nodes.cluster import RealNodes, say
from tests.nodes.commands import CommandFailed
from tests.nodes.kubectl import lan_env, on_lan
from tests.nodes.prepare import prepare
from tests.nodes.processes import DidNotStart
from tests.programs.program import CannotBuild


def main() -> int:
    """Read the command line; without a command, run everything and leave nothing behind."""
    parser = argparse.ArgumentParser(prog="make test-nodes", description=__doc__)
    parser.add_argument("--start", action="store_true", help="start the nodes, and leave them")
    parser.add_argument("--stop", action="store_true", help="remove the nodes")
    parser.add_argument("--lan", nargs=argparse.REMAINDER, help="run a command beside the nodes")
    arguments, suite = parser.parse_known_args()
    cluster = RealNodes()
    if arguments.stop:
        cluster.clean()
        return 0
    if arguments.lan:
        return _on_lan(*arguments.lan)
    try:
        needs.require()
        prepare(cluster)
    except (needs.Missing, CannotBuild, CommandFailed, DidNotStart) as error:
        say(str(error))
        cluster.clean()
        return 1
    if arguments.start:
        return 0
    try:
        return _on_lan(sys.executable, "-m", "tests.nodes.suite", *suite)
    finally:
        cluster.clean()


def _on_lan(*words: str) -> int:
    command = [*on_lan(), *words]
    return subprocess.run(command, env=dict(lan_env()), check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
