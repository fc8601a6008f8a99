"""`python -m tests.image`: builds the image by deploy/Dockerfile, measures it, and starts it."""

from __future__ import annotations

import os
import sys
from itertools import chain

from tests.image import engine, registry
from tests.image.container import Container
from tests.image.proofs import proofs
from tests.image.size import largest
from tests.nodes import needs
from tests.nodes.commands import CommandFailed

NEEDED = ("mmdebstrap", "buildah", "ip", "/usr/share/keyrings/debian-archive-keyring.gpg")


def main() -> int:
    """Build, measure, start, and say what was seen. Where that cannot be done, only CI fails."""
    try:
        needs.install(NEEDED)
    except (needs.Missing, CommandFailed) as error:
        _say(f"skipped: {error}")
        return int(bool(os.environ.get("CI")))
    _say("building deploy/Dockerfile with buildah, over Debian's Python 3.13")
    try:
        engine.build()
    except CommandFailed as error:
        _say(str(error))
        return 1
    with engine.unpacked() as root:
        return _prove(Container(root, engine.configuration()))


def _prove(container: Container) -> int:
    count = 0
    _say(f"the largest packages (MiB): {largest(container.root, 8)}")
    for what, true in chain(proofs(container), registry.proofs()):
        _say(f"{'proved' if true else 'NOT TRUE'}: {what}")
        if not true:
            return 1
        count += 1
    _say(f"{count} proofs")
    return 0


def _say(text: str) -> None:
    print(f"image: {text}", file=sys.stderr, flush=True)  # noqa: T201  # the terminal is our page


if __name__ == "__main__":
    sys.exit(main())
