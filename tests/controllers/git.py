"""The repository of a made-up homelab: its files, commits and branches, and a Helm chart."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import yaml

NAME = "home"
BOT = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", NAME), ("EMAIL", f"{NAME}@example.org"))
}
SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


class Repository:
    """A work tree, and the bare repository that it is pushed to."""

    def __init__(self, work: Path, bare: Path) -> None:
        self.work, self.bare = work, bare
        for path, options in ((bare, ("--bare",)), (work, ())):
            path.mkdir(parents=True)
            self._git(path, "init", "--quiet", "--initial-branch=main", *options)

    def commit(self, files: Mapping[str, str | None], message: str) -> str:
        """Write or remove (None) files of `main`, and push it. Returns the commit."""
        for name, text in files.items():
            path = self.work / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        self._git(self.work, "add", "--all")
        self._git(self.work, "commit", "--quiet", "--allow-empty", "--message", message)
        self._git(self.work, "push", "--quiet", str(self.bare), "HEAD:main")
        return self._git(self.work, "rev-parse", "HEAD")

    def branch(self, name: str) -> None:
        """A branch of the bare repository at `main`."""
        self._git(self.bare, "branch", name, "main")

    def without(self, branch: str) -> None:
        """Delete a branch of the bare repository."""
        self._git(self.bare, "branch", "--quiet", "-D", branch)

    @staticmethod
    def _git(at: Path, *words: str) -> str:
        command = (shutil.which("git") or "git", "-C", str(at), *words)
        ended = subprocess.run(  # noqa: S603  # ours
            command, env=os.environ | BOT | SETTINGS, capture_output=True, text=True, check=True
        )
        return ended.stdout.strip()


def helm_repository(folder: Path, url: str) -> None:
    """A Helm repository with version 1.0.0 of the one chart `fine`."""
    folder.mkdir(parents=True)
    chart = {"apiVersion": "v2", "name": "fine", "version": "1.0.0"}
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fine"}}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, document in (("Chart.yaml", chart), ("templates/fine.yaml", made)):
            data = yaml.safe_dump(document).encode()
            member = tarfile.TarInfo(f"fine/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    file = folder / "fine-1.0.0.tgz"
    file.write_bytes(packed.getvalue())
    digest = hashlib.sha256(packed.getvalue()).hexdigest()
    entry = {**chart, "digest": digest, "urls": [f"{url}/{file.name}"]}
    index = {"apiVersion": "v1", "entries": {"fine": [entry]}}
    (folder / "index.yaml").write_text(yaml.safe_dump(index))
