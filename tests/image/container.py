"""Starts programs of an image as a kubelet would: its user, a read-only root, a small /tmp."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ISOLATED = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child")
"""No network but a loopback of its own: nothing can be reached by chance."""

ENTER = """
set -e
root=$1
shift
ip link set lo up
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs -o size=16m,mode=1777 tmpfs "$root/tmp"
mount -o remount,bind,ro "$root"
exec env --ignore-environment "$@"
"""


@dataclass(frozen=True)
class Container:
    """An image's root file system, and what the image says of its process."""

    root: Path
    configuration: Mapping[str, Any]

    def programs(self) -> Iterator[Path]:
        """Every file of a folder of programs that may be executed, wherever that folder lies."""
        folders = [*self.root.glob("**/bin"), *self.root.glob("**/sbin")]
        files = (path for folder in folders for path in folder.iterdir())
        return (path for path in files if path.is_symlink() or path.stat().st_mode & 0o111)

    def start(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """The image's process; without arguments with the image's own."""
        words = arguments or self.configuration["Cmd"]
        return self.run(*self.configuration["Entrypoint"], *words, stdin=stdin)

    def run(
        self, *words: str, stdin: bytes = b"", more: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[bytes]:
        """Any program of the image, by its user, with the image's variables and `more` of them."""
        user, group = self.configuration["User"].split(":")
        entering = (
            *(
                "/usr/bin/unshare",
                f"--root={self.root}",
                f"--wd={self.configuration['WorkingDir']}",
            ),
            *(f"--setgid={group}", f"--setuid={user}"),
        )
        variables = (*self.configuration["Env"], *more)
        return subprocess.run(  # noqa: S603  # ours
            (*ISOLATED, "sh", "-c", ENTER, "sh", str(self.root), *variables, *entering, *words),
            input=stdin,
            capture_output=True,
            timeout=120,
            check=False,
        )
