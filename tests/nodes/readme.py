"""Runs sections of the README as they are written, in a copy of the checkout.

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

INSTALL = "Install in the cluster"
UPGRADE, ROLL_BACK, UNINSTALL = "Upgrade", "Roll back", "Uninstall"
CHECKOUT = RUN / "checkout"
SHIMS = RUN / "shims"
PATIENCE = 400.0


def commands(section: str, checkout: Path = ROOT, block: int = 0) -> str:
    """The shell commands of a section in a checkout's README.

    Raises:
        LookupError: The section or its commands are missing.
    """
    _, found, after = (checkout / "README.md").read_text().partition(f"### {section}\n")
    blocks = re.findall(r"```sh\n(.*?)```", after.partition("\n##")[0], re.DOTALL)
    if not found or len(blocks) <= block:
        msg = f"README.md has no commands under {section!r}"
        raise LookupError(msg)
    return str(blocks[block])


def copy_checkout(checkout: Path = ROOT) -> Path:
    """A copy of deploy/ as a clone has it, for the files that somebody who installs makes."""
    shutil.rmtree(CHECKOUT, ignore_errors=True)
    CHECKOUT.mkdir(parents=True)
    shutil.copytree(checkout / "deploy", CHECKOUT / "deploy")
    return CHECKOUT


def follow(script: str, shims: Mapping[str, str], token: str = "") -> str:
    """Run a section's commands in the copy of the checkout; what they print.

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
    whole = f"set -ex\ncd {CHECKOUT}\n{script}"
    return run("bash", "-c", whole, env=env, stdin=token, timeout=PATIENCE)


def _write(to: Path, text: str) -> None:
    to.write_text(text)
    to.chmod(to.stat().st_mode | stat.S_IXUSR)
