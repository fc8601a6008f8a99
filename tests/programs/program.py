"""Builds a program by Go once, and keeps it outside the checkout.

A program's place is named by a hash of what it is made from, so a change builds it anew and
nothing else does.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST = (1, 21)
"""Since Go 1.21 an older go command fetches the one that a module asks for."""


class CannotBuild(Exception):  # as the project names errors: for what happened
    """A program cannot be built here; the message says what to do."""


@dataclass(frozen=True)
class Program:
    """What `go build` is told: a module's folder, its package, and values to link in."""

    name: str
    folder: Path
    package: str = "."
    linked: tuple[str, ...] = ()
    tags: str = ""
    cgo: bool = False
    """It needs gcc, and headers of C libraries."""
    minutes: int = 1
    """How long it takes on two cores where nothing is cached."""

    @property
    def path(self) -> Path:
        """Where it lies once it is built."""
        made_by = (self.package, self.tags, *self.linked)
        digest = hashlib.sha256("\n".join(made_by).encode())
        for each in self._made_from():
            digest.update(each.name.encode() + each.read_bytes())
        return cache() / f"{self.name}-{digest.hexdigest()[:16]}"

    def _made_from(self) -> Iterator[Path]:
        yield from sorted(
            each for each in self.folder.iterdir() if each.suffix in (".go", ".mod", ".sum")
        )


def cache() -> Path:
    """The folder for what was built: `$XDG_CACHE_HOME/meshmedic`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "meshmedic"


def ensure_built(program: Program) -> Path:
    """The path of a program, built now where it is missing.

    Raises:
        CannotBuild: Go is missing or too old, or the build fails.
    """
    path = program.path
    if path.is_file():
        return path
    go = go_command()
    path.parent.mkdir(parents=True, exist_ok=True)
    _say(f"building {program.name}: about {program.minutes} min on two cores, once")
    began = time.monotonic()
    made = path.with_suffix(f".{os.getpid()}")
    flags = "-s -w " + " ".join(f"-X {value}" for value in program.linked)
    command = (go, "build", "-trimpath", "-buildvcs=false", "-tags", program.tags)
    environment = os.environ | {"CGO_ENABLED": str(int(program.cgo)), "GOFLAGS": "-mod=readonly"}
    ended = subprocess.run(  # noqa: S603  # the command is ours
        (*command, "-ldflags", flags, "-o", str(made), program.package),
        cwd=program.folder,
        env=environment,
        check=False,
    )
    if ended.returncode:
        made.unlink(missing_ok=True)
        msg = f"go build of {program.name} ended with code {ended.returncode}; see above."
        raise CannotBuild(msg)
    made.replace(path)  # two builds at once must not see half of each other's
    _say(f"{program.name} is at {path} (after {time.monotonic() - began:.0f} s)")
    return path


def go_command() -> str:
    """The go command of this machine.

    Raises:
        CannotBuild: It is missing or too old.
    """
    usual = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/local/go/bin"
    go = shutil.which("go", path=usual)
    if go is None:
        msg = (
            "Go is missing. These tests build Kubernetes and its controllers from their sources: "
            "install Go 1.21 or newer from https://go.dev/dl, or name a cluster of your own with "
            "KUBECONFIG_UNDER_TEST, or envtest's programs with KUBEBUILDER_ASSETS."
        )
        raise CannotBuild(msg)
    said = subprocess.run(  # noqa: S603  # found above
        (go, "env", "GOVERSION"), capture_output=True, text=True, check=False
    ).stdout.strip()
    numbers = said.removeprefix("go").split(".")[:2]
    if not all(each.isdigit() for each in numbers) or tuple(map(int, numbers)) < OLDEST:
        msg = f"Go {said or 'of an unknown version'} at {go} is too old: 1.21 or newer is needed."
        raise CannotBuild(msg)
    return go


def _say(text: str) -> None:
    print(f"build: {text}", file=sys.stderr, flush=True)  # noqa: T201  # the terminal is our page
