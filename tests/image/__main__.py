"""`python -m tests.image`: the Dockerfile's steps in clean folders, and whether the result starts.

There is no container engine in it, so that it runs anywhere; building.py says what it cannot show.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from bot import __version__
from tests.image.building import Building, Root, run_as_user, start
from tests.image.dockerfile import stages
from tests.places import ROOT

SOURCE = ROOT
NOBODY = 65532
SETTINGS_MISSING = 3
NO_SANDBOX = "The image for clusters has no sandbox. Run `make sandbox` in a clone of meshmedic.\n"
IMPORT_ALL = """
import importlib, pkgutil
import bot, commands
count = 0
for package in (bot, commands):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
            count += 1
print(count)
"""


def main() -> int:
    """Build, start, and say what was seen."""
    with tempfile.TemporaryDirectory(prefix="meshmedic-image-") as folder:
        scratch = Path(folder)
        scratch.chmod(0o755)  # the image's user reads it
        tools = _tools(scratch / "tools")
        text = (SOURCE / "deploy/Dockerfile").read_text()
        root = Building(SOURCE, scratch, tools, _say).build(stages(text))
        proofs = 0
        for what, true in _proofs(root):
            _say(f"{'proved' if true else 'NOT TRUE'}: {what}")
            if not true:
                return 1
            proofs += 1
        packages, ours = _size(root, "/venv"), _size(root, "/app")
        _say(f"{proofs} proofs; {packages} MiB of packages, {ours} MiB of ours")
    return 0


def _proofs(root: Root) -> Iterator[tuple[str, bool]]:
    deployment = yaml.safe_load((SOURCE / "deploy/base/deployment.yaml").read_text())
    security = deployment["spec"]["template"]["spec"]["securityContext"]
    asked = f"{security['runAsUser']}:{security['runAsGroup']}"
    yield f"its user {root.user} is not root, and the Deployment's", root.user == asked
    ours = sorted(each.name for each in root.inside("/app").iterdir())
    yield f"/app holds {', '.join(ours)} and nothing else", ours == ["bot", "commands"]
    built = {"pip", "setuptools", "wheel", "uv", "gcc"}
    names = {each.name for each in root.inside("/venv").rglob("*")}
    yield "/venv has no pip and no build tool", not built & names
    before = _state(root)
    version = start(root, "--version")
    said = version.stdout.strip()
    yield f"--version says {said!r}{version.stderr}", said == f"meshmedic {__version__}"
    run = start(root)
    told = run.stderr.strip()
    yield (
        f"without settings it ends with code {run.returncode} and says {told!r}",
        run.returncode == SETTINGS_MISSING and "MESHMEDIC_DISCORD_TOKEN is not set" in told,
    )
    yield "bot/sandbox is left out", not root.inside("/app/bot/sandbox").exists()
    sandbox = start(root, "sandbox")
    yield (
        f"sandbox ends with code {sandbox.returncode} and says {sandbox.stderr.strip()!r}",
        sandbox.returncode == SETTINGS_MISSING and sandbox.stderr.endswith(NO_SANDBOX),
    )
    imported = run_as_user(root, ("python", "-c", IMPORT_ALL))
    yield (
        f"its modules import without it: {imported.stdout.strip() or imported.stderr}",
        imported.returncode == 0,
    )
    judged = start(root, "judge", "/app/none.yaml")
    yield (
        f"judge starts, and says of a file that is absent {judged.stderr.strip()!r}",
        "none.yaml" in judged.stderr and "Traceback" not in judged.stderr,
    )
    yield "it wrote no file", _state(root) == before


def _tools(folder: Path) -> Path:
    """A `python` and a `pip` as the base image has them, in words of this machine."""
    folder.mkdir()
    for name, words in (
        ("python", (_python(),)),
        ("pip", (sys.executable, "-m", "pip")),
    ):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        script.chmod(0o755)
    return folder


def _python() -> str:
    """A Python that the image's user can start: root's own may lie in root's home."""
    whom = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if not os.geteuid() else {}
    usual = [getattr(sys, "_base_executable", sys.executable), "/usr/bin/python3"]
    for each in [*usual, shutil.which("python3") or ""]:
        try:
            check = "import sys, venv; sys.exit(sys.version_info < (3, 11))"
            ended = subprocess.run([each, "-c", check], check=False, **whom)  # type: ignore[call-overload]  # noqa: S603
        except OSError:
            continue
        if ended.returncode == 0:
            return str(each)
    sys.exit("image: there is no Python 3.11 or newer with venv that another user can start")


def _state(root: Root) -> dict[str, int]:
    return {str(each): each.lstat().st_mtime_ns for each in root.folder.rglob("*")}


def _size(root: Root, path: str) -> int:
    files = (each for each in root.inside(path).rglob("*") if not each.is_symlink())
    return round(sum(each.stat().st_size for each in files if each.is_file()) / 2**20)


def _say(text: str) -> None:
    print(f"image: {text}", file=sys.stderr, flush=True)  # noqa: T201  # the terminal is our page


if __name__ == "__main__":
    sys.exit(main())
