"""Runs the README's install section as it is written, in a copy of the checkout.

The words `docker` and `kubectl` mean programs of the tests here: buildah, whose image is imported
on the nodes where it would be pushed, and the kubectl of the cluster. `$EDITOR` is a program that
edits deploy/home as a person would.
"""

from __future__ import annotations

import re
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from tests.nodes.commands import run
from tests.nodes.kubectl import lan_env
from tests.nodes.place import RUN
from tests.places import ROOT

SECTION = "### Install in the cluster"
CHECKOUT = RUN / "checkout"
SHIMS = RUN / "shims"


def commands() -> str:
    """The shell commands of the section.

    Raises:
        LookupError: The section or its commands are missing.
    """
    _, found, after = (ROOT / "README.md").read_text().partition(SECTION)
    block = re.search(r"```sh\n(.*?)```", after, re.DOTALL)
    if not found or block is None:
        msg = f"README.md has no commands under {SECTION!r}"
        raise LookupError(msg)
    return block[1]


def copy_checkout() -> Path:
    """A copy of deploy/ as a clone has it, for the files that somebody who installs makes."""
    shutil.rmtree(CHECKOUT, ignore_errors=True)
    CHECKOUT.mkdir(parents=True)
    shutil.copytree(ROOT / "deploy", CHECKOUT / "deploy")
    return CHECKOUT


def install(token: str, shims: Mapping[str, str], timeout: float = 400) -> str:
    """Run the section's commands in the copy; what they print.

    The token is what the person pastes. `shims` are programs by name, as shell scripts.

    Raises:
        CommandFailed: A command failed; the message has what all of them printed.
    """
    shutil.rmtree(SHIMS, ignore_errors=True)
    SHIMS.mkdir(parents=True)
    for name, text in shims.items():
        _write(SHIMS / name, text)
    env = dict(lan_env())
    env["PATH"] = f"{SHIMS}:{env['PATH']}"
    env["EDITOR"] = "edit"
    script = f"set -ex\ncd {CHECKOUT}\n{commands()}"
    return run("bash", "-c", script, env=env, stdin=token, timeout=timeout)


def _write(to: Path, text: str) -> None:
    to.write_text(text)
    to.chmod(to.stat().st_mode | stat.S_IXUSR)
