"""The commit before this one: its checkout, and its image by the same builder."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.nodes import images
from tests.nodes.commands import CommandFailed, run
from tests.nodes.place import HOME, IMAGES
from tests.places import ROOT

COMMIT = "HEAD~1"
CHECKOUT = HOME / "before"
GOES_IN = ("deploy/Dockerfile", ".dockerignore", "requirements.txt", "bot", "commands")
"""What the image is made from."""


@dataclass(frozen=True)
class Before:
    """A checkout of the commit before, with the name and the archive of its image."""

    checkout: Path
    image: str
    archive: Path


def commit_before() -> Before:
    """Check it out, and build its image unless one of the same content was built before.

    Raises:
        CommandFailed: There is no such commit here, as in a clone of depth 1, or it does not build.
    """
    try:
        content = run("git", "-C", ROOT, "ls-tree", COMMIT, "--", *GOES_IN)
    except CommandFailed as error:
        msg = f"The commit before this one is not here; clone more than one. {error}"
        raise CommandFailed(msg) from error
    digest = hashlib.sha256(content.encode()).hexdigest()[:12]
    image = f"{images.MESHMEDIC.rpartition(':')[0]}:before-{digest}"
    shutil.rmtree(CHECKOUT, ignore_errors=True)
    CHECKOUT.mkdir(parents=True)
    packed = subprocess.run(  # noqa: S603  # ours
        ["git", "-C", str(ROOT), "archive", COMMIT],  # noqa: S607
        capture_output=True,
        check=True,
    ).stdout
    unpack = ["tar", "--extract", "--directory", str(CHECKOUT)]
    subprocess.run(unpack, input=packed, check=True)  # noqa: S603
    archive = IMAGES / f"before-{digest}.tar"
    if not archive.exists():
        for older in IMAGES.glob("before-*.tar"):
            older.unlink()
        images.project_image(CHECKOUT, image).replace(archive)
    return Before(CHECKOUT, image, archive)
