"""Builds the project's image by deploy/Dockerfile, without a registry.

buildah carries the Dockerfile out. For its base stands Debian's Python 3.13, of the release that
python:3.13-slim is made of, without the files that Debian's slim images leave out.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.nodes.commands import run, succeeds
from tests.nodes.place import HOME
from tests.places import ROOT

MESHMEDIC = "registry.example/meshmedic:0.1.0"
"""As the example in deploy/ names it."""

SUITE = "trixie"
LEFT_OUT = ("doc", "groff", "info", "linda", "lintian", "locale", "man")
"""Folders of /usr/share. Source: debuerreotype, .slimify-excludes."""

BOOTSTRAP = (
    *("mmdebstrap", "--variant=minbase", "--format=tar"),
    "--include=python3,python3-venv,python3-pip,ca-certificates",
    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in LEFT_OUT),
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    SUITE,
)
PYTHON = f"localhost/python:3.13-{hashlib.sha256(repr(BOOTSTRAP).encode()).hexdigest()[:8]}"
"""The stand-in for the base, made anew where the way to make it changes."""

STORE = HOME / "buildah"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST")
"""Where pip finds packages, as on this machine."""


def build(checkout: Path = ROOT, tag: str = MESHMEDIC) -> None:
    """Build a checkout's image, and keep it in buildah's store."""
    if not succeeds(*buildah("inspect", "--type=image", PYTHON)):
        _make_python()
    with _removing_remains():
        run(
            *buildah("build", "--isolation=chroot", "--network=host", "--layers"),
            f"--build-arg=PYTHON_IMAGE={PYTHON}",
            *(f"--env={name}" for name in INDEXES if name in os.environ),
            *(f"--volume={CERTIFICATES}:{CERTIFICATES}:ro", f"--file={checkout}/deploy/Dockerfile"),
            *(f"--tag={tag}", checkout),
            timeout=1800,
        )


def configuration(tag: str = MESHMEDIC) -> dict[str, Any]:
    """What an image says of its process. Source: OCI image specification, `config`."""
    told = json.loads(run(*buildah("inspect", "--type=image", tag)))
    return dict(told["OCIv1"]["config"])


@contextmanager
def unpacked(tag: str = MESHMEDIC) -> Iterator[Path]:
    """The root file system of an image."""
    container = run(*buildah("from", tag)).strip()
    try:
        yield Path(run(*buildah("mount", container)).strip())
    finally:
        run(*buildah("rm", container))


@contextmanager
def _removing_remains() -> Iterator[None]:
    """Where this process is told to end, buildah is killed, and its mounts would stay."""
    try:
        yield
    except BaseException:
        run(*buildah("rm", "--all"))
        for mount in reversed(_mounts()):
            run("umount", "--lazy", mount)
        raise


def _mounts() -> list[str]:
    """Where something of the store is mounted, in the order in which it was."""
    lines = Path("/proc/mounts").read_text().splitlines()
    return [at for at in (line.split()[1] for line in lines) if at.startswith(f"{STORE}/")]


def buildah(*words: object) -> tuple[str, ...]:
    """A command of buildah with a store of our own."""
    store = ("--root", STORE, "--runroot", HOME / "buildah-run")
    return tuple(map(str, ("buildah", *store, "--storage-driver", "overlay", *words)))


def _make_python() -> None:
    with tempfile.TemporaryDirectory(dir=HOME) as folder:
        root = Path(folder) / "root.tar"
        run(*BOOTSTRAP, root, timeout=1200)
        working = run(*buildah("from", "scratch")).strip()
        run(*buildah("add", "--quiet", working, root, "/"))
    link = ("ln", "-sf", "/usr/bin/python3", "/usr/local/bin/python")
    run(*buildah("run", "--isolation=chroot", working, "--", *link))
    path = "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    run(*buildah("config", "--cmd", "python3", "--env", path, working))
    run(*buildah("commit", "--quiet", "--rm", working, PYTHON))
