#!/usr/bin/env python3
"""`bare.py`: leave of a base image's programs only Python, and no way to install a package.

It runs in the image, as the last command that a shell starts there. The list of what Debian
installed stays, since scanners of images read it.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = ("bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin")
PYTHON = re.compile(r"python(?:3(?:\.\d+)?)?")
INSTALLERS = (
    "usr/local/lib/python3*/site-packages/pip*",
    "usr/local/lib/python3*/ensurepip",
    "usr/lib/python3/dist-packages/pip*",
    "usr/lib/python3*/ensurepip",
    "usr/share/python-wheels",
    "usr/lib/apt",
    "etc/apt",
    "var/lib/apt",
    "var/cache/apt",
)


def unwanted(root: Path) -> Iterator[Path]:
    """Every program but Python, and what installs packages."""
    for folder in PROGRAMS:
        # Debian's /bin is a link to /usr/bin, which is visited itself.
        if not (root / folder).is_symlink():
            yield from (
                path for path in (root / folder).glob("*") if not PYTHON.fullmatch(path.name)
            )
    for pattern in INSTALLERS:
        yield from root.glob(pattern)


def main(root: Path) -> None:
    """Remove it."""
    count = 0
    for path in list(unwanted(root)):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        count += 1
    sys.stdout.write(f"removed {count} programs and folders\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "/"))
