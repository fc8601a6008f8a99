"""What a killed run left is found by its cgroup, whoever its parent is by then."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.nodes import cgroups

NODE = f"test-{os.getpid()}"
DETACHED = ("sh", "-c", "setsid sleep 600 & exec sleep 600")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes cgroups")


@pytest.fixture
def tree() -> Iterator[str]:
    try:
        cgroups.make(NODE)
    except OSError as error:
        pytest.skip(f"cgroups cannot be made here: {error}")
    yield NODE
    cgroups.kill(NODE)
    cgroups.remove(NODE)


def test_a_process_that_outlives_its_killed_parent_is_ended_and_the_tree_is_removed(
    tree: str,
) -> None:
    """As the suite's own commands do where the suite is killed by SIGKILL."""
    command = [*cgroups.entering(tree), *DETACHED]
    parent = subprocess.Popen(command, start_new_session=True)  # noqa: S603  # ours
    end = time.monotonic() + 5
    while len(cgroups.members(tree)) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    parent.send_signal(signal.SIGKILL)
    parent.wait(5)
    (orphan,) = cgroups.members(tree)
    assert orphan != parent.pid
    cgroups.kill(tree)
    assert not cgroups.members(tree)
    cgroups.remove(tree)
    left = [path for path in cgroups.CGROUPS.rglob(tree) if path.is_dir()]
    assert not left
