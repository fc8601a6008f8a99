"""The last commit that made another image: its checkout, and its image by the same builder.

It is chosen before the nodes start, for its image to be loaded on them, and stays the same until
they are gone, whatever is committed meanwhile.
"""

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

RECENT = 100
"""Commits among which the last is looked for that made another image."""

CHECKOUT = HOME / "before"
NAME = HOME / "before.image"
GOES_IN = ("deploy/Dockerfile", ".dockerignore", "requirements.txt", "bot", "commands")
"""What the image is made from."""


@dataclass(frozen=True)
class Before:
    """A checkout of the commit before, with the name and the archive of its image."""

    checkout: Path
    image: str
    archive: Path


def prepared() -> Before:
    """What `prepare_before` has prepared for this cluster."""
    image = NAME.read_text()
    return Before(CHECKOUT, image, _archive(image))


def prepare_before() -> Before:
    """Check it out, and build its image unless one of the same content was built before.

    Raises:
        CommandFailed: There is no such commit here, as in a clone of depth 1, or it does not build.
    """
    commit, content = _last_of_other_content()
    digest = hashlib.sha256(content.encode()).hexdigest()[:12]
    image = f"{images.MESHMEDIC.rpartition(':')[0]}:before-{digest}"
    shutil.rmtree(CHECKOUT, ignore_errors=True)
    CHECKOUT.mkdir(parents=True)
    packed = subprocess.run(  # noqa: S603  # ours
        ["git", "-C", str(ROOT), "archive", commit],  # noqa: S607
        capture_output=True,
        check=True,
    ).stdout
    unpack = ["tar", "--extract", "--directory", str(CHECKOUT)]
    subprocess.run(unpack, input=packed, check=True)  # noqa: S603
    archive = _archive(image)
    if not archive.exists():
        for older in IMAGES.glob("before-*.tar"):
            older.unlink()
        images.project_image(CHECKOUT, image).replace(archive)
    NAME.write_text(image)
    return prepared()


def _last_of_other_content() -> tuple[str, str]:
    """The commit, and what goes into its image."""
    now = _content("HEAD")
    listed = run("git", "-C", ROOT, "rev-list", f"--max-count={RECENT}", "HEAD").split()
    for commit in listed:
        if (content := _content(commit)) != now:
            return commit, content
    msg = f"None of the last {len(listed)} commits made another image; clone more of them."
    raise CommandFailed(msg)


def _content(commit: str) -> str:
    return run("git", "-C", ROOT, "ls-tree", commit, "--", *GOES_IN)


def _archive(image: str) -> Path:
    return IMAGES / f"{image.rpartition(':')[2]}.tar"
