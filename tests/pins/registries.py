"""Asks the registries and GitHub what a name points to."""

from __future__ import annotations

import subprocess

from tests.pins.pin import Kind, Pin
from tests.programs import catalogue
from tests.programs.program import ensure_built

SECONDS = 60


class NotSeen(Exception):  # as the project names errors: for what happened
    """A digest could not be read; the message says of what, and why."""


def seen(pin: Pin, *options: str) -> Pin:
    """The pin with the digest that its name has now; `options` are crane's.

    Raises:
        NotSeen: Nobody answered, or there is no such name.
        CannotBuild: crane cannot be built.
    """
    if pin.kind is Kind.IMAGE:
        crane = ensure_built(catalogue.CRANE)
        return pin.at(_printed(pin, str(crane), "digest", *options, pin.name))
    action, _, tag = pin.name.rpartition("@")
    repository = "/".join(action.split("/")[:2])
    # An annotated tag is an object of its own: the commit is what it peels to, and comes last.
    wanted = (f"refs/tags/{tag}", f"refs/tags/{tag}^{{}}")
    lines = _printed(
        pin, "git", "ls-remote", f"https://github.com/{repository}", *wanted
    ).splitlines()
    if not lines:
        raise NotSeen(f"{pin.name}: the repository has no such tag")
    return pin.at(lines[-1].split()[0])


def _printed(pin: Pin, *command: str) -> str:
    try:
        ended = subprocess.run(  # noqa: S603  # ours
            command, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise NotSeen(f"{pin.name}: no answer in {SECONDS} s") from None
    if ended.returncode:
        raise NotSeen(f"{pin.name}: {ended.stderr.strip()[-300:]}")
    return ended.stdout.strip()
