"""How an image's size is counted."""

from __future__ import annotations

import os
from pathlib import Path

from tests.image.size import BLOCK, largest, sizes


def test_files_count_by_part_in_blocks_and_a_second_name_costs_nothing(tmp_path: Path):
    """As on a node's disk, where a byte takes a block."""
    site = tmp_path / "venv/lib/python3.13/site-packages"
    for folder in (tmp_path / "usr", tmp_path / "app", site / "small", site / "big"):
        folder.mkdir(parents=True)
    (tmp_path / "usr/a").write_bytes(b"a")
    os.link(tmp_path / "usr/a", tmp_path / "usr/b")
    (tmp_path / "app/a.py").write_bytes(b"a" * (BLOCK + 1))
    (site / "small/a.py").write_bytes(b"a")
    (site / "big/a.py").write_bytes(b"a" * 2**20)
    found = sizes(tmp_path)
    assert found == {"base": BLOCK, "ours": 2 * BLOCK, "packages": 2**20 + BLOCK}
    assert largest(tmp_path, 1) == "big 1"
