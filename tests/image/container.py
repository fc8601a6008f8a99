"""Starts programs of an image as a kubelet would: its user, a read-only root, a small /tmp."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ISOLATED = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child")
"""No network but a loopback of its own: nothing can be reached by chance."""

ENTER = """
set -e
root=$1 user=$2
shift 2
ip link set lo up
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs -o size=16m,mode=1777 tmpfs "$root/tmp"
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" --groups="${user#*:}" "$root" /usr/bin/env -i "$@"
"""


@dataclass(frozen=True)
class Container:
    """An image's root file system, and what the image says of its process."""

    root: Path
    configuration: Mapping[str, Any]

    def start(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """The image's process; without arguments with the image's own."""
        words = arguments or self.configuration["Cmd"]
        return self.run(*self.configuration["Entrypoint"], *words, stdin=stdin)

    def run(self, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Any program of the image, by its user, with the image's variables and no others."""
        environment: Sequence[str] = self.configuration["Env"]
        entering = ("sh", "-c", ENTER, "sh", str(self.root), self.configuration["User"])
        folder = f"--chdir={self.configuration['WorkingDir']}"
        return subprocess.run(  # noqa: S603  # ours
            (*ISOLATED, *entering, folder, *environment, *words),
            input=stdin,
            capture_output=True,
            timeout=120,
            check=False,
        )
