"""How much of a node's disk an image takes, by its parts."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

PARTS = {"venv": "packages", "app": "ours"}
BASE = "base"
BLOCK = 4096
MIB = 2**20


def sizes(root: Path) -> Counter[str]:
    """Bytes by part, in whole blocks. A file with several names counts once."""
    found: Counter[str] = Counter()
    seen = set()
    for folder, _, names in os.walk(root):
        parts = Path(folder).relative_to(root).parts
        part = PARTS.get(parts[0], BASE) if parts else BASE
        for name in names:
            status = (Path(folder) / name).lstat()
            if (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                found[part] += -(-status.st_size // BLOCK) * BLOCK
    return found


def largest(root: Path, count: int) -> str:
    """The packages that take most, with their MiB."""
    (site,) = root.glob("venv/lib/python3.*/site-packages")
    found = Counter({path.name: sum(sizes(path).values()) for path in site.iterdir()})
    return ", ".join(f"{name} {size / MIB:.0f}" for name, size in found.most_common(count))
